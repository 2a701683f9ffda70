"""`sample_rows`: some rows, people masked."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.llm.tools import Tool
from aifirst_dagster.llm.types import ToolSpec
from aifirst_dagster.proposals.tools import table
from aifirst_dagster.proposals.tools.snapshot import Snapshot


class Arguments(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid")

    rows: int = Field(description="How many, 1 to 30.", ge=1, le=30)
    seed: int = Field(description="Another number gives other rows; the same number the same ones.", ge=0, le=10**6)
    columns: list[str] = Field(description="Columns to show; none: all of them.")


def tool(snapshot: Snapshot) -> Tool:
    """The tool over a snapshot."""

    def run(arguments: Arguments) -> str:
        names = [snapshot.column(name) for name in arguments.columns] or snapshot.material.names
        wanted = ", ".join(map(ident, names)) or "NULL"
        with snapshot.session(snapshot.shown) as con:
            (total,) = con.execute("SELECT count(*) FROM input").fetchall()[0]
            numbered = "(SELECT *, row_number() OVER () AS __row FROM input)"
            order = f"hash(__row + {arguments.seed})"
            found = con.execute(f"SELECT {wanted} FROM {numbered} ORDER BY {order} LIMIT {arguments.rows}").fetchall()
        return table.told(names, found, total)

    return Tool(
        ToolSpec(
            name="sample_rows",
            description="See whole rows, chosen at random. Values that could identify people are masked.",
            arguments=Arguments,
        ),
        run,
    )
