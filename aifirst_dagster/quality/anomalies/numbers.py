"""Numbers far outside their column, on the scale that fits it."""

from __future__ import annotations

from aifirst_dagster.quality.anomalies import tails
from aifirst_dagster.quality.anomalies.flags import add, unflagged
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: Fewer numbers, or fewer different ones, have no tail to speak of.
LEAST, DIFFERENT = 30, 8


def find(table: Table) -> None:
    """Flag numbers that lie too far out."""
    for field in table.of("number"):
        if field.filled >= LEAST and field.distinct >= DIFFERENT:
            _one(table, field)


def surprise(table: Table, x: str, source: str, positive: bool = True) -> str | None:
    """SQL: how far out the number `x` of the relation `source` lies; None where it does not vary.

    Args:
        table: For its session.
        x: SQL of a DOUBLE.
        source: FROM expression of the rows that the model is made from.
        positive: Whether the scale of logarithms counts where all numbers are positive.
    """
    logs = f"ln(CASE WHEN {x} > 0 THEN {x} END)"
    least, _zeros, plain, logged = table.ask(
        f"SELECT min({x}), count(*) FILTER ({x} = 0), {tails.asked(x)}, {tails.asked(logs)} FROM {source}"
    )[0]
    model = tails.of(plain)
    if model is None or least is None:
        return None
    said = f"({model.surprise(x)})"
    if positive and least >= 0 and (model_log := tails.of(logged)) is not None and model_log.skew < model.skew:
        # A zero has no logarithm: it is as far out as the plain scale says, unless zeros are common.
        said = f"(CASE WHEN {x} > 0 THEN least({said}, {model_log.surprise(f'ln({x})')}) ELSE {said} END)"
    elif positive and least < 0 and (spread := model.inner[1] - model.inner[0]) > 0:
        folded = f"asinh(({x} - {model.median!r}) / {spread / 4!r})"
        both = table.ask(f"SELECT {tails.asked(folded)} FROM {source}")[0][0]
        if (model_both := tails.of(both)) is not None:
            said = f"least({said}, {model_both.surprise(folded)})"
    return said


def _one(table: Table, field: Field) -> None:
    x = field.value
    rows = f"(SELECT {x} AS x FROM {table.some} WHERE {field.sql} IS NOT NULL AND {unflagged(field)})"
    mode, times = table.ask(f"SELECT mode(x), count(*) FILTER (x = (SELECT mode(x) FROM {rows})) FROM {rows}")[0]
    if mode is None:
        return
    but = ""
    if times > 0.4 * table.ask(f"SELECT count(x) FROM {rows}")[0][0]:
        # Most cells hold one number (say zero): those that differ are compared with one another.
        rows, but = f"(FROM {rows} WHERE x <> {mode!r})", f" AND {x} <> {mode!r}"
        count, different = table.ask(f"SELECT count(x), count(DISTINCT x) FROM {rows}")[0]
        if count < LEAST or different < DIFFERENT:
            return
    said = surprise(table, "x", rows)
    if said is None:
        return
    least = tails.needed(field.filled, table.alarms)
    add(table, field, "outlier",
        f"SELECT __row, {field.text} AS value, NULL AS expected, {said} AS surprise, '' AS cause "
        f"FROM (SELECT __row, {field.sql}, {x} AS x FROM {TABLE} WHERE {x} IS NOT NULL{but}) WHERE surprise "
        f">= {least!r}",
        most=table.few)  # fmt: skip
