"""`test_pattern`: how many values of a column match a regular expression, with masked examples of both kinds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.llm.tools import Tool, ToolError
from aifirst_dagster.llm.types import ToolSpec
from aifirst_dagster.proposals.masking import mask
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.tools.snapshot import Snapshot

EXAMPLES = 10


class Arguments(BaseModel):
    """Which pattern on which column."""

    model_config = ConfigDict(extra="forbid")

    column: str = Field(description="Its name exactly as given.")
    pattern: str = Field(description="RE2: no look-around, no back-references.", max_length=1_000)
    whole: bool = Field(description="Whether the whole value must match, or any part of it.")


def tool(snapshot: Snapshot) -> Tool:
    """The tool over a snapshot."""

    def run(arguments: Arguments) -> str:
        import duckdb

        name = snapshot.column(arguments.column)
        function = "regexp_full_match" if arguments.whole else "regexp_matches"
        text = f"{ident(name)}::VARCHAR"
        matches = f"{function}({text}, {literal(arguments.pattern)})"
        try:
            with snapshot.session(snapshot.exact) as con:
                values, matching, distinct = con.execute(
                    f"SELECT count({text}), count(*) FILTER ({matches}), count(DISTINCT {text}) FILTER ({matches}) "
                    "FROM input"
                ).fetchall()[0]
                found: dict[str, Any] = {"values": values, "matching": matching, "distinct_matching": distinct}
                if snapshot.material.samples:
                    person = snapshot.is_person(name)
                    for label, test in (("examples_matching", matches), ("examples_not_matching", f"NOT {matches}")):
                        rows = con.execute(
                            f"SELECT DISTINCT left({text}, 120) FROM input WHERE {test} LIMIT {EXAMPLES}"
                        )
                        found[label] = list(dict.fromkeys(mask(value, person) for (value,) in rows.fetchall()))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            # The pattern is at fault: the values are text already.
            raise ToolError(fence("error", str(error).splitlines()[0][:500])) from None
        return fence("result", found)

    return Tool(
        ToolSpec(
            name="test_pattern",
            description="Count the values of a column that match a regular expression (RE2), on the real values.",
            arguments=Arguments,
        ),
        run,
    )
