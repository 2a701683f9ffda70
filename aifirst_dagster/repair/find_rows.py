"""What concerns whole rows: duplicates, empty and half-empty rows, repeated keys, numbers far outside."""

from __future__ import annotations

import re

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.repair.expressions import physical, quoted
from aifirst_dagster.repair.plan import Action, RepairPlan
from aifirst_dagster.repair.survey import Survey

#: Without a column that tells rows apart, more repeated rows than this are the nature of the data.
MANY = 0.10
_KEY_NAME = re.compile(r"(?i)(^|_)(id|key|code|nr|no|number|uuid|guid|email|isbn|sku)$")

#: Columns whose values are counted at once.
SLICE = 20


def duplicates(survey: Survey, key: str | None = None) -> tuple[bool, int, str]:
    """Whether equal rows are to be merged, how many there are, and why.

    A hash of the content chooses the rows that are looked at, so that all copies of a row are in or out together.

    Args:
        survey: What is known of the relation.
        key: A column in which no value occurs twice, if there is one.
    """
    names = list(survey.types)
    if not names or not survey.rows:
        return True, 0, ""
    if key is not None:
        return True, 0, "no rows are the same"
    content = f"hash({quoted(names)})"
    chosen = f"FROM {survey.relation} WHERE {content} % {survey.every} = 0"
    rows, contents = survey.query(f"SELECT count(*), count(DISTINCT {content}) {chosen}")[0]
    repeated = (rows - contents) * survey.every
    if not repeated:
        return True, 0, "no rows are the same"
    if len(names) == 1:
        return False, repeated, "the table has one column: equal values can be different things"
    # Where there are more copies than different rows, any column of few values would seem to tell them apart.
    few = rows - contents <= contents
    if few and (telling := _telling(survey, names, chosen, 0.9 * contents)) is not None:
        return True, repeated, f"{telling} tells rows apart, so equal rows are the same thing"
    if repeated <= MANY * survey.rows:
        return True, repeated, "few rows are the same in every column"
    return (
        False,
        repeated,
        "no column tells rows apart and many rows are the same: they are likely to be different things",
    )


def _telling(survey: Survey, names: list[str], some: str, least: float) -> str | None:
    """The first column with at least `least` different values; a few columns at a time, for tables may be wide."""
    for start in range(0, len(names), SLICE):
        slice_ = names[start : start + SLICE]
        counts = ", ".join(f"count(DISTINCT hash({ident(n)})) FILTER ({ident(n)} IS NOT NULL)" for n in slice_)
        for name, count in zip(slice_, survey.query(f"SELECT {counts} {some}")[0], strict=True):
            if count >= least:
                return name
    return None


def findings(survey: Survey, plan: RepairPlan, table: str, scale: int) -> list[Action]:
    """Reports on the repaired rows of `table`, each row of which stands for `scale` rows."""
    return [*_outliers(survey, plan, table, scale), *_half_empty(survey, plan, table, scale),
            *(_repeated_keys(survey, plan, table) if scale == 1 else [])]  # fmt: skip


def _outliers(survey: Survey, plan: RepairPlan, table: str, scale: int) -> list[Action]:
    """Numbers beyond three interquartile ranges; of a long-tailed column, on the scale of its logarithms."""
    numeric = [
        c for c in plan.columns
        if c.type in ("number", "integer") and not c.unique and not _KEY_NAME.search(c.name)
        and physical(c) not in ("VARCHAR", "BOOLEAN") and (c.semantic_type or "") not in ("latitude", "longitude")
    ]  # fmt: skip
    if not numeric:
        return []
    # By hash of the value, never by chance: the same data gives the same fences.
    quartiles = survey.query(
        "SELECT "
        + ", ".join(f"quantile_cont({ident(c.name)}::DOUBLE, [0.25, 0.5, 0.75])" for c in numeric)
        + f" FROM {table}"
    )[0]
    fences = {}
    for column, found in zip(numeric, quartiles, strict=True):
        if found is None:
            continue
        low, _, high = found
        reach = 3 * (high - low)
        if reach > 0:
            fences[column.name] = [low - reach, high + reach]
    if not fences:
        return []
    counts = survey.query(
        "SELECT "
        + ", ".join(f"count(*) FILTER ({_outside(n, *fence)}), count({ident(n)})" for n, fence in fences.items())
        + f" FROM {table}"
    )[0]
    actions = []
    for (name, (low, high)), beyond, held in zip(fences.items(), counts[::2], counts[1::2], strict=True):
        # Where many lie outside, the column has a long tail and its far values belong to it.
        if beyond and beyond <= max(1, 0.01 * held):
            value = f"{ident(name)}::DOUBLE"
            far = f"SELECT DISTINCT {value} FROM {table} WHERE {_outside(name, low, high)} ORDER BY 1 DESC LIMIT 3"
            example = [row[0] for row in survey.query(far)]
            actions.append(Action(
                column=name, action="report_outliers", params={"low": round(low, 6), "high": round(high, 6)},
                rows_affected=beyond * scale, examples=[[str(each), str(each)] for each in example],
                reason=f"outside {low:.6g} to {high:.6g}, three interquartile ranges from the middle half: "
                       f"{', '.join(f'{each:.6g}' for each in example)}",
            ))  # fmt: skip
    return actions


def _outside(name: str, low: float, high: float) -> str:
    """SQL: whether the value lies outside the fences."""
    return f"({ident(name)} < {low!r} OR {ident(name)} > {high!r})"


def _half_empty(survey: Survey, plan: RepairPlan, table: str, scale: int) -> list[Action]:
    """Rows in which at least half of the usually filled columns hold nothing."""
    names = [column.name for column in plan.columns if column.name not in plan.companions]
    if len(names) < 4:
        return []
    shares = survey.query(
        f"SELECT {', '.join(f'count({ident(n)}) / greatest(count(*), 1)' for n in names)} FROM {table}"
    )[0]
    usual = [name for name, share in zip(names, shares, strict=True) if share >= 0.8]
    if len(usual) < 4:
        return []
    least = (len(usual) + 1) // 2
    # A sum of a list, for a sum of many terms takes the planner seconds.
    missing = f"list_sum([{', '.join(f'({ident(name)} IS NULL)::INT' for name in usual)}])"
    rows = survey.query(f"SELECT count(*) FILTER ({missing} BETWEEN {least} AND {len(usual) - 1}) FROM {table}")[0][0]
    if not rows or rows > 0.05 * survey.rows / scale + 10:
        return []
    return [
        Action(action="report_half_empty_rows", params={"at_least": least}, rows_affected=rows * scale,
               reason=f"at least {least} of the {len(usual)} columns that are usually filled hold nothing")
    ]  # fmt: skip


def _repeated_keys(survey: Survey, plan: RepairPlan, table: str) -> list[Action]:
    """Keys that nearly all rows have for themselves, and some share."""
    actions = []
    for column in plan.columns:
        name = ident(column.name)
        if column.unique or not _KEY_NAME.search(column.name) or column.name in plan.companions:
            continue
        rows, keys, sharing = survey.query(
            f"SELECT sum(n), count(*), coalesce(sum(n) FILTER (n > 1), 0) FROM (SELECT count(*) AS n FROM {table} "
            f"WHERE {name} IS NOT NULL AND _reasons IS NULL AND _duplicate_of IS NULL GROUP BY {name})"
        )[0]
        if rows and rows != keys and keys >= 0.9 * rows:
            actions.append(Action(column=column.name, action="report_repeated_keys", params={"key": [column.name]},
                                  rows_affected=int(sharing),
                                  reason="nearly every row has its own; these share one"))  # fmt: skip
    return actions
