"""Repeating what may pass: exponential waits with jitter, the provider's own wish obeyed up to a stated bound."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.resource import RetryPolicy

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


def retrying(policy: RetryPolicy, send: Callable[[], _T]) -> _T:
    """Call `send` until it succeeds, fails for good, or has had its attempts.

    Raises:
        LLMError: The last failure; its hint says so where the provider asked for a longer wait than is allowed.
    """
    for attempt in range(1, policy.attempts + 1):
        try:
            return send()
        except LLMError as error:
            if not error.retryable or attempt == policy.attempts:
                raise
            if error.retry_after is not None and error.retry_after > policy.longest_retry_after:
                error.hint = (
                    f"The provider asks to wait {error.retry_after:.0f} s; this resource waits "
                    f"{policy.longest_retry_after:.0f} s at most (retry.longest_retry_after)."
                )
                raise
            wait = pause(policy, attempt, error.retry_after)
            _log.warning("attempt %d of %d failed: %s Next in %.1f s.", attempt, policy.attempts, error.message, wait)
            time.sleep(wait)
    raise AssertionError("unreachable: attempts is at least 1")


def pause(policy: RetryPolicy, attempt: int, retry_after: float | None) -> float:
    """Seconds to wait after the failed `attempt` (1-based): between half and all of the doubling step, and never
    less than the provider asks for."""
    step = min(policy.longest_seconds, policy.base_seconds * 2 ** (attempt - 1))
    own = step * random.uniform(0.5, 1.0)
    return max(own, retry_after or 0.0)
