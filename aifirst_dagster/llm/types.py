"""What is asked of a model and what comes back: the types that every provider and caller shares."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, computed_field, field_validator

from aifirst_dagster.llm.parts import (
    DocumentPart,
    Frozen,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
)
from aifirst_dagster.llm.usage import Tokens, Usage

__all__ = [
    "Answer",
    "CallContext",
    "DocumentPart",
    "Effort",
    "ImagePart",
    "LLMRequest",
    "LLMResponse",
    "Message",
    "Part",
    "ProviderPart",
    "RateLimit",
    "TextPart",
    "Thinking",
    "Tokens",
    "ToolCallPart",
    "ToolResultPart",
    "ToolSpec",
    "Usage",
]

Thinking = Literal["off", "adaptive"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
CacheState = Literal["miss", "hit", "shared", "off"]
_Model = TypeVar("_Model", bound=BaseModel)


class CallContext(Frozen):
    """On whose behalf a call is made; stands in the ledger and in error messages.

    Attributes:
        pipeline: The pipeline's slug, or None for a bare file.
        step: The step's key.
        task: The proposal task ("schema", "mapping", "rules", ...).
        run_id: What the budget's cap applies to; the LLM's own id where it is None.
        backfill: The backfill that the run belongs to: all its runs together have a cap as well.
    """

    pipeline: str | None = None
    step: str | None = None
    task: str | None = None
    run_id: str | None = None
    backfill: str | None = None


class LLMRequest(Frozen):
    """Everything that decides an answer, and on whose behalf it is asked.

    Attributes:
        messages: The turns so far, append-only, ending with the user's. A plain string is one user turn.
        system: Standing instructions; with `cache_system`, marked as a stable prefix where providers need to be told.
        output: The Pydantic model the answer must satisfy; None asks for free text.
        tools: Tools that the model may call; an answer that calls them has `tool_calls`.
        max_tokens: Cap on everything the model writes, thinking included; None: the resource's `max_output_tokens`.
        thinking: "adaptive" lets the model reason first; "off" is the least that the model allows.
        effort: How deep; None: the resource's, else the model's default.
        stream: None streams where the answer may be long.
        model: A name or alias in place of the resource's model.
        expected_tokens: Output that the caller expects, for estimates only: it decides nothing.
        fresh: Ask again even where the answer is known; the new answer replaces it.
        metadata: Who asks.
    """

    messages: tuple[Message, ...]
    system: str = ""
    cache_system: bool = False
    output: type[BaseModel] | None = None
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int | None = Field(default=None, gt=0)
    thinking: Thinking = "off"
    effort: Effort | None = None
    stream: bool | None = None
    model: str | None = None
    expected_tokens: int | None = None
    fresh: bool = False
    metadata: CallContext = CallContext()

    @field_validator("messages", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return (Message(role="user", content=(TextPart(text=value),)),) if isinstance(value, str) else value


class RateLimit(Frozen):
    """What a provider's response headers say of one limit.

    Attributes:
        kind: What is counted.
        limit: How many a minute.
        remaining: How many are left until it is full again.
        reset: Seconds until it is full again.
    """

    kind: Literal["requests", "input_tokens", "output_tokens", "tokens"]
    limit: int
    remaining: int
    reset: float


class Answer(Frozen):
    """What a provider received, before anyone judged it.

    Attributes:
        content: The assistant's turn as it came, to be sent back unchanged.
        text: Its text parts, joined.
        thinking: What the provider shows of the reasoning; for the audit trail only.
        stop_reason: The provider's own word; None where the answer never ended.
        stop_details: More on a refusal, where given.
        limits: What the response's headers say of the account's rate limits.
        notices: What had to be done otherwise than asked to get it.
    """

    content: tuple[Part, ...]
    text: str
    thinking: str = ""
    stop_reason: str | None
    stop_details: str = ""
    tokens: Tokens
    model: str
    request_id: str | None = None
    limits: tuple[RateLimit, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The tools that the model asks for."""
        return tuple(part for part in self.content if isinstance(part, ToolCallPart))


class LLMResponse(Frozen):
    """A usable answer.

    Attributes:
        parsed: An instance of the request's `output`, or None where free text was asked for.
        text: The answer's text.
        usage: What the whole call took, retries and feedback rounds included.
        attempts: Requests sent for it.
        cache: "hit": from the response cache; "shared": an identical request was in flight, and this is its answer.
        notices: What the user should see: an alias resolved, a setting that the model does not have.
    """

    parsed: BaseModel | None
    text: str
    usage: Usage
    stop_reason: str
    provider: str
    model: str
    request_id: str | None
    attempts: int
    thinking: str = ""
    content: tuple[Part, ...] = ()
    cache: CacheState = "off"
    notices: tuple[str, ...] = ()

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The tools that the model asks for; their results go into the next request."""
        return tuple(part for part in self.content if isinstance(part, ToolCallPart))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cost_usd(self) -> float:
        """US dollars for the whole call."""
        return self.usage.cost_usd

    def parsed_as(self, model: type[_Model]) -> _Model:
        """`parsed`, known to be a `model`."""
        if not isinstance(self.parsed, model):
            raise TypeError(f"the answer is no {model.__name__}")
        return self.parsed
