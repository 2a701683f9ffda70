"""How a column of dates is to be read, by all of its texts."""

from __future__ import annotations

from datetime import date
from typing import Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair import dates
from aifirst_dagster.repair.plan import Action
from aifirst_dagster.repair.survey import Survey

_DAY_ZERO = date(1899, 12, 30)
#: Spreadsheet days are at most so many years from the column's other dates.
AROUND = 5


def of_column(survey: Survey, source: str) -> str:
    """Table `(text, n)`: all texts of a column."""
    texts = survey.texts[source]
    if texts.all:
        return texts.table
    name = ident(source)
    return survey.keep(
        f"SELECT {name} AS text, count(*) AS n FROM {survey.relation} WHERE {name} IS NOT NULL GROUP BY 1"
    )


def look(survey: Survey, texts: str, column: Column, day_first: bool | None) -> tuple[dates.Style, dict[str, Any]]:
    """The column's styles, and the parameters that bring its words into one form."""
    words = survey.query(
        f"SELECT word, count(*) FROM (SELECT unnest(regexp_extract_all(lower(text), '\\p{{L}}+')) AS word "
        f"FROM {texts}) "
        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 500"
    )
    params = dates.words_of(dict(words))
    normal = dates.normalised("text", params)
    first, second = (
        f"TRY_CAST(regexp_extract(t, '^(\\d{{1,2}})[-/. ](\\d{{1,2}})[-/. ]\\d', {at}) AS INTEGER)" for at in (1, 2)
    )
    midnight = "regexp_matches(t, '[t ]0?0:00(:00)?([.,]0+)?( ?(z|utc|gmt)| ?[+-]\\d\\d:?(\\d\\d)?)?$')"
    rows = survey.query(
        f"SELECT {dates.shape_sql('t')} AS shape, sum(n), coalesce(sum(n) FILTER (WHERE {first} > 12), 0), "
        f"coalesce(sum(n) FILTER (WHERE {second} > 12), 0), coalesce(sum(n) FILTER (WHERE {midnight}), 0) "
        f"FROM (SELECT {normal} AS t, n FROM {texts}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2000"
    )
    shapes = [dates.Shape(shape, *(int(count) for count in counts)) for shape, *counts in rows]
    return dates.style_of(shapes, column.format, day_first), params | _machine(shapes) | _serial(survey, normal, texts)


def _serial(survey: Survey, normal: str, texts: str) -> dict[str, Any]:
    """Spreadsheet days, where some are near the column's other dates: a postal code is none."""
    plain = "regexp_full_match(t, '[1-6]\\d{4}')"
    year = "TRY_CAST(regexp_extract(t, '(^|\\D)((?:19|20)\\d\\d)(\\D|$)', 2) AS INTEGER)"
    first, last, days = survey.query(
        f"SELECT min({year}), max({year}), list(DISTINCT TRY_CAST(t AS INTEGER)) FILTER ({plain}) "
        f"FROM (SELECT {normal} AS t FROM {texts})"
    )[0]
    if not days:
        return {}
    if first is None:
        return {"serial": True}
    low, high = (
        (date(year, *day) - _DAY_ZERO).days for year, day in ((first - AROUND, (1, 1)), (last + AROUND, (12, 31)))
    )
    return {"serial": [low, high]} if any(low <= day <= high for day in days) else {}


def propose(column: Column, style: dates.Style, params: dict[str, Any], failed_only: bool = False) -> Action:
    """The action that reads the column so."""
    params = {"formats": style.formats, **params}
    if style.unclear:
        params["unclear"] = style.unclear
    if style.offsets:
        params["offsets"] = True
    if failed_only:
        params["failed_only"] = True
    several = f"{len(style.formats)} styles" if len(style.formats) > 1 else "a style that a plain cast does not read"
    notes = [*style.notes, *(["offsets are brought to UTC"] if style.offsets else [])]
    return Action(
        column=column.name, action="parse_dates", params=params, reason="; ".join([f"dates in {several}", *notes])
    )


def _machine(shapes: list[dates.Shape]) -> dict[str, Any]:
    """Unix times among dates of other styles."""
    found: dict[str, Any] = {}
    by_shape = {shape.shape: shape for shape in shapes}
    if "9999999999" in by_shape:
        found["epoch"] = "s"
    elif "9999999999999" in by_shape:
        found["epoch"] = "ms"
    return found


def order_of(style: dates.Style) -> bool | None:
    """Whether the column writes the day first; None where it does not tell."""
    if not style.sure or style.unclear:
        return None
    numeric = [form for form in style.formats if form[:2] in ("%d", "%m") and "%b" not in form]
    return numeric[0].startswith("%d") if numeric else None


__all__ = ["literal", "look", "of_column", "order_of", "propose"]
