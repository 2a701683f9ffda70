"""What happened on the way to a version: the steps above it, what they repaired, and what they set aside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import LINE, SOURCE, literal
from aifirst_dagster.datasets.store import DatasetStore, Version, read_version
from aifirst_dagster.errors import StorageError
from aifirst_dagster.quality.report.content import Aside, Repair

if TYPE_CHECKING:
    import duckdb

#: Versions that are looked at above one; a fan-in of partitions has very many.
MOST = 60
#: Quarantined rows that are shown, and values of a row.
ROWS, VALUES = 8, 6


def path_to(store: DatasetStore, version: Version) -> list[Version]:
    """The versions that went into this one, sources first, itself last; those already swept are left out."""
    found: dict[str, Version] = {}
    for one in _above(store, version):
        found.setdefault(f"{one.manifest.step}/{one.manifest.version}", one)
        if len(found) == MOST:
            break
    return sorted(found.values(), key=lambda one: one.manifest.version)


def _above(store: DatasetStore, version: Version) -> Iterator[Version]:
    yield version
    for step, names in version.manifest.inputs.items():
        for name in names:
            for folder in (store.root / version.manifest.pipeline / step).glob(f"*/{name}"):
                try:
                    yield from _above(store, read_version(folder))
                except StorageError:
                    continue


def repairs(versions: list[Version]) -> list[Repair]:
    """What steps repaired, most cells first; new names of columns are no repair of data."""
    found = [
        Repair(
            step=version.manifest.step,
            column=str(action.get("column") or "(row)"),
            action=str(action["action"]),
            rows=int(action.get("rows_changed", action.get("rows_affected", 0)) or 0),
            reason=str(action.get("reason") or ""),
            examples=[list(pair) for pair in action.get("examples", [])[:3]],
        )
        for version in versions
        for action in version.manifest.details.get("actions") or []
        if action["action"] != "rename_column"
    ]
    return sorted((one for one in found if one.rows or one.examples), key=lambda one: -one.rows)


def aside(con: duckdb.DuckDBPyConnection, versions: list[Version]) -> Aside:
    """The rows in quarantine of all these versions, by reason, and some of them."""
    files: dict[str, list[Path]] = {}
    for version in versions:
        if version.quarantine.is_file():
            files.setdefault(version.manifest.step, []).append(version.quarantine)
    reasons: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for step, paths in files.items():
        query = f"FROM read_parquet([{', '.join(map(literal, paths))}])"
        counted = con.execute(
            f"SELECT reason, count(*) AS n {query} GROUP BY reason ORDER BY n DESC, reason LIMIT 12"
        ).fetchall()
        reasons += [{"step": step, "reason": str(reason), "rows": count} for reason, count in counted]
        shown = con.execute(
            f'SELECT {SOURCE}, {LINE}, reason, "values" {query} '
            f"QUALIFY row_number() OVER (PARTITION BY reason ORDER BY {SOURCE}, {LINE}, id) <= 2 "
            f"ORDER BY reason LIMIT {ROWS}"
        ).fetchall()
        rows += [_row(step, *row) for row in shown]
    total = sum(version.manifest.quarantined for version in versions)
    reasons.sort(key=lambda one: -one["rows"])
    return Aside(total, reasons[:20], rows[: 2 * ROWS])


def _row(step: str, source: str | None, line: int | None, reason: str, values: str) -> dict[str, Any]:
    name = Path(source or "").name
    said = json.loads(values or "{}")
    filled = {key: value for key, value in said.items() if value not in (None, "")}
    # What the reason names is what the reader wants to see.
    order = sorted(filled, key=lambda key: key not in reason)
    return {
        "step": step,
        "where": f"{name}:{line}" if name and line is not None else name,
        "reason": reason,
        "values": [(key, str(filled[key])) for key in order[:VALUES]],
    }


def lineage(versions: list[Version]) -> list[dict[str, Any]]:
    """A line for each step on the way."""
    lines: dict[str, dict[str, Any]] = {}
    for version in versions:
        made = version.manifest
        line = lines.setdefault(
            made.step,
            {"step": made.step, "rows_in": 0, "rows_out": 0, "quarantined": 0, "merged": 0, "seconds": 0.0,
             "cost_usd": 0.0, "versions": 0},
        )  # fmt: skip
        line["versions"] += 1
        for name in ("rows_in", "rows_out", "quarantined", "merged"):
            line[name] += getattr(made, name)
        line["seconds"] += made.details.get("seconds") or 0.0
        line["cost_usd"] += (made.details.get("llm") or {}).get("cost_usd") or 0.0
    return list(lines.values())


def sources(versions: list[Version]) -> list[tuple[str, str]]:
    """The files that were read: name and content hash."""
    files: dict[str, str] = {}
    for version in versions:
        for path, known in (version.manifest.details.get("files") or {}).items():
            files[Path(path).name] = str((known or {}).get("hash") or "") if isinstance(known, dict) else ""
    return list(files.items())
