"""What the Anthropic SDK raises, as our failures: what happened, whether to try again, whether it may be billed."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from aifirst_dagster.llm.failures import LLMError, RejectedError, UnavailableError
from aifirst_dagster.llm.providers import sdk_failures
from aifirst_dagster.llm.providers.claude_wire import WHO
from aifirst_dagster.llm.providers.rate_headers import claude_limits
from aifirst_dagster.observe.redact import redact

if TYPE_CHECKING:
    from anthropic import APIStatusError

REACH = "Check the network, and ANTHROPIC_BASE_URL if it is set."
#: A 429 with one of these lasts until somebody raises the limit: waiting is no help.
SPEND_CAPS = {"enforced_spend_limit_reached", "contract_spend_limit_reached", "linked_organization_spend_limit_reached"}
_PASSING = {
    "overloaded_error", "api_error", "rate_limit_error", "timeout_error",
    # Bedrock's own names within its streams.
    "internalServerException", "modelStreamErrorException", "modelTimeoutException", "serviceUnavailableException",
    "throttlingException",
}  # fmt: skip


def translated(key: str) -> AbstractContextManager[None]:
    """Run an SDK call; whatever it raises comes out as an `LLMError`. `key` is the variable that holds the key."""
    return sdk_failures.caught(WHO, REACH, lambda error: _known(error, key))


def _known(error: Exception, key: str) -> LLMError | None:
    import anthropic

    if isinstance(error, anthropic.APIResponseValidationError):
        return sdk_failures.malformed(WHO, error.message)
    if isinstance(error, anthropic.APIStatusError):
        failure = _by_status(error, key)
        failure.limits, failure.request_id = claude_limits(error.response.headers), error.request_id
        return failure
    if isinstance(error, anthropic.APIConnectionError):
        # A timeout of the SDK's own kind has the client's as its cause.
        return sdk_failures.transport(WHO, error.__cause__ or error, REACH)
    if isinstance(error, anthropic.AnthropicError):
        return RejectedError(f"The Anthropic SDK refused the request: {redact(str(error))}.")
    return None


def _by_status(error: APIStatusError, key: str) -> LLMError:
    said = redact(f"{error.type or 'error'}: {error.api_message or error.message}")[:500]
    if error.status_code == 200:
        # An `error` event within a stream: the status line had been sent before.
        passing = error.type in _PASSING
        return UnavailableError(f"Claude broke off its answer ({said}).", retryable=passing, billed="unknown")
    status = f"Claude answered {error.status_code} ({said})."
    if error.status_code in (401, 403):
        return sdk_failures.no_entry(status, key)
    if error.status_code == 402 or error.error_code in SPEND_CAPS:
        return UnavailableError(
            status, hint="The account's spend limit or balance is used up; calls fail until it is raised."
        )
    if sdk_failures.passes(error.status_code):
        wait, wished = sdk_failures.retry_after(error.response.headers), error.response.headers.get("x-should-retry")
        return sdk_failures.later(status, error.status_code, wait, retryable=wished != "false")
    hint = "The model may be retired: see resources/llm/." if error.status_code == 404 else ""
    return RejectedError(status, hint=hint)
