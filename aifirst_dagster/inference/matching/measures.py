"""Units of measure that numbers are converted between, where both sides state theirs."""

from __future__ import annotations

import re

from aifirst_dagster.inference.matching.facts import Facts

#: Dimension -> unit -> (factor, offset) to the dimension's base unit.
_UNITS: dict[str, dict[str, tuple[float, float]]] = {
    "length": {"mm": (0.001, 0), "cm": (0.01, 0), "m": (1, 0), "km": (1000, 0), "in": (0.0254, 0), "ft": (0.3048, 0),
               "yd": (0.9144, 0), "mi": (1609.344, 0)},
    "mass": {"mg": (1e-6, 0), "g": (0.001, 0), "kg": (1, 0), "t": (1000, 0), "lb": (0.45359237, 0),
             "oz": (0.028349523125, 0)},
    "time": {"ms": (0.001, 0), "s": (1, 0), "min": (60, 0), "h": (3600, 0), "d": (86400, 0), "week": (604800, 0)},
    "temperature": {"°c": (1, 0), "°f": (5 / 9, -160 / 9), "k": (1, -273.15)},
    "volume": {"ml": (0.001, 0), "l": (1, 0), "gal": (3.785411784, 0)},
    "speed": {"km/h": (1, 0), "mph": (1.609344, 0), "m/s": (3.6, 0), "kn": (1.852, 0)},
    "energy": {"kwh": (1, 0), "mwh": (1000, 0), "wh": (0.001, 0)},
    "power": {"w": (1, 0), "kw": (1000, 0), "mw": (1e6, 0), "hp": (745.7, 0)},
    "share": {"%": (0.01, 0), "ratio": (1, 0)},
    "span": {"year": (12, 0), "month": (1, 0)},
}  # fmt: skip
_SPELLED = {
    "inch": "in", "inches": "in", "feet": "ft", "foot": "ft", "mile": "mi", "miles": "mi", "metre": "m", "meter": "m",
    "metres": "m", "meters": "m", "centimeters": "cm", "centimetres": "cm", "kilometers": "km", "kilometres": "km",
    "gram": "g", "grams": "g", "kilograms": "kg", "kgs": "kg", "lbs": "lb", "pounds": "lb", "ounces": "oz",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "mins": "min", "minute": "min", "minutes": "min",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "weeks": "week", "years": "year",
    "months": "month", "celsius": "°c", "fahrenheit": "°f", "kelvin": "k", "degc": "°c", "degf": "°f",
    "liter": "l", "litre": "l", "liters": "l", "litres": "l", "kmh": "km/h", "kph": "km/h", "pct": "%", "percent": "%",
    "percentage": "%", "fraction": "ratio", "ratio": "ratio", "share": "ratio",
}  # fmt: skip
#: Words of names that are units only with something before them.
_IN_NAMES = frozenset({
    *_SPELLED, "mm", "cm", "km", "kg", "mg", "lb", "oz", "ft", "mi", "ms", "ml", "kwh", "mwh", "mph", "kw", "hp",
}) - {"share", "fraction", "ratio", "min", "day", "minute", "second", "hour", "foot", "sec"}  # fmt: skip


def stated(facts: Facts) -> str | None:
    """The unit that a column's numbers are stated to have: known, or written at the end of a name or in brackets."""
    if facts.column.unit:
        return _unit(facts.column.unit)
    for text in filter(None, (facts.name, facts.column.source_name, facts.title, facts.column.description)):
        bracket = re.search(r"[(\[]\s*(?:in\s+)?([^\W\d_°%]+|°[CF]|%|km/h|m/s)\s*[)\]]", text)
        told = re.search(r"(?i)\bin ([a-z]+)\b", text)
        if bracket and (unit := _unit(bracket.group(1))):
            return unit
        if told and told.group(1).lower() in _IN_NAMES:
            return _unit(told.group(1))
    words = [word for word in re.split(r"[\W_]+", facts.name.lower()) if word]
    return _unit(words[-1]) if len(words) > 1 and words[-1] in _IN_NAMES else None


def between(source: Facts, target: Facts) -> tuple[str, str] | None:
    """The units of both sides, where both state theirs; a single letter is a unit where the other side has its like."""
    held, wanted = stated(source), stated(target)
    held = held or _letter(source, wanted)
    wanted = wanted or _letter(target, held)
    return (held, wanted) if held and wanted else None


def _letter(facts: Facts, like: str | None) -> str | None:
    words = [word for word in re.split(r"[\W_]+", facts.name.lower()) if word]
    alike = any(words[-1:] and words[-1] in units and like in units for units in _UNITS.values())
    return words[-1] if like and len(words) > 1 and alike else None


def conversion(held: str | None, wanted: str | None) -> tuple[float, float] | None:
    """(factor, offset) that turns numbers in `held` into `wanted`; None where they are the same or cannot be."""
    if not held or not wanted or held == wanted:
        return None
    for units in _UNITS.values():
        if held in units and wanted in units:
            (one, shift), (other, back) = units[held], units[wanted]
            return one / other, (shift - back) / other
    return None


def _unit(text: str) -> str | None:
    spelled = text.strip().lower()
    unit = _SPELLED.get(spelled, spelled)
    return unit if any(unit in units for units in _UNITS.values()) else None
