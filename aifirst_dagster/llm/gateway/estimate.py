"""What a request could cost at most, before it is sent."""

from __future__ import annotations

from aifirst_dagster.llm.catalogue import Model, price
from aifirst_dagster.llm.providers.base import Prepared
from aifirst_dagster.llm.types import LLMRequest, Tokens

#: Tokens that a provider adds of its own: turn markers, the words around a schema.
OVERHEAD = 1_000
#: Output tokens taken for likely where the caller says nothing; and the least that thinking adds.
LIKELY_OUTPUT, LIKELY_THINKING = 1_000, 500


def most_tokens(prepared: Prepared) -> Tokens:
    """An upper bound: no tokenizer makes more tokens than there are bytes, and the output has its cap.

    Images and documents have a bound of their own (`Prepared.input_tokens`). What is marked for the prompt cache may be
    billed as written to it, which is dearer than plain input.
    """
    bound = prepared.input_tokens
    if bound is None:
        bound = len(prepared.text)
    given = {"cache_write_5m": bound + OVERHEAD} if prepared.cache else {"input": bound + OVERHEAD}
    return Tokens(output=prepared.max_tokens, **given)


def most_usd(prepared: Prepared, model: Model) -> float:
    """US dollars that the request can cost at most."""
    return price(model, most_tokens(prepared))


def counted_usd(tokens: int, prepared: Prepared, model: Model) -> float:
    """US dollars at most, where the provider has counted the input. Its count is an estimate: 2 % and 50 on top."""
    counted = tokens + tokens // 50 + 50
    given = {"cache_write_5m": counted} if prepared.cache else {"input": counted}
    return price(model, Tokens(output=prepared.max_tokens, **given))


def likely_usd(prepared: Prepared, request: LLMRequest, model: Model) -> float:
    """US dollars that the request is likely to cost."""
    return price(model, Tokens(input=likely_input_tokens(prepared), output=likely_output_tokens(prepared, request)))


def likely_output_tokens(prepared: Prepared, request: LLMRequest) -> int:
    """What the caller expects, with some thinking where the model may."""
    thought = LIKELY_THINKING if request.thinking != "off" else 0
    return min((request.expected_tokens or LIKELY_OUTPUT) + thought, prepared.max_tokens)


def likely_input_tokens(prepared: Prepared) -> int:
    """A fair guess for estimates: today's tokenizers make about one token of three bytes of text."""
    if prepared.input_tokens is not None:
        return prepared.input_tokens // 3
    return len(prepared.text) // 3
