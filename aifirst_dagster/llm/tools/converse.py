"""The loop: ask, run the tools that the answer calls, give their results back, until there is an answer or a bound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.parts import Message, TextPart, ToolCallPart, ToolResultPart
from aifirst_dagster.llm.tools.conversation import Conversation, ConversationError, Ended, ToolUse
from aifirst_dagster.llm.tools.tool import Bounds, Tool, failed, result_of
from aifirst_dagster.llm.types import LLMRequest, LLMResponse
from aifirst_dagster.llm.usage import Usage

_LAST = "This was the last look: no more tools are run. Give your answer now, in full and in the required format."


class Speaker(Protocol):
    """Whom to talk to: an `LLM`."""

    async def acall(self, request: LLMRequest) -> LLMResponse:
        """Answer, or raise an `LLMError`."""

    async def amost_usd(self, request: LLMRequest, room: float) -> float:
        """The most that the request can cost."""


def converse(llm: Speaker, request: LLMRequest, tools: Sequence[Tool], bounds: Bounds = Bounds()) -> Conversation:
    """Hold the conversation and wait for its end; see `aconverse`."""
    from aifirst_dagster.llm.gateway.loop import run

    return run(aconverse(llm, request, tools, bounds))


async def aconverse(llm: Speaker, request: LLMRequest, tools: Sequence[Tool], bounds: Bounds) -> Conversation:
    """Ask until the model answers without calling a tool.

    Calls of one turn run side by side and are answered together, in their order, before any text. The model's turns go
    back as they came. History is only appended to.

    Args:
        llm: Each of its calls passes the whole gateway: budget, cache, retries, ledger.
        request: How it begins; its `output` holds for the last answer. Its tools are set here.
        tools: What the model may call.
        bounds: Turns, time, money and sizes.

    Raises:
        ConversationError: A bound was reached without an answer, or a call failed for good; it holds what was said.
    """
    talk = _Talk(llm, request.model_copy(update={"tools": tuple(tool.spec for tool in tools)}), tools, bounds)
    try:
        async with asyncio.timeout(bounds.seconds):
            return await talk.hold()
    except TimeoutError:
        raise talk.end("seconds", f"The conversation reached its bound of {bounds.seconds:g} s.") from None
    except LLMError as error:
        if isinstance(error, ConversationError):
            raise
        talk.usage += error.usage
        raise talk.end("failed", error.message, error) from error


@dataclass
class _Talk:
    """A conversation under way."""

    llm: Speaker
    request: LLMRequest
    tools: Sequence[Tool]
    bounds: Bounds
    messages: tuple[Message, ...] = ()
    uses: list[ToolUse] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage.none)
    turns: int = 0
    began: float = field(default_factory=time.perf_counter)

    async def hold(self) -> Conversation:
        """Turn by turn."""
        self.messages = self.request.messages
        while True:
            response = await self._ask()
            self.messages = (*self.messages, Message(role="assistant", content=response.content or response.text))  # type: ignore[arg-type]
            if not response.tool_calls:
                return self._whole("answered", response)
            if self.turns == self.bounds.turns:
                raise self.end("turns", f"The conversation reached its bound of {self.turns} turns without an answer.")
            self.messages = (*self.messages, await self._answered(response.tool_calls))

    async def _ask(self) -> LLMResponse:
        """The next answer, if what it could cost is left of the conversation's own cap."""
        request = self.request.model_copy(update={"messages": self.messages})
        if self.bounds.usd is not None:
            room = self.bounds.usd - self.usage.cost_usd
            most = await self.llm.amost_usd(request, room)
            if most > room + 1e-9:
                raise self.end(
                    "usd",
                    f"The conversation's next turn was not sent: it could cost up to ${most:.4f}, and "
                    f"${self.usage.cost_usd:.4f} of its cap of ${self.bounds.usd:.2f} is spent.",
                )
        response = await self.llm.acall(request)
        self.usage += response.usage
        self.turns += 1
        return response

    async def _answered(self, calls: tuple[ToolCallPart, ...]) -> Message:
        """The user's turn with every result in the order of the calls, and a word where the next answer is the last."""
        done = await asyncio.gather(*(self._run(call, number) for number, call in enumerate(calls)))
        self.uses += [use for _, use in done]
        results = [result for result, _ in done]
        last = (TextPart(text=_LAST),) if self.turns == self.bounds.turns - 1 else ()
        return Message(role="user", content=(*results, *last))

    async def _run(self, call: ToolCallPart, number: int) -> tuple[ToolResultPart, ToolUse]:
        began = time.perf_counter()
        if number < self.bounds.calls:
            result = await result_of(call, {tool.spec.name: tool for tool in self.tools}, self.bounds.result_chars)
        else:
            result = failed(call, f"Not run: at most {self.bounds.calls} calls a turn.")
        spent = round(time.perf_counter() - began, 3)
        return result, ToolUse(name=call.name, arguments=call.arguments, is_error=result.is_error, seconds=spent)

    def _whole(self, ended: Ended, response: LLMResponse | None) -> Conversation:
        if response is not None:
            response = response.model_copy(update={"usage": self.usage})
        seconds = time.perf_counter() - self.began
        return Conversation(
            request=self.request, messages=self.messages, response=response, ended=ended, turns=self.turns,
            uses=tuple(self.uses), usage=self.usage, seconds=seconds,
        )  # fmt: skip

    def end(self, ended: Ended, message: str, error: LLMError | None = None) -> ConversationError:
        """The error that ends the conversation."""
        hint, retryable = (error.hint, error.retryable) if error else ("", False)
        return ConversationError(message, self._whole(ended, None), hint=hint, retryable=retryable)
