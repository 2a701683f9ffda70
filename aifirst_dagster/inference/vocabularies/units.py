"""Units as they are spelled in the names of columns."""

from __future__ import annotations

_PLAIN_UNITS = "kg mg lb lbs oz cm mm km mi ft ml kw kwh mw mwh mb gb tb kb ms hz khz mhz ghz mph kmh rpm"
#: Last word of a column's name -> unit.
UNIT_WORDS = {
    **{unit: unit for unit in _PLAIN_UNITS.split()},
    "grams": "g", "kilograms": "kg", "meters": "m", "metres": "m", "seconds": "s", "minutes": "min", "hours": "h",
    "days": "d", "years": "a", "percent": "%", "pct": "%", "celsius": "°C", "fahrenheit": "°F", "miles": "mi",
    "inches": "in",     "bytes": "B", "watts": "W", "volts": "V",
}  # fmt: skip
"""Units as they are spelled at the end of a column's name."""
