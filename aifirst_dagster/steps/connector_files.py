"""Which files a connector reads: listed, compared with what the version before holds, cut to a partition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aifirst_dagster.connectors.files import File, content_hash, expand
from aifirst_dagster.connectors.places.address import is_remote, shown
from aifirst_dagster.datasets import parquet
from aifirst_dagster.datasets.session import SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.project import Project
from aifirst_dagster.steps.run import Partition, StepRun

_STRFTIME = re.compile(r"%[YmdHjVUWyb]")


@dataclass(frozen=True)
class Due:
    """What a run has to read.

    Attributes:
        read: Files to read.
        ledger: Path -> {"hash", "part"} of all files that the new version holds.
        part: Name of the Parquet part for the files that are read.
        kept_rows: Rows taken over from the version before.
        kept_aside: How many quarantined lines are taken over from there.
        aside_query: SQL that gives them; "" for none.
    """

    read: list[File]
    ledger: dict[str, dict[str, str]]
    part: str
    kept_rows: int
    kept_aside: int = 0
    aside_query: str = ""


def paths_of(project: Project, pipeline: str, path: str | Sequence[str] | None) -> list[str]:
    """Where a connector looks: its own paths, or the landing folder of its pipeline (which is made)."""
    if path is None:
        landing = project.landing(pipeline)
        landing.mkdir(parents=True, exist_ok=True)
        return [str(landing)]
    return [path] if isinstance(path, str) else list(path)


def files_of(project: Project, pipeline: str, path: str | Sequence[str] | None) -> list[File]:
    """The files that a connector finds now, each once, in order."""
    found = [file for one in paths_of(project, pipeline, path) for file in expand(one, project.root)]
    return list(dict.fromkeys(found))


def listed(step: StepRun, path: str | Sequence[str] | None) -> tuple[list[File], str]:
    """The files of this run's partition, and the places looked at, for people."""
    if step.override is not None:
        return expand(step.override, Path.cwd()), str(step.override)
    cut = step.partition
    if cut and cut.file:
        return expand(cut.file, step.project.root), cut.file
    named = paths_of(step.project, step.pipeline, path)
    if cut and cut.start:
        named = _of_window(named, cut)
    found = [file for one in named for file in expand(one, step.project.root)]
    return list(dict.fromkeys(found)), ", ".join(_place(step.project, one) for one in named)


def _place(project: Project, named: str) -> str:
    """A path as people find it; an address without its secrets."""
    return shown(named) if is_remote(named) else str(project.resolve(named))


def _of_window(named: list[str], cut: Partition) -> list[str]:
    """Paths with the window's start filled in."""
    assert cut.start is not None
    if not cut.column and not any(_STRFTIME.search(one) for one in named):
        raise ConfigError(
            "Nothing says which rows belong to a time partition.",
            hint="Write %Y-%m-%d (or the like) into the connector's path, or name a `column` under `partitions`.",
        )
    return [cut.start.strftime(one) if _STRFTIME.search(one) else one for one in named]


def window(step: StepRun, columns: list[Column]) -> str:
    """SQL condition of the partition's time window on its column; "" where rows are not chosen by value.

    Raises:
        ConfigError: The column is not there, or holds no dates.
    """
    cut = step.partition
    if not cut or not cut.column or cut.start is None or cut.end is None:
        return ""
    chosen = next((column for column in columns if cut.column in (column.name, column.source_name)), None)
    if chosen is None or chosen.physical_type == "VARCHAR":
        said = "is no column" if chosen is None else "holds no plain dates"
        known = ", ".join(column.name for column in columns)
        raise ConfigError(f"`partitions.column` {cut.column!r} {said}.", hint=f"Columns: {known}.")
    start, end = (moment.replace(tzinfo=None).isoformat(sep=" ") for moment in (cut.start, cut.end))
    column = f"{ident(chosen.name)}::TIMESTAMP"
    return f"{column} >= TIMESTAMP {literal(start)} AND {column} < TIMESTAMP {literal(end)}"


def outside_note(step: StepRun, outside: int) -> str:
    """What to tell of rows that were read and are not in this partition."""
    column = step.partition.column if step.partition else None
    return f"{outside} rows of the files are outside this partition, or have no {column}"


def due(step: StepRun, found: list[File], incremental: bool, again: Sequence[str] = ()) -> Due:
    """What to read: everything, or what is new or changed since the version before, whose other rows are linked.

    A file that is gone keeps its rows: landing folders get cleaned.

    Args:
        again: Files to read once more though they are the same.
    """
    hashes = {str(path): content_hash(path) for path in found if str(path) != "-"}
    part = f"part-{step.writer.version}" if incremental else "part-0"
    fresh = {path: {"hash": digest, "part": part} for path, digest in hashes.items()}
    held = (step.previous.manifest.details.get("files") or {}) if step.previous else {}
    if not incremental or not held or step.previous is None:
        return Due(found, fresh, part, 0)
    changed = [path for path, digest in hashes.items() if held.get(path, {}).get("hash") != digest or path in again]
    kept = {path: entry for path, entry in held.items() if path not in changed}
    replaced = {held[path]["part"] for path in changed if path in held}
    rows, gone = 0, _sources_of(step, changed, set(held))
    for old in step.previous.parts:
        if old.stem in replaced:
            query = f"SELECT * FROM read_parquet({literal(old)}) WHERE {ident(SOURCE)} NOT IN ({gone})"
            rows += parquet.write(step.con, query, step.writer.data_path(old.stem))
        else:
            rows += parquet.count(step.con, step.writer.link(old))
    ledger = {**kept, **{path: fresh[path] for path in changed}}
    read = [path for path in found if str(path) in set(changed)]
    return Due(read, ledger, part, rows, *_aside(step, step.previous.quarantine, gone))


def _sources_of(step: StepRun, changed: list[str], held: set[str]) -> str:
    """What the version before calls the rows of changed files, as a list in SQL: an archive's files have names of
    their own, `archive.zip#inner.csv`."""
    assert step.previous is not None
    parts = [*step.previous.parts, *([step.previous.quarantine] if step.previous.quarantine.is_file() else [])]
    listed = ", ".join(literal(part) for part in parts)
    query = (
        f"SELECT DISTINCT {SOURCE} FROM read_parquet([{listed}], union_by_name = true) WHERE contains({SOURCE}, '#')"
    )
    inner = [str(name) for (name,) in step.con.execute(query).fetchall()] if parts else []
    holders = tuple(f"{path}#" for path in changed)
    return ", ".join(
        map(literal, [*changed, *(name for name in inner if name.startswith(holders) and name not in held)])
    )


def _aside(step: StepRun, file: Path, gone: str) -> tuple[int, str]:
    """Number and SQL of the quarantined lines that a version lends; `gone`: sources that are read again."""
    if not file.is_file():
        return 0, ""
    query = f"SELECT * FROM read_parquet({literal(file)})" + (f" WHERE {SOURCE} NOT IN ({gone})" if gone else "")
    found = step.con.execute(f"SELECT count(*) FROM ({query})").fetchall()
    return int(found[0][0]), query
