"""What response headers say of rate limits, as `RateLimit`s."""

from __future__ import annotations

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
