"""Rules about time and sequence, of our own: how recent the newest value is, and whether any is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.conditions import where
from aifirst_dagster.quality.engines.literals import as_time
from aifirst_dagster.quality.engines.plan import (
    CannotEvaluateError,
    Examples,
    Plan,
    Table,
    Verdict,
    all_of,
    count,
    judged,
)
from aifirst_dagster.quality.engines.rows import struct
from aifirst_dagster.quality.expectations.kinds import interval, number

Compiler = Callable[[Table, dict[str, Any]], Plan]


def _recent(table: Table, kwargs: dict[str, Any]) -> Plan:
    """The newest value is no older than `max_age` before `as_of`, or now. Without any value it is not recent."""
    name = kwargs["column"]
    if table.kind(name) != "time":
        raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, no dates or times.")
    value = f"({table.value(name)})"
    present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
    said = as_time(kwargs["as_of"])
    moment = said or datetime.now(UTC)
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    newest = f"max({value}) FILTER ({present})"
    plain = f"({newest})::TIMESTAMP"
    # A date says no hour: its whole day counts, so that today's rows are not a day old by midnight.
    until = f"({plain} + INTERVAL 1 DAY)" if table.type(name) == "DATE" else plain
    limit = f"TIMESTAMP '{moment.isoformat(' ')}' - INTERVAL {literal(interval(kwargs['max_age']))}"

    def finish(got: tuple[Any, ...]) -> Verdict:
        return {"success": bool(got[2]), "evaluated": got[0], "observed_value": got[1]}

    counted = f"count(*) FILTER ({present})"
    return Plan(table.relation, (counted, newest, f"coalesce({until} >= {limit}, FALSE)"), finish)


def _gapless(table: Table, kwargs: dict[str, Any]) -> Plan:
    """Sorted, each value comes no more than `step` after the one before it, within a group. Repeats are no gap."""
    name, groups = kwargs["column"], list(kwargs["group_by"] or [])
    for group in groups:
        table.type(group)
    step, kind = kwargs["step"], table.kind(name)
    if kind == "number" and number(step):
        next_one = f"p + {literal(step)} + {literal(abs(step) * 1e-9)}"
    elif kind == "time" and (isinstance(step, str) or step == 1):
        next_one = f"p + INTERVAL {literal(interval(step if isinstance(step, str) else '1 day'))}"
    else:
        wanted = "a length of time such as '1 day'" if kind == "time" else "a number"
        raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}: step {step!r} should be {wanted}.")
    if kind not in ("number", "time"):
        raise CannotEvaluateError(f"Column {name!r} holds {table.type(name)}, which has no sequence.")
    value = f"({table.value(name)})"
    present = all_of(where(table, kwargs), f"{value} IS NOT NULL")
    key = f"{struct(table, groups)} AS k, " if groups else ""
    # A repeat stands beside the one before it: finding the different values first costs more than sorting all.
    each = f"SELECT {key}{value} AS v FROM {table.relation} WHERE {present}"
    within = "PARTITION BY k " if groups else ""
    source = f"(SELECT v, lag(v) OVER ({within}ORDER BY v) AS p FROM ({each}))"
    broken = f"coalesce(v > {next_one}, FALSE)"
    return Plan(
        source,
        (count("v IS DISTINCT FROM p"), count(broken)),
        finish=lambda got: judged(got[0], got[1], kwargs["mostly"]),
        # What is shown is the value behind each gap, with the one before it.
        examples=Examples(source, broken, "{'f0': p, 'f1': v}", ("last", "next")),
    )


COMPILERS: dict[str, Compiler] = {
    "expect_column_max_to_be_recent": _recent,
    "expect_column_values_to_have_no_gaps": _gapless,
}
