"""What is asked of a model, what comes back, and what it took: the types every provider and caller shares."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator

Thinking = Literal["off", "adaptive"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
_Model = TypeVar("_Model", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextPart(_Frozen):
    """Plain text in a message."""

    type: Literal["text"] = "text"
    text: str


class ProviderPart(_Frozen):
    """A provider's own block (thinking with its signature, say): sent back exactly as it came, dropped elsewhere."""

    type: Literal["provider"] = "provider"
    provider: str
    block: dict[str, Any]


#: What a message is made of. Images, documents and tool calls join this union when they are built.
Part = Annotated[TextPart | ProviderPart, Field(discriminator="type")]


class Message(_Frozen):
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    content: tuple[Part, ...]

    @field_validator("content", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return (TextPart(text=value),) if isinstance(value, str) else value

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.content if isinstance(part, TextPart))


class CallContext(_Frozen):
    """On whose behalf a call is made; stands in the ledger and in error messages.

    Attributes:
        pipeline: The pipeline's slug, or None for a bare file.
        step: The step's key.
        task: The proposal task ("schema", "mapping", "rules", ...).
        run_id: What the budget's cap applies to; the LLM's own id where it is None.
    """

    pipeline: str | None = None
    step: str | None = None
    task: str | None = None
    run_id: str | None = None


class LLMRequest(_Frozen):
    """Everything that decides an answer, and on whose behalf it is asked.

    Attributes:
        messages: The turns so far, append-only, ending with the user's. A plain string is one user turn.
        system: Standing instructions.
        output: The Pydantic model the answer must satisfy; None asks for free text.
        max_tokens: Cap on everything the model writes, thinking included; None: the resource's `max_output_tokens`.
        thinking: "adaptive" lets the model reason first; "off" is the least that the model allows.
        effort: How deep; None: the resource's, else the model's default.
        stream: None streams where the answer may be long.
        model: A name or alias in place of the resource's model.
        metadata: Who asks.
    """

    messages: tuple[Message, ...]
    system: str = ""
    output: type[BaseModel] | None = None
    max_tokens: int | None = Field(default=None, gt=0)
    thinking: Thinking = "off"
    effort: Effort | None = None
    stream: bool | None = None
    model: str | None = None
    metadata: CallContext = CallContext()

    @field_validator("messages", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return (Message(role="user", content=(TextPart(text=value),)),) if isinstance(value, str) else value


class Tokens(_Frozen):
    """Tokens of one request as they are billed; the parts do not overlap.

    Attributes:
        input: Fresh input.
        cache_read: Input read from the prompt cache.
        cache_write_5m: Input written to the prompt cache for five minutes.
        cache_write_1h: Input written to the prompt cache for an hour.
        output: All output, thinking included.
    """

    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0

    @property
    def prompt(self) -> int:
        """The whole input, cached or not."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h


class Usage(_Frozen):
    """What model work took; usages add up with `+`.

    Attributes:
        calls: Requests sent to a provider, retries included.
        cache_hits: Answers served from the response cache, without a request.
        input_tokens: All input, cached or not.
        cached_input_tokens: The part of it that was read from the provider's prompt cache.
        output_tokens: All output, thinking included.
        cost_usd: US dollars; a request that may have been billed without our knowing counts with its upper bound.
        models: Ids of the models used, in order of first use.
        retries: Requests that repeated an earlier one, after an error or with feedback.
        failures: Requests that gave no usable answer.
    """

    calls: int = 0
    cache_hits: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    models: tuple[str, ...] = ()
    retries: int = 0
    failures: int = 0

    @classmethod
    def none(cls) -> Usage:
        """No model work at all."""
        return cls()

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            cache_hits=self.cache_hits + other.cache_hits,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=round(self.cost_usd + other.cost_usd, 10),
            models=tuple(dict.fromkeys((*self.models, *other.models))),
            retries=self.retries + other.retries,
            failures=self.failures + other.failures,
        )


class Answer(_Frozen):
    """What a provider received, before anyone judged it.

    Attributes:
        content: The assistant's turn as it came, to be sent back unchanged.
        text: Its text parts, joined.
        thinking: What the provider shows of the reasoning; for the audit trail only.
        stop_reason: The provider's own word; None where the answer never ended.
        stop_details: More on a refusal, where given.
    """

    content: tuple[Part, ...]
    text: str
    thinking: str = ""
    stop_reason: str | None
    stop_details: str = ""
    tokens: Tokens
    model: str
    request_id: str | None = None


class LLMResponse(_Frozen):
    """A usable answer.

    Attributes:
        parsed: An instance of the request's `output`, or None where free text was asked for.
        text: The answer's text.
        usage: What the whole call took, retries and feedback rounds included.
        attempts: Requests sent for it.
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
    notices: tuple[str, ...] = ()

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
