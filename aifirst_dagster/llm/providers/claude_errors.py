"""What the Anthropic SDK raises, as our failures: what happened, whether to try again, whether it may be billed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aifirst_dagster.llm.failures import AuthError, LLMError, RejectedError, UnavailableError
from aifirst_dagster.llm.providers import sdk_failures
from aifirst_dagster.llm.providers.claude_wire import WHO
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


@contextmanager
def translated(key: str) -> Iterator[None]:
    """Run an SDK call; whatever it raises comes out as an `LLMError`. `key` is the variable that holds the key."""
    import anthropic
    import httpx2

    try:
        yield
    except LLMError:
        raise
    except anthropic.APIResponseValidationError as error:
        raise sdk_failures.malformed(WHO, error.message) from error
    except anthropic.APIStatusError as error:
        raise _status(error, key) from error
    except anthropic.APIConnectionError as error:
        # A timeout of the SDK's own kind has the client's as its cause.
        raise sdk_failures.transport(WHO, error.__cause__ or error, REACH) from error
    except (httpx2.TransportError, httpx2.StreamError) as error:
        # Out of the middle of a stream; the SDK does not wrap it.
        raise sdk_failures.transport(WHO, error, REACH) from error
    except anthropic.AnthropicError as error:
        raise RejectedError(f"The Anthropic SDK refused the request: {redact(str(error))}.") from error
    except (ValueError, TypeError, AttributeError, AssertionError, LookupError, RuntimeError) as error:
        # The SDK stumbles over answers that are no JSON, or streams without their parts, with bare exceptions.
        raise sdk_failures.malformed(WHO, f"{type(error).__name__}: {error}") from error


def _status(error: APIStatusError, key: str) -> LLMError:
    from aifirst_dagster.llm.providers.rate_headers import claude_limits

    failure = _by_status(error, key)
    failure.limits = claude_limits(error.response.headers)
    return failure


def _by_status(error: APIStatusError, key: str) -> LLMError:
    said = redact(f"{error.type or 'error'}: {error.api_message or error.message}")[:500]
    if error.status_code == 200:
        # An `error` event within a stream: the status line had been sent before.
        return UnavailableError(
            f"Claude broke off its answer ({said}).",
            retryable=error.type in _PASSING,
            billed="unknown",
            request_id=error.request_id,
        )
    status = f"Claude answered {error.status_code} ({said})."
    if error.status_code in (401, 403):
        return AuthError(status, hint=f"Check {key} and what it may do.", request_id=error.request_id)
    if error.status_code == 402 or error.error_code in SPEND_CAPS:
        return UnavailableError(
            status,
            hint="The account's spend limit or balance is used up; calls fail until it is raised.",
            request_id=error.request_id,
        )
    if error.status_code in (408, 409, 429) or error.status_code >= 500:
        return UnavailableError(
            status,
            hint="Try again later.",
            retryable=error.response.headers.get("x-should-retry") != "false",
            retry_after=sdk_failures.retry_after(error.response.headers),
            # A gateway that gave up waiting does not know what became of the request.
            billed="unknown" if error.status_code in (408, 504) else "no",
            request_id=error.request_id,
        )
    hint = "The model may be retired: see resources/llm/." if error.status_code == 404 else ""
    return RejectedError(status, hint=hint, request_id=error.request_id)
