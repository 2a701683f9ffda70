"""Read pipeline files: one into a `PipelineSpec`, or a folder, where a broken one leaves the others standing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.pipelines.check import check
from aifirst_dagster.pipelines.document import Document, parse
from aifirst_dagster.pipelines.problems import PipelineErrors, Place, Problem
from aifirst_dagster.pipelines.slugs import slug
from aifirst_dagster.pipelines.spec import PipelineSpec

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Loaded:
    """A file that holds a valid pipeline."""

    path: Path
    spec: PipelineSpec
    document: Document = field(repr=False, compare=False)

    @property
    def slug(self) -> str:
        """The pipeline's slug."""
        return self.spec.slug


@dataclass(frozen=True)
class Broken:
    """A file that does not; `name` is the pipeline's own where it can be read, else the file's."""

    path: Path
    name: str
    problems: tuple[Problem, ...]

    @property
    def slug(self) -> str:
        """A name for the placeholder of this file in asset groups and folders."""
        return slug(self.name)

    @property
    def error(self) -> PipelineErrors:
        """The problems as an error to raise."""
        return PipelineErrors(self.problems)


def load(path: str | Path, environ: Mapping[str, str] | None = None) -> PipelineSpec:
    """The pipeline of a file.

    Args:
        path: The YAML file; problems and positions name it as given.
        environ: Where settings of the form `{env: NAME}` come from; default: the process's environment.

    Raises:
        PipelineErrors: With everything that is wrong in the file.
    """
    found = load_file(path, environ)
    if isinstance(found, Broken):
        raise found.error
    return found.spec


def load_file(path: str | Path, environ: Mapping[str, str] | None = None) -> Loaded | Broken:
    """As `load`, without raising."""
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        place = Place(str(path), before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
        said = f"the file is not UTF-8: byte 0x{error.object[error.start]:02x}"
        return Broken(path, path.stem, (Problem(place.file, place.line, place.column, said, "Save it as UTF-8."),))
    except OSError as error:
        said, hint = _unreadable(path, error)
        return Broken(path, path.stem, (Problem(str(path), 1, 1, said, hint),))
    return load_text(text, path, environ)


def load_text(text: str, path: str | Path, environ: Mapping[str, str] | None = None) -> Loaded | Broken:
    """The pipeline of a text that stands, or is about to stand, in the file `path`."""
    path = Path(path)
    document = parse(text.removeprefix("\ufeff"), str(path))
    spec = check(document, environ)
    if spec is None:
        named = document.value.get("name") if isinstance(document.value, dict) else None
        name = named if isinstance(named, str) and named.strip() else path.stem
        return Broken(path, name, PipelineErrors(document.problems).problems)
    return Loaded(path, spec, document)


def pipeline_files(folder: str | Path) -> list[Path]:
    """The pipeline files of a folder, by name; hidden files and sub-folders do not count."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and not p.name.startswith(".") and p.is_file())


def load_folder(folder: str | Path, environ: Mapping[str, str] | None = None) -> list[Loaded | Broken]:
    """Every pipeline of a folder, by file name. Never raises; a missing folder holds none.

    Of two files whose pipelines have the same slug the first stands, the second is broken.
    """
    try:
        files = pipeline_files(folder)
    except OSError as error:
        said, hint = _unreadable(Path(folder), error)
        return [Broken(Path(folder), Path(folder).name, (Problem(str(folder), 1, 1, said, hint),))]
    return distinct([load_file(path, environ) for path in files])


def distinct(found: list[Loaded | Broken]) -> list[Loaded | Broken]:
    """Files whose pipeline has the slug of an earlier one's become broken: their assets would be the same."""
    first: dict[str, Loaded] = {}
    result: list[Loaded | Broken] = []
    for item in found:
        if isinstance(item, Loaded) and (other := first.setdefault(item.slug, item)) is not item:
            said = f"the pipeline {item.spec.name!r} has the same name as the one in {other.path}"
            problem = item.document.problem(("name",), said, "Give one of them another name.")
            result.append(Broken(item.path, item.path.stem, (problem,)))
        else:
            result.append(item)
    return result


def find(name: str | Path, folder: str | Path) -> Path:
    """The file of a pipeline, from what a user types: a path, a file's stem, a pipeline's name or slug.

    Raises:
        ConfigError: There is none; the hint lists what there is.
    """
    path = Path(name)
    if path.is_file() or path.suffix in SUFFIXES:
        return path
    files = pipeline_files(folder)
    for candidate in files:
        if candidate.stem == str(name):
            return candidate
    loaded = [item for item in load_folder(folder) if isinstance(item, Loaded)]
    for item in loaded:
        if str(name) in (item.spec.name, item.slug):
            return item.path
    from difflib import get_close_matches

    near = get_close_matches(str(name), [file.stem for file in files] + [item.slug for item in loaded], n=1)
    there = ", ".join(file.stem for file in files) or "none"
    hint = f"Did you mean {near[0]!r}?" if near else f"Pipelines of {folder}: {there}."
    raise ConfigError(f"there is no pipeline {str(name)!r}", hint=hint)


def _unreadable(path: Path, error: OSError) -> tuple[str, str]:
    """Why a file cannot be read, and what to do."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file", "Check the path."
    if isinstance(error, IsADirectoryError):
        return "this is a folder, not a pipeline file", "Name a file in it."
    if isinstance(error, PermissionError):
        return "the file may not be read", f"Allow it: chmod u+r {path}"
    return f"the file cannot be read: {error.strerror or error}", "Check the disk."
