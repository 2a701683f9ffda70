"""What numbers count: money, shares, and quantities with a unit."""

from __future__ import annotations

import re

from aifirst_dagster.inference import units
from aifirst_dagster.inference.meanings.kind import NUMERIC, TEXT, WHOLE, Look, Meaning, like, within
from aifirst_dagster.inference.vocabularies.units import QUANTITY
from aifirst_dagster.inference.vocabularies.words import spaced

_TITLES = {
    "weight": "Weights", "length": "Lengths", "temperature": "Temperatures", "duration": "Durations", "area": "Areas",
    "volume": "Volumes", "speed": "Speeds", "power": "Powers", "energy": "Energies", "data_size": "Sizes of data",
    "pressure": "Pressures", "frequency": "Frequencies", "voltage": "Voltages", "angle": "Angles",
}  # fmt: skip


def by_unit(unit: str | None) -> str | None:
    """The meaning that a column's unit gives it: `money`, `percentage`, or the quantity that it measures."""
    if not unit:
        return None
    if unit in units.CURRENCY_CODES or unit in units.CURRENCIES:
        return "money"
    return "percentage" if unit in ("%", "‰") else QUANTITY.get(unit.casefold())


_RELATIVE = spaced("to ratio rate index growth change pct percent rank grade score number num count type id code")
"""Words of a name that make it something else than the quantity that it names too."""


def _measured(look: Look) -> bool:
    """Categories coded as 1, 2, 3 are no quantity."""
    if set(look.words) & _RELATIVE:
        return False
    return look.distinct > 2 or look.unit is not None or any(value > 10 or value % 1 for value in look.numbers)


def _number_of(look: Look) -> bool:
    first = look.words[:2]
    of = first in (["number", "of"], ["no", "of"], ["nr", "of"], ["count", "of"], ["nombre", "de"], ["total", "number"])
    return look.unit is None and len(look.words) > 1 and (of or first[0] in ("num", "nb", "anzahl", "cnt", "n"))


def _unit_word(text: str) -> bool:
    plain = text.casefold().rstrip(".")
    return (
        plain in QUANTITY
        or plain in units.SUFFIXES
        or plain in ("kg/m3", "mg/l", "g/l", "µg/m³", "pcs.", "stk", "ea", "each")
    )


def _per_cent(look: Look) -> bool:
    return look.unit in (None, "%") and len(look.words) < 6


MEANINGS = (
    Meaning(
        "percentage", "Shares in per cent", "-100 to 100 or a little more", within(-100, 1000),
        "percentage",
        types=NUMERIC, alone=None, named=0.9, weight=0.75, given=_per_cent,
    ),
    Meaning("percentage", "Shares in per cent", "a number and %", like(r"[+-]?\d{1,4}(?:[.,]\d+)? ?[%‰]"), types=TEXT,
            given=lambda look: look.some("%")),
    Meaning("share", "Shares of a whole", "0 to 1", within(0, 1),
            "share",
            types=NUMERIC, alone=None, named=0.99, weight=0.7,
            given=lambda look: sum("." in text for text in look.few) * 2 >= len(look.few) > 0),
    Meaning(
        "money", "Amounts of money", "",
        called="money",
        types=NUMERIC, given=_measured,
    ),
    Meaning(
        "money", "Amounts of money", "numbers with two decimals", like(r"-?\d+\.\d{2}"), "money?", types=NUMERIC,
        alone=None,
        named=0.8, weight=0.5, given=_measured,
    ),
    *(
        Meaning(name, _TITLES[name], "a unit that measures it", called=name, types=NUMERIC,
                given=_measured)
        for name in _TITLES
    ),
    Meaning(
        "count", "Counts", "",
        called="count",
        types=WHOLE, given=lambda look: look.unit is None,
    ),
    Meaning("count", "Counts", "whole numbers, and a name that says `number of`", like(r"\d+(?:\.0*)?"), types=WHOLE,
            chance=0.0, weight=0.8, given=_number_of),
    Meaning(
        "unit_of_measure", "Units of measure", "a unit that is known", _unit_word,
        "unit_of_measure",
        chance=0.15, named=0.4, alone=0.98, weight=0.88,
        given=lambda look: look.middle <= 8 and not re.search(r"\d{2}", "".join(look.few)),
    ),
)  # fmt: skip
