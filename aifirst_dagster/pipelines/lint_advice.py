"""What looks unintended in a valid pipeline: warnings, never errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from aifirst_dagster.errors import AifirstError, ConfigError
from aifirst_dagster.pipelines.env import is_reference, references
from aifirst_dagster.pipelines.graph import Issue
from aifirst_dagster.pipelines.lint_references import DATED
from aifirst_dagster.pipelines.load import Loaded
from aifirst_dagster.pipelines.spec import PipelineSpec, WindowPartitions
from aifirst_dagster.project import Project

Path = tuple["str | int", ...]

_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
_SECRET_NAME = re.compile(r"(^|_)(pass(word|wd|phrase)?|secret|token|api_?key|credentials?)$", re.IGNORECASE)


def loose_ends(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """A result that nothing reads and nothing writes out."""
    read = {key for step in item.spec.steps for key in step.inputs}
    ends = [(index, step) for index, step in enumerate(item.spec.steps) if step.key not in read]
    outputs = [step for step in item.spec.steps if step.type == "output"]
    if not outputs:
        hint = "Its datasets can be read in Dagster; add a step of type output to write one elsewhere."
        yield Issue(("steps",), "no step writes the result out", hint, on_key=True)
        ends = ends[:-1]
    for index, step in ends:
        if step.type != "output":
            yield Issue(
                ("steps", index), f"nothing reads the result of {step.name!r}", "Name it in `needs`, or remove it."
            )


def unchecked(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Rows that reach an output with no quality check on their way."""
    for index, step in enumerate(item.spec.steps):
        if step.type == "output" and not any(s.type == "llm_validation" for s in _upstream(item.spec, step.key)):
            hint = "Put a step of type llm_validation before it, so that bad rows are set aside."
            yield Issue(("steps", index), f"{step.name!r} writes rows that no step has checked", hint)


def thresholds(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """A threshold that anything passes."""
    for index, step in enumerate(item.spec.steps):
        threshold = step.config.get("threshold")
        if step.type == "llm_validation" and threshold == 0 and not isinstance(threshold, bool):
            hint = "0.95 is the default; `on_fail: warn` lets data pass and still tells."
            yield Issue(("steps", index, "config", "threshold"), "a threshold of 0 never fails", hint)


def variables(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Variables that a run will need and that are not set here."""
    for index, step in enumerate(item.spec.steps):
        for ref in references(step.config):
            if not ref.has_default and not environ.get(ref.name):
                where = ("steps", index, "config", *ref.path)
                yield Issue(where, f"the environment variable {ref.name} is not set here", "A run needs it.")


def secrets(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Passwords and keys that are written into the file."""
    for path, value in _texts(item.document.value, ()):
        named = isinstance(path[-1], str) and _SECRET_NAME.search(path[-1])
        if _PASSWORD_IN_URL.search(value) or (named and value):
            hint = "Keep it out of the file: {env: NAME}. What was committed once should be changed."
            yield Issue(path, f"`{path[-1]}` seems to hold a secret", hint)


def inputs(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Files that are not there (yet)."""
    from aifirst_dagster.connectors.files import expand
    from aifirst_dagster.connectors.places.address import is_remote

    for index, step in enumerate(item.spec.steps):
        if step.type != "connector":
            continue
        paths = step.config.get("path")
        if step.config.get("type") == "postgres":
            continue
        if paths is None:
            landing = project.landing(item.spec.slug)
            if not landing.is_dir():
                hint = f"Make the folder and put files there, or give {step.name!r} a `path`."
                yield Issue(("steps", index), f"the landing folder {landing} does not exist yet", hint)
        for number, one in enumerate(paths if isinstance(paths, list) else [paths]):
            if (
                isinstance(one, str)
                and not is_remote(one)
                and not DATED.search(one)
                and not _found(expand, one, project)
            ):
                at: Path = (
                    ("steps", index, "config", "path", number)
                    if isinstance(paths, list)
                    else ("steps", index, "config", "path")
                )
                yield Issue(at, f"there is no file {one!r} yet", f"Looked from {project.root}.")


def models(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Models that have no price, or that another model serves today."""
    from aifirst_dagster.llm.catalogue import resolve

    for index, step in enumerate(item.spec.steps):
        name = step.config.get("model")
        if not isinstance(name, str):
            continue
        where = ("steps", index, "config", "model")
        try:
            _, notice = resolve(name, project)
        except ConfigError as error:
            yield Issue(where, error.message.rstrip("."), error.hint)
            continue
        if notice:
            yield Issue(where, notice.rstrip("."), "Name it, if you want it to stay the same.")


def money(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """A budget that forbids what the pipeline asks for."""
    if item.spec.budget == 0 and item.spec.llm not in (None, "offline"):
        hint = "Remove `llm`, or give a budget; the deterministic engine serves until then."
        yield Issue(("budget",), f"a budget of 0 keeps {item.spec.llm!r} from ever being asked", hint)


def future(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Partitions that begin later than today."""
    chosen = item.spec.partitions
    if isinstance(chosen, WindowPartitions) and chosen.start > datetime.now(UTC).date():
        yield Issue(("partitions", "start"), f"there are no partitions before {chosen.start}", "Is the year right?")


def targets(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Two outputs that write over each other."""
    first: dict[tuple[str, ...], str] = {}
    for index, step in enumerate(item.spec.steps):
        config = step.config
        place = config.get("path") or config.get("url")
        if step.type != "output" or not place:
            continue
        where = (str(place), str(config.get("table") or ""))
        other = first.setdefault(where, step.name)
        if other != step.name and config.get("mode", "replace") == "replace":
            hint = "Give one of them another `path` or `table`."
            yield Issue(("steps", index, "config"), f"{step.name!r} writes over what {other!r} wrote", hint)


CHECKS = (loose_ends, unchecked, thresholds, variables, secrets, inputs, models, money, future, targets)


def _upstream(spec: PipelineSpec, key: str) -> list[Any]:
    """All steps whose results a step's rows went through."""
    found, waiting = [], list(spec.step(key).inputs)
    while waiting:
        step = spec.step(waiting.pop())
        if step not in found:
            found.append(step)
            waiting += step.inputs
    return found


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text of a document with its path; references hold names, not secrets, but for their defaults."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not (is_reference(value) and key == "env"):
                yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, str) and path:
        yield path, value


def _found(expand: Any, path: str, project: Project) -> bool:
    """Whether a connector would find anything."""
    try:
        return bool(expand(path, project.root))
    except (OSError, AifirstError, ValueError):
        return False
