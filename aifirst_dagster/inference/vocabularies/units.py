"""Units as they are spelled in the names of columns, and what each of them measures."""

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
