"""A chart's series beside a dataset: which column its labels are values of, and of what its values are the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.proposals.vision.against import Against, folded, is_moment, is_number, listed, printed, same
from aifirst_dagster.proposals.vision.proposal import ChartSeries, SeenChart
from aifirst_dagster.proposals.vision.sight import SightClaim

#: How exactly a value can be read off a chart: part of the value itself, and of the largest in the series.
EXACT, AXIS = 0.02, 0.01
#: Columns that labels are looked for in, and numbers that figures are made of; columns tried as labels.
WIDE, TRIED = 200, 3
_STYLES = ("%Y", "%b", "%B", "%Y-%m", "%b %Y", "%B %Y", "%m/%Y", "%Y-%m-%d", "%d.%m.%Y")


@dataclass(frozen=True)
class Figures:
    """What one column's labels have as one figure: `sum of amount by region`."""

    words: str
    values: dict[str, float]


def chart_claims(chart: SeenChart, number: int, against: Against | None, texts: Sequence[str]) -> Iterator[SightClaim]:
    """Each series of a chart, and each of its points.

    Args:
        chart: As the model read it.
        number: The chart's place among those seen, from 1.
        against: The data; None: there is none.
        texts: The text of each page that has some.
    """
    page = texts[chart.page - 1] if 0 < chart.page <= len(texts) else ""
    for series in chart.series:
        name = f"chart {number}" + (f" / {series.name}" if series.name else "")
        yield from _series(series, chart, name, against, page)


def _series(
    series: ChartSeries, chart: SeenChart, name: str, against: Against | None, page: str
) -> Iterator[SightClaim]:
    whole = SightClaim(subject=name, what="series", value=f"{chart.kind}, {len(series.points)} points")
    candidates = _figures(against, [same(point.label) for point in series.points], chart) if against else []
    best = max(candidates, key=lambda figures: len(_right(series, figures)), default=None)
    right = _right(series, best) if best else set()
    known = sum(same(point.label) in best.values for point in series.points) if best else 0
    found = best if best and len(right) * 2 >= known and len(right) >= min(2, len(series.points)) else None
    if found:
        whole.state, whole.data = "tested", found.words
        whole.evidence = f"{len(right)} of {len(series.points)} points are the {found.words}."
    elif best:
        whole.state, whole.data = "failed", best.words
        whole.evidence = "Its labels are in the data; no figure of the data comes to its values."
    elif against:
        whole.evidence = "No column of the data holds its labels."
    yield whole
    for at, point in enumerate(series.points):
        claim = SightClaim(subject=name, what=f"value at {point.label}", value=_told(point.value))
        if found:
            value = found.values.get(same(point.label))
            claim.state = "tested" if at in right else "failed"
            claim.data = "" if value is None else _told(value)
            claim.evidence = ("The data has no such label." if value is None else
                              f"The {found.words} is {_told(value)}.")  # fmt: skip
        elif any(printed(text, page) for text in (_told(point.value), f"{point.value:,g}")):
            claim.state, claim.evidence = "corroborated", "The page's own text has this number."
        yield claim


def _right(series: ChartSeries, figures: Figures) -> set[int]:
    """Places of the points that the figures bear out."""
    reach = AXIS * max((abs(point.value) for point in series.points), default=0)
    return {
        at for at, point in enumerate(series.points)
        if (value := figures.values.get(same(point.label))) is not None
        and abs(value - point.value) <= max(EXACT * abs(value), reach)
    }  # fmt: skip


def _figures(against: Against, labels: list[str], chart: SeenChart) -> list[Figures]:
    """Every figure of the data over the columns that hold most of the labels."""
    types = dict(list(against.types().items())[:WIDE])
    keys = [(name, words, sql) for name, type_ in types.items() for words, sql in _keys(name, type_)]
    if not keys or not labels:
        return []
    counted = ", ".join(f"count(DISTINCT CASE WHEN {sql} IN ({listed(labels)}) THEN {sql} END)" for *_, sql in keys)
    hits = against.con.execute(f"SELECT {counted} FROM {ident(against.relation)}").fetchall()[0]
    ranked = sorted(zip(hits, keys, strict=True), key=lambda pair: -pair[0])[:TRIED]
    enough = [key for hit, key in ranked if hit and hit * 2 >= len(set(labels))]
    return [figures for key in enough for figures in _grouped(against, key, types, labels, chart)]


def _keys(name: str, type_: str) -> Iterator[tuple[str, str]]:
    """(in words, SQL) of what a column's values may be called on an axis."""
    yield name, folded(f"{ident(name)}::VARCHAR")
    if is_moment(type_):
        for style in _STYLES:
            yield f"{name} ({style})", f"lower(strftime({ident(name)}, '{style}'))"


def _grouped(
    against: Against, key: tuple[str, str, str], types: dict[str, str], labels: list[str], chart: SeenChart
) -> Iterator[Figures]:
    """Count, sum, mean, least and greatest of each number column by label; shares of the whole for pies."""
    own, words, sql = key
    numbers = [name for name, type_ in types.items() if is_number(type_) and name != own]
    parts = [("number of rows", "count(*)::DOUBLE", True)]
    for name in numbers:
        value = f"{ident(name)}::DOUBLE"
        parts += [(f"{name}", f"CASE WHEN count(*) = 1 THEN any_value({value}) END", False),
                  (f"sum of {name}", f"sum({value})", True), (f"mean of {name}", f"avg({value})", False),
                  (f"median of {name}", f"median({value})", False), (f"least {name}", f"min({value})", False),
                  (f"greatest {name}", f"max({value})", False)]  # fmt: skip
    fields = ", ".join(part for _, part, _ in parts)
    rows: list[Any] = against.con.execute(
        f"SELECT {sql} AS k, {fields} FROM {ident(against.relation)} GROUP BY k"
    ).fetchall()
    asked = set(labels)
    for at, (figure, _, adds_up) in enumerate(parts, 1):
        values = {row[0]: row[at] for row in rows if row[0] in asked and row[at] is not None}
        if not values:
            continue
        yield Figures(f"{figure} by {words}", values)
        whole = sum(row[at] or 0 for row in rows)
        if adds_up and whole and (chart.kind == "pie" or "%" in chart.unit):
            shares = {label: 100 * value / whole for label, value in values.items()}
            yield Figures(f"{figure} by {words}, in per cent of all", shares)


def _told(value: float) -> str:
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
