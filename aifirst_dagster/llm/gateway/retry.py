"""Repeating what may pass: exponential waits with jitter, the provider's own wish obeyed up to a stated bound."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.resource import RetryPolicy

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


async def retrying(policy: RetryPolicy, send: Callable[[], Awaitable[_T]], ends: float) -> _T:
    """Await `send` until it succeeds, fails for good, or has had its attempts.

    Args:
        policy: How often, and how long to wait in between.
        send: One request.
        ends: The event loop's time after which nothing is repeated.

    Raises:
        LLMError: The last failure; its hint says so where waiting was asked for that is not allowed.
    """
    for attempt in range(1, policy.attempts + 1):
        try:
            return await send()
        except LLMError as error:
            if not error.retryable or attempt == policy.attempts:
                raise
            wait = pause(policy, attempt, error.retry_after)
            if error.retry_after is not None and error.retry_after > policy.longest_retry_after:
                error.hint = (
                    f"The provider asks to wait {error.retry_after:.0f} s; this resource waits "
                    f"{policy.longest_retry_after:.0f} s at most (retry.longest_retry_after)."
                )
                raise
            if asyncio.get_running_loop().time() + wait >= ends:
                error.hint = f"Waiting {wait:.1f} s to try again would pass the resource's deadline."
                raise
            _log.warning("attempt %d of %d failed: %s Next in %.1f s.", attempt, policy.attempts, error.message, wait)
            await asyncio.sleep(wait)
    raise AssertionError("unreachable: attempts is at least 1")


def pause(policy: RetryPolicy, attempt: int, retry_after: float | None) -> float:
    """Seconds to wait after the failed `attempt` (1-based): between half and all of the doubling step, and never
    less than the provider asks for."""
    step = min(policy.longest_seconds, policy.base_seconds * 2 ** (attempt - 1))
    own = step * random.uniform(0.5, 1.0)
    return max(own, retry_after or 0.0)
