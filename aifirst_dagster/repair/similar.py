"""Rows that are likely to be the same thing, written differently: found within blocks, merged only where asked.

Rows are compared where they share a block: the start of a text, its rarest word, or its consonants. Compared are texts
by `rapidfuzz` and other values by equality; a column counts the more, the more different values it has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal, numbered
from aifirst_dagster.repair.expressions import physical

if TYPE_CHECKING:
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.repair.plan import Action, RepairPlan
    from aifirst_dagster.repair.survey import Survey

KEPT = ident("#same as")
#: Rows of a table, rows of a block, pairs of a table, clusters listed: most.
ROWS, BLOCK, PAIRS, LISTED = 150_000, 40, 200_000, 200
#: Columns that are compared, those with the most different values first.
COLUMNS = 12
#: Rows are alike from this weighted similarity on, and no telling column may be less alike than the other.
ALIKE, LEAST = 0.9, 0.75
#: A column tells things apart where so many of its values are different; texts have so many characters on average.
TELLING, LENGTH = 0.3, 6
#: Where more of the rows than this have a double, likeness is the nature of the data.
MANY = 0.3


def fingerprint(columns: Sequence[str]) -> str:
    """SQL: eight hexadecimal digits of a row's texts, as the file has them."""
    texts = ", ".join(f"coalesce({RAW}[{literal(name)}], CAST({ident(name)} AS VARCHAR), '')" for name in columns)
    return f"left(md5(concat_ws(chr(31), {texts})), 8)"


def kept(plan: RepairPlan, columns: Sequence[str]) -> str:
    """SQL: the line of the row that stands for this one by `merge_similar_rows`; "" where the plan has none."""
    lines: dict[str, int] = {}
    for action in plan.actions:
        if action.action == "merge_similar_rows":
            for first, *others in action.params.get("clusters", []):
                lines |= {str(other): int(str(first).split()[0]) for other in others}
    if not lines:
        return ""
    numbers = ", ".join(str(int(name.split()[0])) for name in lines)
    cases = " ".join(f"WHEN {literal(name)} THEN {line}" for name, line in lines.items())
    name = f"CONCAT(CAST({LINE} AS VARCHAR), ' ', {fingerprint(columns)})"
    return f"CASE WHEN {LINE} IN ({numbers}) THEN CASE {name} {cases} END END"


def findings(survey: Survey, plan: RepairPlan, table: str) -> list[Action]:
    """A report of the clusters in the repaired rows of `table`, if there are any."""
    from aifirst_dagster.repair.plan import Action

    if not 10 <= survey.rows <= ROWS:
        return []
    compared = _compared(survey, plan, table)
    telling = [name for name, (weight, texts) in compared.items() if texts and weight > 0]
    if len(compared) < 3 or not telling:
        return []
    table, number = numbered(table, [column.name for column in plan.columns])
    pairs = _pairs(survey, table, number, telling)
    if not pairs:
        return []
    rows = _rows(survey, table, number, sorted({row for pair in pairs for row in pair}), list(compared))
    alike = [(a, b, score) for a, b in pairs if (score := _alike(rows[a], rows[b], list(compared.values()))) >= ALIKE]
    if not alike or len({row for a, b, _ in alike for row in (a, b)}) > MANY * survey.rows:
        return []
    clusters = _clusters([(a, b) for a, b, _ in alike])
    names = _names(survey, plan, table, number, [row for cluster in clusters[:LISTED] for row in cluster])
    best = sorted(alike, key=lambda each: (-each[2], each[0], each[1]))[:5]
    shown = [[_text(rows[a]), _text(rows[b])] for a, b, _ in best]
    extra = sum(len(cluster) - 1 for cluster in clusters)
    return [
        Action(action="report_similar_rows", rows_affected=extra, examples=shown,
               params={"clusters": [[names[row] for row in cluster] for cluster in clusters[:LISTED]]},
               reason=f"{len(clusters)} groups of rows are likely to be the same thing, by {', '.join(compared)}")
    ]  # fmt: skip


def _compared(survey: Survey, plan: RepairPlan, table: str) -> dict[str, tuple[float, bool]]:
    """Column -> its weight, and whether it is a text that tells things apart. Row numbers and the like are left out."""
    columns = [c for c in plan.columns if c.name not in plan.companions and not _identifier(c)]
    if not columns:
        return {}
    asked = ", ".join(
        f"approx_count_distinct({ident(c.name)}), count({ident(c.name)}), "
        f"coalesce(avg(length(CAST({ident(c.name)} AS VARCHAR))), 0)" for c in columns[:60]
    )  # fmt: skip
    counts = survey.query(f"SELECT {asked} FROM {table}")[0]
    found: dict[str, tuple[float, bool]] = {}
    for column, distinct, filled, length in zip(columns, counts[::3], counts[1::3], counts[2::3], strict=False):
        if distinct > 1 and filled >= 0.5 * survey.rows:
            text = physical(column) == "VARCHAR" and distinct >= TELLING * filled and length >= LENGTH
            found[column.name] = (math.log(distinct) / math.log(max(survey.rows, 2)), bool(text))
    return dict(sorted(found.items(), key=lambda item: -item[1][0])[:COLUMNS])


def _identifier(column: Column) -> bool:
    return column.unique and physical(column) != "VARCHAR"


def _pairs(survey: Survey, table: str, number: str, telling: list[str]) -> list[tuple[int, int]]:
    """Pairs of rows that share a block, of small blocks first."""
    keys = []
    for at, name in enumerate(telling[:4]):
        plain = f"lower(strip_accents(CAST({ident(name)} AS VARCHAR)))"
        words = f"list_sort(regexp_extract_all({plain}, '[\\p{{L}}\\d]+'))"
        for which, key in enumerate((
            f"left(regexp_replace({plain}, '[^\\p{{L}}\\d]', '', 'g'), 5)",
            f"list_aggregate({words}, 'string_agg', ' ')",
            f"left(regexp_replace({plain}, '[^b-df-hj-np-tv-z]', '', 'g'), 5)",
        )):  # fmt: skip
            keys.append(f"SELECT {number} AS r, '{at}.{which} ' || {key} AS k FROM {table} "
                        f"WHERE {ident(name)} IS NOT NULL AND length({key}) >= 4 AND _reasons IS NULL "
                        "AND _duplicate_of IS NULL")  # fmt: skip
    return [
        (int(a), int(b))
        for a, b in survey.query(
            f"WITH keyed AS ({' UNION ALL '.join(keys)}), blocks AS (SELECT k, count(*) AS n FROM keyed GROUP BY 1 "
            f"HAVING n BETWEEN 2 AND {BLOCK}) SELECT a.r, b.r FROM keyed a "
            "JOIN blocks USING (k) JOIN keyed b USING (k) WHERE a.r < b.r GROUP BY 1, 2 "
            f"ORDER BY min(n), 1, 2 LIMIT {PAIRS}"
        )
    ]


def _rows(survey: Survey, table: str, number: str, rows: list[int], names: list[str]) -> dict[int, tuple[Any, ...]]:
    fields = ", ".join(f"lower(CAST({ident(name)} AS VARCHAR))" for name in names)
    chosen = ", ".join(map(str, rows))
    found = survey.query(f"SELECT {number}, {fields} FROM {table} WHERE {number} IN (SELECT unnest([{chosen}]))")
    return {row[0]: row[1:] for row in found}


def _alike(one: tuple[Any, ...], two: tuple[Any, ...], weights: list[tuple[float, bool]]) -> float:
    """The weighted similarity of two rows; 0 where something that tells things apart is not alike."""
    from rapidfuzz import fuzz

    total = score = 0.0
    for a, b, (weight, text) in zip(one, two, weights, strict=True):
        if a is None or b is None:
            continue
        if a == b:
            each = 1.0
        elif not text or _digits(a) != _digits(b):
            each = 0.0
        else:
            each = max(fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b)) / 100
        if each < LEAST and (text or weight > 0.5):
            return 0.0
        total, score = total + weight, score + weight * each
    return score / total if total > 0 else 0.0


def _digits(text: str) -> list[str]:
    return sorted("".join(c if c.isdigit() else " " for c in text).split())


def _clusters(pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Rows that are alike directly or through others, each cluster and the list of them in the file's order."""
    head: dict[int, int] = {}

    def find(row: int) -> int:
        while head.setdefault(row, row) != row:
            row = head[row]
        return row

    for a, b in pairs:
        first, second = sorted((find(a), find(b)))
        head[second] = first
    found: dict[int, list[int]] = {}
    for row in sorted(head):
        found.setdefault(find(row), []).append(row)
    return sorted(found.values())


def _names(survey: Survey, plan: RepairPlan, table: str, number: str, rows: list[int]) -> dict[int, str]:
    """Row -> `line fingerprint`, of the relation before the repair."""
    chosen = ", ".join(map(str, rows))
    sources = [plan.input_name(c.name) for c in plan.columns if c.name not in plan.companions]
    # Names that no column of the user's has: `line` is one of theirs as likely as not.
    kept = (
        f'(SELECT {number} AS "#row", {LINE} AS "#line", {SOURCE} AS "#source" FROM {table} '
        f'WHERE {number} IN (SELECT unnest([{chosen}]))) "#rows"'
    )
    found = survey.query(
        f'SELECT "#rows"."#row", "#rows"."#line" || \' \' || {fingerprint(sources)} FROM {survey.relation} '
        f'JOIN {kept} ON {LINE} = "#rows"."#line" AND {SOURCE} = "#rows"."#source"'
    )
    return dict(found)


def _text(row: tuple[Any, ...]) -> str:
    return " | ".join("" if value is None else str(value) for value in row)[:200]
