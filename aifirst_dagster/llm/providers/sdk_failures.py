"""Failures that every SDK has: not reached, broken off, too slow, unreadable; and what headers say of waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aifirst_dagster.llm.failures import UnavailableError
from aifirst_dagster.observe.redact import redact


def malformed(who: str, detail: str) -> UnavailableError:
    """What came back is no answer of that API. It was served, hence perhaps billed."""
    return UnavailableError(f"{who}'s answer cannot be read: {redact(detail)[:300]}.", retryable=True, billed="unknown")


def broken_off(who: str, detail: str) -> UnavailableError:
    """The connection ended in the middle of things."""
    return UnavailableError(f"The connection to {who} broke off ({detail}).", retryable=True, billed="unknown")


def unreachable(who: str, hint: str) -> UnavailableError:
    """No connection came about: nothing was sent."""
    return UnavailableError(f"{who} cannot be reached.", hint=hint, retryable=True)


def too_slow(who: str) -> UnavailableError:
    """The provider did not answer within the resource's timeout; it may be at work all the same."""
    return UnavailableError(f"{who} did not answer in time.", retryable=True, billed="unknown")


def transport(who: str, error: BaseException | None, hint: str) -> UnavailableError:
    """What an HTTP client raises."""
    import httpx2

    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return unreachable(who, hint)
    if isinstance(error, httpx2.TimeoutException):
        return too_slow(who)
    return broken_off(who, type(error).__name__)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after` (seconds or a date)."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" not in headers:
            return None
        text = headers["retry-after"]
        if text.replace(".", "", 1).isdigit():
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
