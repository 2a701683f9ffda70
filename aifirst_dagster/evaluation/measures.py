"""What counts as right: an answer of the command line beside the truth, as hits, misses and false alarms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aifirst_dagster.evaluation.tables import Kind, Labelled, rows_of

_WHOLE = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.0*)?")
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d|2100")
_EMPTY = {"", "-", "?", "na", "n/a", "nan", "null", "none"}


@dataclass(frozen=True)
class Tally:
    """Counts that add up.

    For types and mappings `of` columns were asked for and `hits` are right. For cells `of` are wrong, `said` were
    called wrong, `hits` are both, and `repairs_right` of `repairs` suggested values are the true ones.
    """

    hits: int = 0
    of: int = 0
    said: int = 0
    repairs: int = 0
    repairs_right: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.hits + other.hits, self.of + other.of, self.said + other.said, self.repairs + other.repairs,
            self.repairs_right + other.repairs_right,
        )  # fmt: skip

    @property
    def share(self) -> float | None:
        """Right ones of those asked for: accuracy, or recall."""
        return self.hits / self.of if self.of else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where nothing was wrong and nothing was said."""
        return 2 * self.hits / (self.of + self.said) if self.of + self.said else None

    def interval(self) -> tuple[float, float] | None:
        """The share's 95 % interval, after Wilson (1927)."""
        if not self.of:
            return None
        from scipy.stats import binomtest

        found = binomtest(self.hits, self.of).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


def measured(table: Labelled, answer: dict[str, Any]) -> Tally:
    """How right `answer` is: of `infer` for types, of `check --cells` for errors, of `map` for mappings."""
    return _MEASURES[table.kind](table, answer)


def _types(table: Labelled, answer: dict[str, Any]) -> Tally:
    """Columns whose type is the published one, or one that the values make just as right."""
    header, rows = rows_of(table.file)
    said = {column["source_name"]: (column["type"], column["format"]) for column in answer.get("columns", [])}
    hits = of = 0
    for at, name in enumerate(header):
        values = {row[at].strip() for row in rows if at < len(row)}
        values = {value for value in values if value.lower() not in _EMPTY}
        if values and table.types:
            of += 1
            hits += _fits(table.types[name], *said.get(name, ("", "")), values)
    return Tally(hits, of, len(said))


def _fits(published: str, kind: str, form: str, values: set[str]) -> bool:
    all_match: Callable[[re.Pattern[str]], bool] = lambda pattern: all(map(pattern.fullmatch, values))  # noqa: E731
    if kind == published:
        return True
    if (published, kind) == ("number", "integer"):
        return all_match(_WHOLE)
    if {published, kind} == {"year", "integer"}:
        return all_match(_YEAR)
    return (published, kind, form) == ("year", "date", "%Y")


def _errors(table: Labelled, answer: dict[str, Any]) -> Tally:
    """Cells that differ from the clean table, and those that were called wrong."""
    header, dirty = rows_of(table.file)
    assert table.other is not None
    _, clean = rows_of(table.other)
    places = {name: at for at, name in enumerate(header)}
    wrong = {
        (row, at) for row, (mine, true) in enumerate(zip(dirty, clean, strict=True)) for at in places.values()
        if mine[at] != true[at]
    }  # fmt: skip
    cells = answer.get("cells", [])
    said = {(cell["row"], places[cell["column"]]): cell["suggestion"] for cell in cells if cell["column"] in places}
    offered = {place: str(text) for place, text in said.items() if text is not None}
    right = sum(place in wrong and _same(text, clean[place[0]][place[1]]) for place, text in offered.items())
    return Tally(len(wrong & set(said)), len(wrong), len(said), len(offered), right)


def _same(one: str, other: str) -> bool:
    """Equal texts, or equal numbers."""
    try:
        return one.strip() == other.strip() or float(one) == float(other)
    except ValueError:
        return False


def _mapping(table: Labelled, answer: dict[str, Any]) -> Tally:
    """Source columns whose surest match is a right one."""
    best: dict[str, dict[str, Any]] = {}
    for match in answer.get("matches", []):
        if match["confidence"] > best.get(match["source"], {"confidence": -1.0})["confidence"]:
            best[match["source"]] = match
    pairs = table.pairs or {}
    hits = sum(best[name]["target"] in right for name, right in pairs.items() if name in best)
    return Tally(hits, len(pairs), len(best))


_MEASURES: dict[Kind, Callable[[Labelled, dict[str, Any]], Tally]] = {
    "types": _types,
    "errors": _errors,
    "mapping": _mapping,
}
