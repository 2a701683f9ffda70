"""What Google's Gen AI SDK raises, as our failures: what happened, whether to try again, whether it may be billed."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.failures import LLMError, RejectedError, UnavailableError
from aifirst_dagster.llm.providers import sdk_failures
from aifirst_dagster.observe.redact import redact

if TYPE_CHECKING:
    from google.genai.errors import APIError

WHO = "Gemini"
REACH = "Check the network, and GOOGLE_GEMINI_BASE_URL if it is set."
_PASSING = {"UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "ABORTED", "UNKNOWN"}


def translated(key: str) -> AbstractContextManager[None]:
    """Run an SDK call; whatever it raises comes out as an `LLMError`. `key` is the variable that holds the key."""
    return sdk_failures.caught(WHO, REACH, lambda error: _known(error, key))


def _known(error: Exception, key: str) -> LLMError | None:
    from google.genai import errors

    return _status(error, key) if isinstance(error, errors.APIError) else None


def _status(error: APIError, key: str) -> LLMError:
    import httpx2

    said = redact(f"{error.status or 'error'}: {error.message}")[:500]
    if not isinstance(error.response, httpx2.Response):
        # Within a stream: the status line had been sent before.
        return UnavailableError(
            f"{WHO} broke off its answer ({said}).", retryable=error.status in _PASSING, billed="unknown"
        )
    status = f"{WHO} answered {error.code} ({said})."
    details = _details(error)
    reasons = {detail.get("reason") for detail in details}
    if error.code in (401, 403) or "API_KEY_INVALID" in reasons:
        return sdk_failures.no_entry(status, key)
    if error.code == 402 or _for_long(details) or "spending cap" in (error.message or "").lower():
        return UnavailableError(status, hint="The day's quota or the spending cap is used up; calls fail until then.")
    if sdk_failures.passes(error.code):
        wait = _delay(details) or sdk_failures.retry_after(error.response.headers)
        return sdk_failures.later(status, error.code, wait, retryable=True)
    hint = "The model may be retired: see `aifirst models --check`." if error.code == 404 else ""
    return RejectedError(status, hint=hint)


def _details(error: APIError) -> list[dict[str, Any]]:
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error") if isinstance(body.get("error"), dict) else body
    found = inner.get("details") if isinstance(inner, dict) else None
    return [detail for detail in found if isinstance(detail, dict)] if isinstance(found, list) else []


def _delay(details: list[dict[str, Any]]) -> float | None:
    """Seconds of a `RetryInfo`: `"retryDelay": "34s"`. Google asks in the body, not in a header."""
    for detail in details:
        delay = str(detail.get("retryDelay", ""))
        if delay.endswith("s") and delay[:-1].replace(".", "", 1).isdigit():
            return float(delay[:-1])
    return None


def _for_long(details: list[dict[str, Any]]) -> bool:
    """Whether a quota of a whole day is used up: waiting for seconds is no help."""
    violations = [violation for detail in details for violation in detail.get("violations") or ()]
    return any("PerDay" in str(violation.get("quotaId", "")) for violation in violations)
