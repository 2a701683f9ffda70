"""What a request could cost at most, before it is sent."""

from __future__ import annotations

import json

from aifirst_dagster.llm.catalogue import Model, price
from aifirst_dagster.llm.providers.base import Prepared
from aifirst_dagster.llm.types import Tokens

#: Tokens that a provider adds of its own: turn markers, the words around a schema.
OVERHEAD = 1_000


def most_tokens(prepared: Prepared) -> Tokens:
    """An upper bound: no tokenizer makes more tokens than there are bytes, and the output has its cap."""
    written = len(json.dumps(prepared.body, ensure_ascii=False).encode())
    return Tokens(input=written + OVERHEAD, output=prepared.max_tokens)


def most_usd(prepared: Prepared, model: Model) -> float:
    """US dollars that the request can cost at most."""
    return price(model, most_tokens(prepared))


def likely_input_tokens(prepared: Prepared) -> int:
    """A fair guess for estimates: today's tokenizers make about one token of three bytes of text."""
    return len(json.dumps(prepared.body, ensure_ascii=False).encode()) // 3
