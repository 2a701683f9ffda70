"""Failures that every SDK has: not reached, broken off, too slow, unreadable; and what headers say of waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from aifirst_dagster.llm.failures import AuthError, LLMError, UnavailableError
from aifirst_dagster.observe.redact import redact


@contextmanager
def caught(who: str, reach: str, known: Callable[[Exception], LLMError | None]) -> Iterator[None]:
    """Run an SDK call; whatever it raises comes out as an `LLMError`.

    Args:
        who: The provider's name in messages.
        reach: What to check where it cannot be reached.
        known: What an exception of the SDK's own means; None: it is none of them.
    """
    try:
        yield
    except LLMError:
        raise
    except Exception as error:
        failure = known(error) or _anyone(who, reach, error)
        if failure is None:
            raise
        raise failure from error


def _anyone(who: str, reach: str, error: Exception) -> LLMError | None:
    import httpx2

    if isinstance(error, httpx2.TransportError | httpx2.StreamError):
        # Out of the middle of a stream; SDKs do not wrap it.
        return transport(who, error, reach)
    if isinstance(error, ValueError | TypeError | AttributeError | AssertionError | LookupError | RuntimeError):
        # SDKs stumble over answers that are no JSON, or streams without their parts, with bare exceptions.
        return malformed(who, f"{type(error).__name__}: {error}")
    return None


def no_entry(said: str, key: str) -> AuthError:
    """Status 401 or 403; `key` is the variable that holds the key."""
    return AuthError(said, hint=f"Check {key} and what it may do.")


def passes(status: int) -> bool:
    """Whether a status speaks of the moment, not of the request."""
    return status in (408, 409, 429) or status >= 500


def later(said: str, status: int, wait: float | None, *, retryable: bool) -> UnavailableError:
    """A status that passes; `wait` is how long the provider asks to."""
    # A gateway that gave up waiting does not know what became of the request.
    billed: Literal["unknown", "no"] = "unknown" if status in (408, 504) else "no"
    return UnavailableError(said, hint="Try again later.", retryable=retryable, retry_after=wait, billed=billed)


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
