"""What model work took: tokens of one request, and the usage that adds up over many."""

from __future__ import annotations

from aifirst_dagster.llm.parts import Frozen


class Tokens(Frozen):
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


class Usage(Frozen):
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
