"""Landed files against the schema contract, by their first rows: what the drift sensor says before a run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import AifirstError, InputError
from aifirst_dagster.inference.contract.changes import Change
from aifirst_dagster.orchestration import schema
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project
from aifirst_dagster.steps.connector_files import files_of

#: A text file's head that tells its schema; other formats are read whole, up to this size.
HEAD_BYTES, WHOLE_BYTES = 1 << 20, 200 << 20
_TEXT = (".csv", ".tsv", ".txt", ".dat", ".psv", ".jsonl", ".ndjson")


def changed(project: Project, pipeline: PipelineSpec, landed: Sequence[str]) -> dict[str, list[Change]]:
    """Connector under a contract -> how the landed files that it reads differ from it; no entry where they do not.

    A file that cannot be read is left to the run, which says why.
    """
    found: dict[str, list[Change]] = {}
    for step in schema.connectors_of(pipeline):
        contract = schema.contract_of(project, pipeline, step)
        readable = _read_by(project, pipeline, step)
        mine = [Path(path) for path in landed if path in readable]
        if contract is None or not mine:
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="aifirst-head-") as folder, connect() as con:
                heads = {str(_head(path, at, Path(folder))): str(path) for at, path in enumerate(mine)}
                table = schema.read(con, project, pipeline, step, [Path(head) for head in heads])
                examined = schema.compare(con, project, pipeline, step, contract, schema.modes_of(step), table)
        except (AifirstError, FileNotFoundError):
            continue
        told = [
            change.model_copy(update={"files": [heads.get(file, file) for file in change.files]})
            for change in examined.changes
            if change.kind not in ("order", "no_header", "cells") or change.breaking
        ]
        if told:
            found[step.key] = told
    return found


def reason(step: str, changes: Sequence[Change]) -> str:
    """Why a run is asked for, in words."""
    files = sorted({Path(file).name for change in changes for file in change.files})
    names = ", ".join(files[:3]) + (" ..." if len(files) > 3 else "")
    told = "; ".join(f"{repr(change.column) + ' ' if change.column else ''}{change.title}" for change in changes)
    return f"schema of {names} differs from the contract of {step}: {told}"


def _read_by(project: Project, pipeline: PipelineSpec, step: StepSpec) -> set[str]:
    """The files that a connector would read, as the landing sensor names them."""
    path = step.resolve().path  # type: ignore[attr-defined]
    if any("%" in one for one in ([path] if isinstance(path, str) else path or [])):
        return set()
    return {str(file) for file in files_of(project, pipeline.slug, path) if isinstance(file, Path)}


def _head(path: Path, number: int, folder: Path) -> Path:
    """The file itself where it is small, else a copy of its first whole lines."""
    size = path.stat().st_size
    if path.suffix.lower() not in _TEXT or size <= HEAD_BYTES:
        if size > WHOLE_BYTES and path.suffix.lower() != ".parquet":
            raise InputError("The file is too large to be looked at before a run.", file=str(path))
        return path
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    target = folder / f"{number}{path.suffix}"
    target.write_bytes(head[: head.rfind(b"\n") + 1] or head)
    return target
