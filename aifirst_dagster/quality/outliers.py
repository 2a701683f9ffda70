"""Numbers far outside all others of their column: another unit, a slipped decimal point, a code for "no value"."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.inference.casts import parsed
from aifirst_dagster.quality.facts import Fact, Facts, Query

#: Beyond so many interquartile ranges, on the scale of the numbers and on that of their logarithms.
REACH, LOG_REACH = 6.0, 3.0
#: More of them than this are no mistakes but the column's long tail.
FEW = 0.01


def queries(facts: Facts) -> Iterator[Query]:
    """Outliers of each column of numbers; nothing is suggested, since nothing says what was meant."""
    for fact in facts.columns:
        if fact.column.type in ("integer", "number") and fact.distinct >= 8 and fact.filled >= 30:
            query = _far(facts, fact)
            if query:
                yield fact.column.name, query


def _far(facts: Facts, fact: Fact) -> str | None:
    number = f"({parsed(fact.column, fact.text)})::DOUBLE"
    values = f"(SELECT __row, __line, {fact.text} AS v, {number} AS x FROM {facts.cells} WHERE {fact.present})"
    found = facts.ask(
        "SELECT quantile_cont(x, [0.25, 0.75]), min(x), quantile_cont(ln(x), [0.25, 0.75]) FILTER (x > 0) "
        f"FROM {values}"
    )[0]
    if found[0] is None:
        return None
    (low, high), least, logs = found
    span = high - low
    if span <= 0:
        return None
    far = f"(x < {low - REACH * span!r} OR x > {high + REACH * span!r})"
    if least is not None and least > 0 and logs is not None:
        reach = LOG_REACH * max(logs[1] - logs[0], 0.05)
        far = f"({far} AND (ln(x) < {logs[0] - reach!r} OR ln(x) > {logs[1] + reach!r}))"
    count = facts.ask(f"SELECT count(*) FILTER ({far}) FROM {values}")[0][0]
    if not 0 < count <= max(1, FEW * fact.filled):
        return None
    reason = f"It lies far outside the others: half of them are between {low:.6g} and {high:.6g}."
    return f"SELECT __row, __line, v, '{reason}', NULL FROM {values} WHERE {far}"
