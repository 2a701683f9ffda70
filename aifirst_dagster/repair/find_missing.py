"""Cells without a value, and what the other rows say about them: reported, never filled unasked."""

from __future__ import annotations

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.repair.expressions import physical
from aifirst_dagster.repair.plan import Action, RepairPlan
from aifirst_dagster.repair.survey import Survey

#: Pairs of columns that are tried, most; columns counted at once.
PAIRS, SLICE = 80, 50


def findings(survey: Survey, plan: RepairPlan, table: str) -> list[Action]:
    """How many cells hold nothing, and for each column that another settles without exception how to fill it."""
    names = [column.name for column in plan.columns if column.name not in plan.companions]
    empty: dict[str, int] = {}
    distinct: dict[str, int] = {}
    rows = 0
    for start in range(0, len(names), SLICE):
        some = names[start : start + SLICE]
        asked = ", ".join(f"count({ident(n)}), approx_count_distinct({ident(n)})" for n in some)
        rows, *counts = survey.query(f"SELECT count(*), {asked} FROM {table} WHERE _reasons IS NULL")[0]
        empty |= dict(zip(some, (rows - count for count in counts[::2]), strict=True))
        distinct |= dict(zip(some, counts[1::2], strict=True))
    lacking = {name: count for name, count in empty.items() if 0 < count < rows}
    if not lacking:
        return []
    shown = ", ".join(f"{name} ({count})" for name, count in sorted(lacking.items(), key=lambda pair: -pair[1])[:5])
    found = [
        Action(action="report_missing", rows_affected=sum(lacking.values()),
               reason=f"cells of {len(lacking)} columns hold nothing and stay so: {shown}")
    ]  # fmt: skip
    keys = [
        column.name for column in plan.columns
        if column.name in distinct and 2 < distinct[column.name] <= rows / 3 and physical(column) != "DOUBLE"
    ]  # fmt: skip
    tried = 0
    for name, count in sorted(lacking.items(), key=lambda pair: pair[1]):
        for key in sorted((key for key in keys if key != name), key=lambda key: distinct[key]):
            if tried >= PAIRS or count > 0.5 * rows:
                break
            tried += 1
            if cells := _told(survey, table, key, name):
                found.append(Action(
                    column=name, action="report_missing", rows_affected=cells,
                    params={"fill": {"strategy": "dependency", "by": [key]}},
                    reason=f"{cells} of {count} empty cells could be filled: every {key} has one {name} only",
                ))  # fmt: skip
                break
    return found


def _told(survey: Survey, table: str, key: str, name: str) -> int:
    """How many empty cells of `name` the other rows with the same `key` tell; 0 where any two rows disagree."""
    by, of = ident(key), ident(name)
    row = survey.query(
        f"SELECT max(d), count(*) FILTER (n >= 3), count(DISTINCT v) FILTER (n >= 3), "
        "coalesce(sum(gaps) FILTER (n >= 1), 0) "
        f"FROM (SELECT count(DISTINCT {of}) AS d, count({of}) AS n, count(*) - count({of}) AS gaps, min({of}) AS v "
        f"FROM {table} WHERE {by} IS NOT NULL AND _reasons IS NULL GROUP BY {by})"
    )[0]
    most, groups, values, gaps = row
    return int(gaps) if most == 1 and groups >= 3 and values >= 2 else 0
