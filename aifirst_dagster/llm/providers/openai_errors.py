"""What the OpenAI SDK raises, as our failures; also for servers of other makers that speak its protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aifirst_dagster.llm.failures import AuthError, LLMError, RefusedError, RejectedError, UnavailableError
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


@contextmanager
def translated(who: str, reach: str, key: str) -> Iterator[None]:
    """Run an SDK call; whatever it raises comes out as an `LLMError`.

    Args:
        who: The provider's name in messages.
        reach: What to check where it cannot be reached.
        key: The variable that holds its key.
    """
    import httpx2
    import openai

    try:
        yield
    except LLMError:
        raise
    except openai.APIResponseValidationError as error:
        raise sdk_failures.malformed(who, error.message) from error
    except openai.APIStatusError as error:
        raise _status(who, key, error) from error
    except openai.APIConnectionError as error:
        # A timeout of the SDK's own kind has the client's as its cause.
        raise sdk_failures.transport(who, error.__cause__ or error, reach) from error
    except openai.APIError as error:
        # An `error` within a stream: the status line had been sent before.
        raise in_midst(who, error.code or error.type or "error", error.message) from error
    except (httpx2.TransportError, httpx2.StreamError) as error:
        raise sdk_failures.transport(who, error, reach) from error
    except openai.OpenAIError as error:
        raise RejectedError(f"The OpenAI SDK refused the request: {redact(str(error))}.") from error
    except (ValueError, TypeError, AttributeError, AssertionError, LookupError, RuntimeError) as error:
        raise sdk_failures.malformed(who, f"{type(error).__name__}: {error}") from error


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


def _status(who: str, key: str, error: APIStatusError) -> LLMError:
    failure = _by_status(who, key, error)
    failure.limits = openai_limits(error.response.headers)
    failure.request_id = error.request_id
    return failure


def _by_status(who: str, key: str, error: APIStatusError) -> LLMError:
    said = redact(f"{error.code or error.type or 'error'}: {_message(error)}")[:500]
    status = f"{who} answered {error.status_code} ({said})."
    if error.code in SPENT or error.type in SPENT or error.status_code == 402:
        return UnavailableError(status, hint=_RAISE)
    if error.status_code in (401, 403):
        return AuthError(status, hint=f"Check {key} and what it may do.")
    if error.status_code in (408, 409, 429) or error.status_code >= 500:
        return UnavailableError(
            status,
            hint="Try again later.",
            retryable=error.response.headers.get("x-should-retry") != "false",
            retry_after=sdk_failures.retry_after(error.response.headers),
            # A gateway that gave up waiting does not know what became of the request.
            billed="unknown" if error.status_code in (408, 504) else "no",
        )
    if error.code in _POLICY:
        return RefusedError(f"The model declined to answer ({said}).")
    hint = "The model may be retired: see `aifirst models --check`." if error.code == "model_not_found" else ""
    return RejectedError(status, hint=hint)


def _message(error: APIError) -> str:
    body = error.body
    if isinstance(body, dict) and body.get("message"):
        return str(body["message"])
    return json.dumps(body) if isinstance(body, dict) else error.message
