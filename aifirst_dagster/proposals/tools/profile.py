"""`column_profile`: how full, varied and long a column is on all rows, and its most frequent values, masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.llm.tools import Tool
from aifirst_dagster.llm.types import ToolSpec
from aifirst_dagster.proposals.masking import mask
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.tools.snapshot import Snapshot

if TYPE_CHECKING:
    import duckdb

TOP, LENGTH = 30, 120
_ORDERED = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "DATE", "TIME")


class Arguments(BaseModel):
    """Which column."""

    model_config = ConfigDict(extra="forbid")

    column: str = Field(description="Its name exactly as given.")


def tool(snapshot: Snapshot) -> Tool:
    """The tool over a snapshot."""

    def run(arguments: Arguments) -> str:
        name = snapshot.column(arguments.column)
        with snapshot.session(snapshot.exact) as con:
            found = _counts(con, name)
            if snapshot.material.samples:
                found |= _values(con, name, snapshot.is_person(name), str(found["type"]))
        return fence("profile", found)

    more = ", its most frequent values (masked where they could identify people), range."
    return Tool(
        ToolSpec(
            name="column_profile",
            description=(
                "Measure one column on all rows: type, empty cells, distinct values, lengths"
                + (more if snapshot.material.samples else ". No value is shown.")
            ),
            arguments=Arguments,
        ),
        run,
    )


def _counts(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    cell, text = ident(name), f"{ident(name)}::VARCHAR"
    ((_, type_, *_),) = con.execute(f"DESCRIBE SELECT {cell} FROM input").fetchall()
    rows, nulls, blank, distinct, shortest, middle, longest = con.execute(
        f"SELECT count(*), count(*) - count({cell}), count(*) FILTER (trim({text}) = ''), count(DISTINCT {cell}), "
        f"min(length({text})), quantile_disc(length({text}), 0.5), max(length({text})) FROM input"
    ).fetchall()[0]
    return {
        "column": name,
        "type": type_,
        "rows": rows,
        "null": nulls,
        "blank": blank,
        "distinct": distinct,
        "lengths": {"shortest": shortest, "middle": middle, "longest": longest},
    }


def _values(con: duckdb.DuckDBPyConnection, name: str, person: bool, type_: str) -> dict[str, Any]:
    """What may be seen of the values: the most frequent ones, and the range of numbers and dates."""
    cell = ident(name)
    counted = con.execute(
        f"SELECT left({cell}::VARCHAR, {LENGTH}) v, count(*) n FROM input WHERE {cell} IS NOT NULL GROUP BY v "
        f"ORDER BY n DESC, hash(v) LIMIT {TOP}"
    ).fetchall()
    frequent: dict[str, int] = {}
    for value, count in counted:
        masked = mask(value, person)
        frequent[masked] = frequent.get(masked, 0) + count
    found: dict[str, Any] = {"frequent": frequent}
    if any(kind in type_.upper() for kind in _ORDERED):
        asked = ", ".join(f"quantile_disc({cell}, {share})::VARCHAR" for share in (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1))
        names = ("min", "p1", "p25", "median", "p75", "p99", "max")
        values = con.execute(f"SELECT {asked} FROM input").fetchall()[0]
        found["range"] = {label: mask(value) for label, value in zip(names, values, strict=True) if value is not None}
    return found
