"""What numbers count: money, shares, and quantities with a unit."""

from __future__ import annotations

import re

from aifirst_dagster.inference import units
from aifirst_dagster.inference.meanings.kind import NUMERIC, TEXT, WHOLE, Look, Meaning, like, within

#: Unit -> the quantity that it measures.
QUANTITY = {
    unit: quantity
    for quantity, spelled in {
        "weight": "kg g mg µg ug lb lbs oz t ton tons tonne tonnes pound pounds ounce ounces gram grams kilogram"
                  " kilograms",
        "length": "cm mm m km nm µm um in inch inches ft feet foot mi mile miles yd yard yards meter meters metre"
                  " metres px",
        "temperature": "°c °f c° f° celsius fahrenheit kelvin °k degc degf",
        "duration": "s sec secs second seconds min mins minute minutes h hr hrs hour hours d day days week weeks"
                    " ms month "
                    "months year years yr yrs a milliseconds us ns",
        "area": "m² m2 km² km2 ft² ft2 sqft sqm ha acre acres sqmi hectares",
        "volume": "l ml cl dl gal m³ m3 cm³ ft³ liter liters litre litres cc fl gallons bbl",
        "speed": "mph kmh km/h kph m/s ft/s knots knot kt",
        "power": "w kw mw gw hp bhp ps watt watts", "energy": "kwh mwh gwh wh kj mj j cal kcal joule",
        "data_size": "b kb mb gb tb kib mib gib byte bytes bit bits",
        "pressure": "pa hpa kpa mpa bar mbar psi mmhg inhg",
        "frequency": "hz khz mhz ghz rpm bpm", "voltage": "v mv kv volt volts", "angle": "deg ° rad degrees",
    }.items()
    for unit in spelled.split()
}  # fmt: skip


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


def _measured(look: Look) -> bool:
    """Categories coded as 1, 2, 3 are no quantity."""
    return look.distinct > 2 or look.unit is not None or any(value > 10 or value % 1 for value in look.numbers)


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
    Meaning(
        "unit_of_measure", "Units of measure", "a unit that is known", _unit_word,
        "unit_of_measure",
        chance=0.15, named=0.4, alone=0.98, weight=0.88,
        given=lambda look: look.middle <= 8 and not re.search(r"\d{2}", "".join(look.few)),
    ),
)  # fmt: skip
