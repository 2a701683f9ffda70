"""What response headers say of rate limits, as `RateLimit`s."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from aifirst_dagster.llm.types import RateLimit

_Kind = Literal["requests", "input_tokens", "output_tokens", "tokens"]
_CLAUDE: dict[str, _Kind] = {
    "requests": "requests",
    "input-tokens": "input_tokens",
    "output-tokens": "output_tokens",
    "tokens": "tokens",
}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def claude_limits(headers: Mapping[str, str]) -> tuple[RateLimit, ...]:
    """`anthropic-ratelimit-<what>-{limit,remaining,reset}`; what is missing or unreadable is left out."""
    found: list[RateLimit] = []
    for name, kind in _CLAUDE.items():
        prefix = f"anthropic-ratelimit-{name}-"
        try:
            limit, remaining = int(headers[f"{prefix}limit"]), int(headers[f"{prefix}remaining"])
            until = datetime.fromisoformat(headers[f"{prefix}reset"]) - datetime.now(UTC)
        except (KeyError, ValueError, TypeError):
            continue
        found.append(RateLimit(kind=kind, limit=limit, remaining=remaining, reset=max(0.0, until.total_seconds())))
    return tuple(found)


def openai_limits(headers: Mapping[str, str]) -> tuple[RateLimit, ...]:
    """`x-ratelimit-{limit,remaining,reset}-{requests,tokens}`; resets are durations: `6m0s`, `20ms`."""
    found: list[RateLimit] = []
    kinds: tuple[_Kind, ...] = ("requests", "tokens")
    for kind in kinds:
        try:
            limit, remaining = int(headers[f"x-ratelimit-limit-{kind}"]), int(headers[f"x-ratelimit-remaining-{kind}"])
            reset = _seconds(headers[f"x-ratelimit-reset-{kind}"])
        except (KeyError, ValueError):
            continue
        found.append(RateLimit(kind=kind, limit=limit, remaining=remaining, reset=reset))
    return tuple(found)


def _seconds(duration: str) -> float:
    """`1h2m3.5s` or `20ms` in seconds."""
    found = re.findall(r"([0-9.]+)(ms|s|m|h|d)", duration)
    if not found or "".join(number + unit for number, unit in found) != duration.strip():
        raise ValueError(duration)
    return sum(float(number) * _UNITS[unit] for number, unit in found)
