"""What a request could cost at most, before it is sent."""

from __future__ import annotations

import json

from aifirst_dagster.llm.catalogue import Model, price
from aifirst_dagster.llm.providers.base import Prepared
from aifirst_dagster.llm.types import Tokens

#: Tokens that a provider adds of its own: turn markers, the words around a schema.
OVERHEAD = 1_000


def most_tokens(prepared: Prepared) -> Tokens:
    """An upper bound: no tokenizer makes more tokens than there are bytes, and the output has its cap.

    Images and documents have a bound of their own (`Prepared.input_tokens`). What is marked for the prompt cache may be
    billed as written to it, which is dearer than plain input.
    """
    bound = prepared.input_tokens
    if bound is None:
        bound = len(json.dumps(prepared.body, ensure_ascii=False).encode())
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


def likely_input_tokens(prepared: Prepared) -> int:
    """A fair guess for estimates: today's tokenizers make about one token of three bytes of text."""
    if prepared.input_tokens is not None:
        return prepared.input_tokens // 3
    return len(json.dumps(prepared.body, ensure_ascii=False).encode()) // 3
