"""`test_rule`: does an expectation hold on the rows? Counts from the quality engine, examples masked."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aifirst_dagster.llm.tools import Tool, ToolError
from aifirst_dagster.llm.types import ToolSpec
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.masking import told as worded
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.tools.snapshot import Snapshot
from aifirst_dagster.quality.rules import Rule

EXAMPLES = 10


class Arguments(BaseModel):
    """The expectation, as Great Expectations spells it."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="The expectation's name, `expect_...`.")
    kwargs: str = Field(description="Its arguments: a JSON object as text.")


def tool(snapshot: Snapshot) -> Tool:
    """The tool over a snapshot."""

    def run(arguments: Arguments) -> str:
        from aifirst_dagster.quality.engines.duckdb import evaluate

        rule = _rule(arguments)
        samples = snapshot.material.samples
        with snapshot.session(snapshot.exact) as con:
            (result,) = evaluate(con, "input", [rule], examples=EXAMPLES if samples else 1)
        if result.error:
            raise ToolError(fence("error", worded(result.error, samples, snapshot.material.names)[:1_000]))
        found: dict[str, Any] = {
            "holds": result.success,
            "values_judged": result.evaluated,
            "values_that_break_it": result.unexpected_count,
            "percent": result.unexpected_percent,
        }
        if samples:
            person = any(names_people(column) or column in snapshot.masked for column in result.columns)
            found["examples"] = [mask(str(value)[:120], person) for value in result.unexpected_list[:EXAMPLES]]
            if result.unexpected_count is None:
                found["observed"] = mask(str(result.observed_value)[:500], person)
        return fence("result", found)

    return Tool(
        ToolSpec(
            name="test_rule",
            description=(
                "Test a Great Expectations expectation on the rows that you may see, for instance "
                'type expect_column_values_to_be_between with kwargs {"column": "age", "min_value": 0}. '
                "Says how many values break it."
            ),
            arguments=Arguments,
        ),
        run,
    )


def _rule(arguments: Arguments) -> Rule:
    try:
        kwargs = json.loads(arguments.kwargs or "{}")
        if not isinstance(kwargs, dict):
            raise ToolError("`kwargs` is no JSON object.")
        return Rule(type=arguments.type, kwargs=kwargs)
    except json.JSONDecodeError as error:
        raise ToolError(f"`kwargs` is not JSON: {error.msg}.") from None
    except ValidationError as error:
        raise ToolError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
