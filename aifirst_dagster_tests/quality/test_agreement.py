"""The two engines agree on random tables and random rules: verdict, counts, figures, values, and what is an error.

`AIFIRST_AGREE_EXAMPLES=1000` tries that many tables of up to 8 rules each, others in each run; without it the same few.
"""

from __future__ import annotations

import math
import os
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings

from aifirst_dagster.quality.engines import duckdb as ours
from aifirst_dagster.quality.engines import great_expectations as theirs
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster_tests.quality.random_rules import rule_sets, tables

EXAMPLES = int(os.environ.get("AIFIRST_AGREE_EXAMPLES", "8"))


def plain(value: Any) -> Any:
    """A value in a form in which both engines' can be compared."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    try:
        # Nine figures, and nothing below a million-millionth: a sum in another order is no difference.
        return f"{round(float(value), 12) + 0.0:.9g}" if not math.isnan(float(value)) else None
    except (TypeError, ValueError):
        text = str(value)
        return text.replace("T", " ").removesuffix("+00:00").removesuffix(" 00:00:00") if text[4:5] == "-" else text


def refusal(mine: RuleResult, gx: RuleResult) -> bool:
    """Whether one engine refuses what the other judges, for a reason that stands in docs/expectations.md."""
    if mine.error:  # a column's type rules the rule out: here even where no value is there to show it
        return gx.error is None and gx.evaluated == 0
    # Pairs of whole numbers, of which none are left to judge, break Great Expectations' own report of them.
    return gx.error is not None and ("not JSON serializable" in gx.error or "Invalid result values" in gx.error)


def difference(mine: RuleResult, gx: RuleResult) -> str:
    """Empty where the engines agree, else what differs."""
    if bool(mine.error) != bool(gx.error) and refusal(mine, gx):
        return ""
    if bool(mine.error) != bool(gx.error):
        return f"error: ours {mine.error!r} ({mine.success}), theirs {gx.error!r} ({gx.success})"
    if mine.error:
        return ""
    for name in ("success", "unexpected_count", "evaluated", "observed_value"):
        a, b = plain(getattr(mine, name)), plain(getattr(gx, name))
        if a != b:
            return f"{name}: ours {a!r}, theirs {b!r}"
    a, b = (sorted(map(str, plain(one.unexpected_list))) for one in (mine, gx))
    return f"unexpected_list: ours {a}, theirs {b}" if a != b else ""


@settings(
    max_examples=EXAMPLES,
    derandomize="AIFIRST_AGREE_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(tables(), rule_sets())
def test_engines_agree_on_random_tables_and_rules(table, rules):
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"CREATE TABLE t AS {table}")
        mine = ours.evaluate(con, "t", rules, examples=0)
        gx = theirs.evaluate_relation(con, "t", rules, examples=0)
    for a, b in zip(mine, gx, strict=True):
        assert not difference(a, b), (a.type, a.kwargs)
