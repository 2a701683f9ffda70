"""The values that break a rule, fetched after the verdicts: one scan for each source."""

from __future__ import annotations

import re
from typing import Any

from aifirst_dagster.datasets.session import LINE
from aifirst_dagster.quality.engines import python_functions
from aifirst_dagster.quality.engines.plan import Examples, Table
from aifirst_dagster.quality.results import RuleResult

#: Per cent of values that fail from which on the first examples are found after a few rows.
FREQUENT = 0.5


def fetch(
    con: Any, table: Table, wanted: dict[int, Examples], limit: int, results: dict[int, RuleResult]
) -> dict[int, list[Any]]:
    """Failing values by place; the first of what fails often are found without a scan."""
    found: dict[int, list[Any]] = {}
    sources: dict[str, list[int]] = {}
    for place, where in wanted.items():
        if where.value == "NULL":
            count = results[place].unexpected_count or 0
            found[place] = [None] * (min(count, limit) if limit else count)
        elif limit and (results[place].unexpected_percent or 0) >= FREQUENT:
            sql = f"SELECT {where.value} FROM {where.source} WHERE {where.often or where.where} LIMIT {limit}"
            python_functions.register(con, sql)
            found[place] = [_shown(value, where.names) for (value,) in con.execute(sql).fetchall()]
        else:
            sources.setdefault(where.source, []).append(place)
    for source, places in sources.items():
        picked = [_pick(wanted[place], limit) for place in places]
        # Numbering the rows takes a single thread, so it is left out where rows carry their line.
        number = LINE if source == table.relation and table.lines else "row_number() OVER ()"
        sql = f"SELECT {', '.join(picked)} FROM (SELECT *, {number} AS __row FROM {source})"
        python_functions.register(con, sql)
        row = con.execute(sql).fetchall()[0]
        for place, values in zip(places, row, strict=True):
            found[place] = [_shown(value, wanted[place].names) for value in values or []]
    return found


def _pick(where: Examples, limit: int) -> str:
    """The first values in the order of rows, as one aggregate."""
    if limit:
        return f"arg_min({where.value}, __row, {limit}) FILTER ({where.where})"
    return f"list({where.value} ORDER BY __row) FILTER ({where.where})"


def _shown(value: Any, names: tuple[str, ...]) -> Any:
    """A struct as a mapping by column name, or, for a pair, as a list; anything else as it is."""
    if not isinstance(value, dict) or not all(re.fullmatch(r"f\d+", key) for key in value):
        return value
    values = list(value.values())
    return dict(zip(names, values, strict=True)) if names else values
