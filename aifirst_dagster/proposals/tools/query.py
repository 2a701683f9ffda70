"""`query`: one SELECT over the step's input, in the sandbox, on rows in which people are masked."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.datasets.sandbox import SandboxError, run_select
from aifirst_dagster.datasets.select_only import RefusedQueryError
from aifirst_dagster.datasets.session import connect, literal
from aifirst_dagster.llm.tools import Tool, ToolError
from aifirst_dagster.llm.types import ToolSpec
from aifirst_dagster.proposals.masking import told as worded
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.tools import table
from aifirst_dagster.proposals.tools.snapshot import SECONDS, Snapshot

SHOWN = 50


class Arguments(BaseModel):
    """What to ask."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(description="One SELECT in DuckDB's dialect over the table `input`.", max_length=20_000)


def tool(snapshot: Snapshot) -> Tool:
    """The tool over a snapshot."""

    def run(arguments: Arguments) -> str:
        with tempfile.TemporaryDirectory(prefix="aifirst-query-") as folder:
            out = Path(folder, "result.parquet")
            try:
                limits = {"memory_mb": 512, "timeout_s": SECONDS, "disk_mb": 512}
                total = run_select(arguments.sql, {"input": snapshot.shown}, out, **limits)  # type: ignore[arg-type]
            except RefusedQueryError as error:
                raise ToolError(f"{error.message} {error.hint}".strip()) from None
            except SandboxError as error:
                # What stands in quotes may come from a cell, and a column's name may say anything.
                words = worded(error.message, said=snapshot.material.names)
                raise ToolError(fence("error", words[:1_000])) from None
            with connect() as con:
                found = con.execute(f"SELECT * FROM read_parquet({literal(out)}) LIMIT {SHOWN}")
                names = [column[0] for column in found.description or []]
                return table.told(names, found.fetchall(), total, _note(snapshot))

    return Tool(
        ToolSpec(
            name="query",
            description=(
                "Run one SELECT (DuckDB) over the table `input` and see its first rows. Read-only; columns that could "
                "identify people hold shapes only (x and X for letters, 9 for digits): count in them with "
                "column_profile, test_rule or test_pattern, which work on the values themselves."
            ),
            arguments=Arguments,
        ),
        run,
    )


def _note(snapshot: Snapshot) -> str:
    return "Shapes only: " + fence("masked_columns", snapshot.masked[:100]) if snapshot.masked else ""
