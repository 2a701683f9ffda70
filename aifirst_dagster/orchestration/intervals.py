"""How often sensors look: their own intervals, or `AIFIRST_SENSOR_SECONDS` for all of them."""

from __future__ import annotations

import os

from aifirst_dagster.errors import ConfigError

VARIABLE = "AIFIRST_SENSOR_SECONDS"


def interval(seconds: int) -> int:
    """Seconds between two looks of a sensor whose own interval is `seconds`.

    Raises:
        ConfigError: The variable holds no positive whole number.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return seconds
    if not text.isdecimal() or int(text) == 0:
        raise ConfigError(f"{VARIABLE} is {text!r}.", hint="Give whole seconds, say 30, or leave it out.")
    return int(text)
