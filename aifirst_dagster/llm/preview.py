"""A request as it would be sent and what it would cost: nothing is sent, no key is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.parts import Frozen, Message
from aifirst_dagster.llm.types import CallContext, Effort, Thinking

if TYPE_CHECKING:
    from aifirst_dagster.llm.providers.base import Provider
    from aifirst_dagster.llm.resource import LLMResourceSpec
    from aifirst_dagster.llm.types import LLMRequest
    from aifirst_dagster.project import Project


class Preview(Frozen):
    """One request, not sent.

    Attributes:
        body: The request on the wire, to the last character; keys and secrets are no part of it.
        input_tokens: Likely size of the prompt.
        output_tokens: Likely size of the answer, thinking included.
        likely_usd: What these two cost.
        most_usd: What the request can cost at most; this is what a run's cap is asked for.
    """

    resource: str
    provider: str
    model: str
    metadata: CallContext
    system: str
    messages: tuple[Message, ...]
    output: dict[str, Any] | None
    tools: tuple[dict[str, Any], ...]
    max_tokens: int
    thinking: Thinking
    effort: Effort | None
    body: dict[str, Any]
    input_tokens: int
    output_tokens: int
    likely_usd: float
    most_usd: float
    notices: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The preview as `--show-prompts --json` prints it; pictures and documents stand in `body` only."""
        who = self.metadata
        return {
            "step": who.step,
            "task": who.task,
            "resource": self.resource,
            "provider": self.provider,
            "model": self.model,
            "system": self.system,
            "messages": [{"role": message.role, "text": message.text, **_shown(message)} for message in self.messages],
            "schema": self.output,
            "tools": list(self.tools),
            "max_tokens": self.max_tokens,
            "thinking": self.thinking,
            "effort": self.effort,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": [round(self.likely_usd, 6), round(self.most_usd, 6)],
            "notices": list(self.notices),
            "body": self.body,
        }


#: Seconds that a provider's token count may take.
_COUNTING = 5.0


async def most_usd(
    request: LLMRequest, spec: LLMResourceSpec, provider: Provider, project: Project, room: float
) -> float:
    """The most that a request can cost: by its bytes, or where that is above `room`, by the provider's own count.

    Raises:
        RejectedError: The model cannot serve it.
        ConfigError: There is no such model.
    """
    import asyncio

    from aifirst_dagster.llm.failures import LLMError
    from aifirst_dagster.llm.gateway.call import resolve_model
    from aifirst_dagster.llm.gateway.estimate import counted_usd
    from aifirst_dagster.llm.gateway.estimate import most_usd as by_bytes

    model, _ = resolve_model(request.model, spec, project)
    prepared = provider.prepare(request, model)
    most = by_bytes(prepared, model)
    if most <= room or not provider.available:
        return most
    try:
        async with asyncio.timeout(_COUNTING) as waiting:
            tokens = await provider.count(prepared)
    except LLMError:
        return most
    except TimeoutError:
        if not waiting.expired():
            raise
        return most
    return most if tokens is None else min(most, counted_usd(tokens, prepared, model))


def _shown(message: Message) -> dict[str, Any]:
    """The pictures and documents of a turn, by what they are and how large."""
    fields = {"type", "media_type", "width", "height", "title", "pages"}
    media = [part.model_dump(include=fields) for part in message.content if part.type in ("image", "document")]
    return {"media": media} if media else {}


def preview(request: LLMRequest, spec: LLMResourceSpec, provider: Provider, project: Project) -> Preview:
    """What `provider` would be sent for `request`.

    Raises:
        RejectedError: The model cannot serve it.
        ConfigError: There is no such model.
    """
    from aifirst_dagster.llm.catalogue import price
    from aifirst_dagster.llm.gateway.call import resolve_model
    from aifirst_dagster.llm.gateway.estimate import likely_input_tokens, likely_output_tokens, most_usd
    from aifirst_dagster.llm.types import Tokens
    from aifirst_dagster.llm.wire_schema import wire_schema

    model, notice = resolve_model(request.model, spec, project)
    prepared = provider.prepare(request, model)
    read, written = likely_input_tokens(prepared), likely_output_tokens(prepared, request)
    return Preview(
        resource=spec.name,
        provider=spec.provider,
        model=model.name,
        metadata=request.metadata,
        system=request.system,
        messages=request.messages,
        output=wire_schema(request.output).schema if request.output else None,
        tools=tuple(
            {"name": tool.name, "description": tool.description, "arguments": tool.arguments.model_json_schema()}
            for tool in request.tools
        ),
        max_tokens=prepared.max_tokens,
        thinking=request.thinking,
        effort=request.effort or spec.effort,
        body=dict(prepared.body),
        input_tokens=read,
        output_tokens=written,
        likely_usd=price(model, Tokens(input=read, output=written)),
        most_usd=most_usd(prepared, model),
        notices=tuple(text for text in (notice, *prepared.notices) if text),
    )
