"""One look: pictures and a prompt to a model, once; feedback would only teach it what the data wants to hear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish

if TYPE_CHECKING:
    from pydantic import BaseModel

    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.types import DocumentPart, ImagePart, LLMRequest, LLMResponse
    from aifirst_dagster.proposals.task import Ask


def require_pictures(llm: LLM | None, wish: Wish) -> None:
    """Do nothing where a model may be shown pictures of the data.

    Raises:
        ConfigError: No model was named, or values of the data must not be shown.
    """
    if llm is None or llm.asked is None:
        raise ConfigError(
            "Looking at pictures needs a model, and the deterministic engine was chosen.",
            hint="Name a provider whose model takes images: --provider claude, or AIFIRST_LLM=claude.",
        )
    if not wish.shows(llm):
        raise ConfigError(
            "A picture shows values of the data, and `samples: none` forbids that.",
            hint="Leave vision off, or allow masked samples in the pipeline and in the LLM resource.",
        )


def look(
    pictures: Sequence[ImagePart | DocumentPart],
    values: dict[str, Any],
    llm: LLM,
    wish: Wish,
    *,
    prompt: str,
    output: type[BaseModel],
    where: tuple[str | None, str | None] = (None, None),
    tokens: int = 1_500,
) -> tuple[LLMResponse, list[str]]:
    """What the model says of `pictures`, and what the user should know of how it was asked.

    Args:
        pictures: Shown before the text.
        values: Of the prompt's variables.
        llm: Whom to ask.
        wish: How.
        prompt: The template's name, unless `wish` has one.
        output: What the answer fills in.
        where: Pipeline and step, for the ledger.
        tokens: What the answer is likely to take, for estimates.

    Raises:
        RejectedError: No model that could be asked takes such pictures.
        LLMError: There was no answer.
    """
    ask = asking.ask({}, {}, wish, task=prompt, output=output, llm=llm, store=None)
    response = llm.call(_request(ask, pictures, values, output, where, tokens))
    return response, list(response.notices)


def _request(
    ask: Ask,
    pictures: Sequence[ImagePart | DocumentPart],
    values: dict[str, Any],
    output: type[BaseModel],
    where: tuple[str | None, str | None],
    tokens: int,
) -> LLMRequest:
    from aifirst_dagster.llm.types import CallContext, LLMRequest, Message, TextPart

    system, user = ask.prompt.render(values)
    return LLMRequest(
        messages=(Message(role="user", content=(*pictures, TextPart(text=user))),),
        system=system,
        output=output,
        thinking=ask.thinking,
        effort=ask.effort,
        max_tokens=ask.max_tokens,
        model=ask.model,
        expected_tokens=tokens,
        metadata=CallContext(pipeline=where[0], step=where[1], task="vision", run_id=ask.run),
    )
