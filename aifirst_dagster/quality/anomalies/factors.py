"""Numbers off by a factor that people slip by: a decimal point, a thousand, another unit of the same kind."""

from __future__ import annotations

import math
from collections.abc import Mapping

#: factor -> what it means where numbers are so many times larger than they should be, and smaller.
FACTORS: Mapping[float, tuple[str, str]] = {
    10: ("the decimal point slipped by one place",) * 2,
    100: ("hundredths: cents for whole units, or percent for a share", "hundreds, or a share for percent"),
    1_000: ("thousandths (grams for kilograms), or a decimal separator that was read as one of thousands",
            "thousands (kilograms for grams), or a thousands separator that was read as a decimal one"),
    10_000: ("the decimal point slipped by four places",) * 2,
    1_000_000: ("units where others are in millions", "millions where others are in units"),
    60: ("minutes for hours, or seconds for minutes", "hours for minutes, or minutes for seconds"),
    3_600: ("seconds for hours", "hours for seconds"),
    24: ("hours for days", "days for hours"),
    12: ("months for years, or inches for feet", "years for months, or feet for inches"),
    2.54: ("centimetres for inches", "inches for centimetres"),
    25.4: ("millimetres for inches", "inches for millimetres"),
    30.48: ("centimetres for feet", "feet for centimetres"),
    3.28084: ("feet for metres", "metres for feet"),
    2.20462: ("pounds for kilograms", "kilograms for pounds"),
    453.592: ("grams for pounds", "pounds for grams"),
    1.60934: ("kilometres for miles", "miles for kilometres"),
    3.78541: ("litres for US gallons", "US gallons for litres"),
}  # fmt: skip
#: A power of ten is told from a factor near it; others must fit closely, and say so by a number of cells.
DECIMALS = (10, 100, 1_000, 10_000, 1_000_000)


def nearest(logarithm: float, spread: float) -> float | None:
    """The factor whose logarithm is nearest to `logarithm` (either may be negative), where it is near enough.

    Args:
        logarithm: Natural logarithm of how many times larger the numbers are than expected.
        spread: Standard error of it.
    """
    best: tuple[float, float] | None = None
    for factor in FACTORS:
        for sign in (1, -1):
            off = abs(logarithm - sign * math.log(factor))
            # A unit's factor has to fit as well as a decimal's and is believed later: there are more of them.
            reach = max(0.12, 3 * spread) if factor in DECIMALS else max(0.04, 2 * spread)
            cost = off * (1 if factor in DECIMALS else 1.5)
            if off <= min(reach, 0.35) and (best is None or cost < best[0]):
                best = (cost, factor if sign > 0 else 1 / factor)
    return best[1] if best else None


def meaning(factor: float) -> str:
    """What it means for numbers to be `factor` times what they should be."""
    for known, (larger, smaller) in FACTORS.items():
        if math.isclose(known, factor, rel_tol=1e-6):
            return larger
        if math.isclose(1 / known, factor, rel_tol=1e-6):
            return smaller
    return "another unit"
