"""Datasets as immutable Parquet versions behind a pointer that is switched atomically.

    <datasets>/<pipeline>/<step>/<partition>/current      names the version that readers begin with
    <datasets>/<pipeline>/<step>/<partition>/<version>/   data/*.parquet, quarantine.parquet, *.json, manifest.json

A version is written in place and published by replacing `current`: a reader keeps the version it began with, a killed
run leaves an unpublished folder that the next publication sweeps away, and undo is a switch back.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.errors import InputError, StorageError

UNPARTITIONED = "_all"
POINTER = "current"
#: In a version's folder: a person wants it kept, and says who, when and why.
PIN = "pinned.json"
DEFAULT_KEEP = 5
#: A version younger than this is never swept: somebody may just be reading it.
SAFE_AGE_SECONDS = 3600


@dataclass(frozen=True)
class Manifest:
    """What a version holds and how it came to be; stored as JSON beside the data.

    Attributes:
        rows_in: Rows consumed, as the step counted them.
        merged: Rows dropped as duplicates of a row that is kept (or left behind by a filter's condition).
        columns: `inference.schema.Column` objects as plain data.
        inputs: Input step -> the versions read.
        gate: Verdict that outputs must respect: {"status": "passed" | "warned" | "blocked", "reason", "by"}, or {}.
        details: Whatever else the step reports (repair actions, files, notes); small.
    """

    pipeline: str
    step: str
    partition: str | None
    version: str
    created: str
    run_id: str
    rows_in: int
    rows_out: int
    quarantined: int = 0
    failed: int = 0
    merged: int = 0
    row_contract: str = "free"
    columns: list[dict[str, Any]] = field(default_factory=list)
    content_hash: str = ""
    design_hash: str = ""
    code_version: str = ""
    inputs: dict[str, list[str]] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """One published version of one partition."""

    folder: Path
    manifest: Manifest

    @property
    def parts(self) -> list[Path]:
        """The Parquet files of the data, in order."""
        return sorted((self.folder / "data").glob("*.parquet"))

    @property
    def quarantine(self) -> Path:
        """The Parquet file of rows set aside; may be missing."""
        return self.folder / "quarantine.parquet"

    def read_json(self, name: str) -> Any:
        """A JSON file of the version (say "verdict.json"), or None where it is missing."""
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


@dataclass(frozen=True)
class Dataset:
    """A pinned reading of a step's dataset: one version, or one for each partition, scanned lazily."""

    step: str
    versions: tuple[Version, ...]

    @property
    def columns(self) -> list[dict[str, Any]]:
        """User columns in order, as plain data; of several versions, the union by name."""
        seen: dict[str, dict[str, Any]] = {}
        for version in self.versions:
            for column in version.manifest.columns:
                seen.setdefault(column["name"], column)
        return list(seen.values())

    @property
    def skipped(self) -> bool:
        """Whether no version holds data: each was a step with nothing to do."""
        return not any(version.parts for version in self.versions)

    @property
    def rows(self) -> int:
        """Rows of all versions, as their manifests say."""
        return sum(version.manifest.rows_out for version in self.versions)

    def scan(self) -> str:
        """A FROM-clause expression over the Parquet files, hidden columns included."""
        paths = [str(path) for version in self.versions for path in version.parts]
        return f"read_parquet([{', '.join(map(literal, paths))}], union_by_name = true)"

    def create_view(self, con: Any, name: str) -> str:
        """Create a view over `scan()` in a DuckDB session; returns its quoted name."""
        con.execute(f"CREATE OR REPLACE VIEW {ident(name)} AS SELECT * FROM {self.scan()}")
        return ident(name)


class VersionWriter:
    """A version being written: `data_path()` for parts, `quarantine`, `write_json`; nobody sees it until `publish`."""

    def __init__(self, store: DatasetStore, pipeline: str, step: str, partition: str | None) -> None:
        self.pipeline, self.step, self.partition = pipeline, step, partition
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        self.version = f"{stamp}-{secrets.token_hex(3)}"
        self._home = store.place(pipeline, step, partition)
        self.folder = self._home / self.version
        try:
            with _storage(self.folder):
                (self.folder / "data").mkdir(parents=True)
        except BaseException:  # Ctrl-C as well: nobody has this writer yet who could discard it
            self.discard()
            raise

    @property
    def quarantine(self) -> Path:
        """Where rows that are set aside go; see `datasets.quarantine`."""
        return self.folder / "quarantine.parquet"

    def data_path(self, part: str = "part-0") -> Path:
        """The path of a Parquet part to write."""
        return self.folder / "data" / f"{part}.parquet"

    def link(self, source: Path, part: str | None = None) -> Path:
        """Take over an unchanged Parquet file of another version without copying it where the disk allows."""
        target = self.data_path(part or source.stem)
        with _storage(target):
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)
        return target

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file beside the data."""
        with _storage(self.folder / name):
            _write_durably(self.folder / name, json.dumps(content, ensure_ascii=False, indent=1, default=str))

    def publish(self, manifest: Manifest, keep: int | None = None) -> Version:
        """Store the manifest, then make this version the current one; sweeps versions beyond `keep`."""
        with _storage(self.folder):
            _write_durably(
                self.folder / "manifest.json", json.dumps(manifest.__dict__, ensure_ascii=False, default=str)
            )
            _write_durably(self._home / POINTER, self.version)
        _sweep(self._home, keep or int(os.environ.get("AIFIRST_KEEP_VERSIONS", DEFAULT_KEEP)))
        return Version(self.folder, manifest)

    def discard(self) -> None:
        """Remove what was written; for a step that failed."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class DatasetStore:
    """All datasets under one folder."""

    root: Path

    def place(self, pipeline: str, step: str, partition: str | None = None) -> Path:
        """The folder of one partition's versions."""
        return self.root / pipeline / step / (UNPARTITIONED if partition is None else name_for(partition))

    def write(self, pipeline: str, step: str, partition: str | None = None) -> VersionWriter:
        """Begin a new version."""
        return VersionWriter(self, pipeline, step, partition)

    def current(self, pipeline: str, step: str, partition: str | None = None) -> Version | None:
        """The published version of one partition, or None."""
        version = self.current_name(pipeline, step, partition)
        return read_version(self.place(pipeline, step, partition) / version) if version else None

    def current_name(self, pipeline: str, step: str, partition: str | None = None) -> str | None:
        """The name of the published version, or None: all that one reads to see whether there is a new one."""
        try:
            return (self.place(pipeline, step, partition) / POINTER).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    def point(self, version: Version) -> None:
        """Make a version that is there already the current one: the way back."""
        made = version.manifest
        with _storage(version.folder):
            _write_durably(self.place(made.pipeline, made.step, made.partition) / POINTER, made.version)

    def partitions(self, pipeline: str, step: str) -> list[str]:
        """Keys of the partitions that hold a published version, sorted."""
        found = (pointer.parent.name for pointer in (self.root / pipeline / step).glob(f"*/{POINTER}"))
        return sorted(unquote(name) for name in found if name != UNPARTITIONED)

    def open(self, pipeline: str, step: str, partitions: list[str] | None = None) -> Dataset:
        """Pin the current version, or one for each of `partitions`.

        Raises:
            InputError: Nothing was published yet.
        """
        keys: list[str | None] = [None] if partitions is None else list(partitions)
        versions = [version for key in keys if (version := self.current(pipeline, step, key))]
        if not versions:
            raise InputError(
                f"The dataset {pipeline}/{step} has no data yet.",
                hint="Materialise that step first, or run the pipeline.",
            )
        return Dataset(step, tuple(versions))


def name_for(partition: str) -> str:
    """A partition's key as the name of a file or folder: readable, reversible by `unquote`, never a path of its own."""
    name = "".join(char if char.isalnum() or char in " ,=+@-_.~" else quote(char, safe="") for char in partition)
    return f"%{ord(name[0]):02X}{name[1:]}" if name.startswith(".") or name == UNPARTITIONED else name


def read_version(folder: Path) -> Version:
    """The version in `folder`.

    Raises:
        StorageError: Its manifest is missing or damaged.
    """
    try:
        return Version(folder, Manifest(**json.loads((folder / "manifest.json").read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"The dataset version {folder.name} is damaged: {error}.",
            hint="Materialise the step again; the version is replaced.",
            file=str(folder),
        ) from error


def _write_durably(path: Path, text: str) -> None:
    """Replace a small file as a whole, and see it on the disk first."""
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(3)}")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def _sweep(home: Path, keep: int) -> None:
    """Remove versions beyond the newest `keep`, and unpublished leftovers; never a young one."""
    now = time.time()
    versions = sorted((path for path in home.iterdir() if path.is_dir()), reverse=True)
    current = (home / POINTER).read_text(encoding="ascii").strip()
    published = [path for path in versions if (path / "manifest.json").is_file()]
    for path in versions:
        if path.name == current or path in published[:keep] or is_pinned(path):
            continue
        if now - touched(path) > SAFE_AGE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def is_pinned(folder: Path) -> bool:
    """Whether a person wants a version kept."""
    return (folder / PIN).is_file()


def touched(folder: Path) -> float:
    """When a version was last written to: a slow step's files grow while its folder looks old."""
    times = [folder.stat().st_mtime]
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            times.append(path.stat().st_mtime)
    return max(times)


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """Word what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Cannot write: {error.strerror or error}.",
            hint="Free some space or make the folder writable (AIFIRST_HOME sets where datasets lie), then run again.",
            file=str(path),
        ) from error
