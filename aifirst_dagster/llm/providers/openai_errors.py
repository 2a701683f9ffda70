"""What the OpenAI SDK raises, as our failures; also for servers of other makers that speak its protocol."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from aifirst_dagster.llm.failures import LLMError, RefusedError, RejectedError, UnavailableError
from aifirst_dagster.llm.providers import sdk_failures
from aifirst_dagster.llm.providers.rate_headers import openai_limits
from aifirst_dagster.observe.redact import redact

if TYPE_CHECKING:
    from openai import APIError, APIStatusError

#: With one of these nothing passes until somebody pays or raises a limit: waiting is no help.
SPENT = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "access_terminated"}
#: How codes begin of what is wrong with the request: it would fail again.
_OURS = (
    "invalid", "image", "unsupported", "empty_image", "failed_to_download", "data_residency", "context_length",
)  # fmt: skip
_POLICY = {"bio_policy", "misalignment_policy_violation", "image_content_policy_violation", "content_policy_violation"}


def translated(who: str, reach: str, key: str) -> AbstractContextManager[None]:
    """Run an SDK call; whatever it raises comes out as an `LLMError`.

    Args:
        who: The provider's name in messages.
        reach: What to check where it cannot be reached.
        key: The variable that holds its key.
    """
    return sdk_failures.caught(who, reach, lambda error: _known(error, who, reach, key))


def _known(error: Exception, who: str, reach: str, key: str) -> LLMError | None:
    import openai

    if isinstance(error, openai.APIResponseValidationError):
        return sdk_failures.malformed(who, error.message)
    if isinstance(error, openai.APIStatusError):
        failure = _by_status(who, key, error)
        failure.limits, failure.request_id = openai_limits(error.response.headers), error.request_id
        return failure
    if isinstance(error, openai.APIConnectionError):
        # A timeout of the SDK's own kind has the client's as its cause.
        return sdk_failures.transport(who, error.__cause__ or error, reach)
    if isinstance(error, openai.APIError):
        # An `error` within a stream: the status line had been sent before.
        return in_midst(who, error.code or error.type or "error", error.message)
    if isinstance(error, openai.OpenAIError):
        return RejectedError(f"The OpenAI SDK refused the request: {redact(str(error))}.")
    return None


def in_midst(who: str, code: str, message: str) -> LLMError:
    """An error that came instead of the rest of an answer."""
    said = redact(f"{code}: {message}")[:500]
    if code in _POLICY:
        return RefusedError(f"The model declined to answer ({said}).", billed="unknown")
    if code in SPENT:
        return UnavailableError(f"{who} broke off its answer ({said}).", hint=_RAISE, billed="unknown")
    if code.startswith(_OURS):
        return RejectedError(f"{who} did not complete the answer ({said}).", billed="unknown")
    return UnavailableError(f"{who} broke off its answer ({said}).", retryable=True, billed="unknown")


_RAISE = "The account's quota or balance is used up; calls fail until it is raised."


def _by_status(who: str, key: str, error: APIStatusError) -> LLMError:
    said = redact(f"{error.code or error.type or 'error'}: {_message(error)}")[:500]
    status = f"{who} answered {error.status_code} ({said})."
    if error.code in SPENT or error.type in SPENT or error.status_code == 402:
        return UnavailableError(status, hint=_RAISE)
    if error.status_code in (401, 403):
        return sdk_failures.no_entry(status, key)
    if sdk_failures.passes(error.status_code):
        wait, wished = sdk_failures.retry_after(error.response.headers), error.response.headers.get("x-should-retry")
        return sdk_failures.later(status, error.status_code, wait, retryable=wished != "false")
    if error.code in _POLICY:
        return RefusedError(f"The model declined to answer ({said}).")
    hint = "The model may be retired: see `aifirst models --check`." if error.code == "model_not_found" else ""
    return RejectedError(status, hint=hint)


def _message(error: APIError) -> str:
    body = error.body
    if isinstance(body, dict) and body.get("message"):
        return str(body["message"])
    return json.dumps(body) if isinstance(body, dict) else error.message
