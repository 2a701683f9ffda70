"""Why a call gave no answer. A failed call is never data: each failure is an exception with its kind and its bill."""

from __future__ import annotations

from typing import ClassVar, Literal

from aifirst_dagster.errors import BudgetError, ServiceError
from aifirst_dagster.llm.types import RateLimit, Tokens, Usage

FailureKind = Literal["refused", "truncated", "invalid", "unavailable", "rejected", "budget", "auth", "offline"]
Billed = Literal["no", "yes", "unknown"]


class LLMError(ServiceError):
    """Base of all failed calls.

    Attributes:
        kind: What happened, for code to branch on.
        usage: What the failed call took all the same.
        attempts: Requests sent.
        retryable: The same request may succeed later.
        retry_after: Seconds the provider asked to wait, where it did.
        billed: Whether the failed request cost money: "yes" goes with `tokens`; "unknown" where it may have.
        limits: What the response's headers say of the account's rate limits.
    """

    kind: ClassVar[FailureKind] = "unavailable"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retryable: bool = False,
        retry_after: float | None = None,
        billed: Billed = "no",
        tokens: Tokens | None = None,
        request_id: str | None = None,
        limits: tuple[RateLimit, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.retryable, self.retry_after = retryable, retry_after
        self.billed, self.tokens, self.request_id = billed, tokens, request_id
        self.limits = limits
        self.usage, self.attempts = Usage.none(), 0


class RefusedError(LLMError):
    """The model declined to answer; asking the same again would be declined again."""

    kind = "refused"


class TruncatedError(LLMError):
    """The answer ran into `max_tokens` or the context window; half an answer is none."""

    kind = "truncated"


class InvalidAnswerError(LLMError):
    """The answer did not satisfy the output model, even after feedback."""

    kind = "invalid"


class UnavailableError(LLMError):
    """The provider could not be reached, was overloaded, or broke off."""

    kind = "unavailable"


class RejectedError(LLMError):
    """The provider does not accept the request as it is: unknown model, too long, unsupported setting."""

    kind = "rejected"


class AuthError(LLMError):
    """The provider does not accept the key, or there is none."""

    kind = "auth"


class BudgetExceededError(LLMError, BudgetError):
    """The call was not sent: it could have cost more than what its cap leaves."""

    kind = "budget"


class NoModelError(LLMError):
    """No model is configured: the deterministic engine's turn."""

    kind = "offline"
