"""One row for each request sent: pending before, then settled, failed or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.llm.catalogue import Model, price
from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.types import Answer, Tokens, Usage
from aifirst_dagster.observe.redact import redact

if TYPE_CHECKING:
    from aifirst_dagster.state.ledger import Ledger


@dataclass
class Entry:
    """An open row, and the price of what it stands for.

    Attributes:
        repeats: The request repeats an earlier one of the same call.
        reserved: US dollars held for it; what it counts with where its cost stays unknown.
    """

    ledger: Ledger
    row_id: str
    model: Model
    reserved: float
    repeats: bool

    def settle(self, answer: Answer) -> Usage:
        """The answer is used."""
        cost = price(self.model, answer.tokens)
        self.ledger.finish(self.row_id, "settled", cost, **_columns(answer.tokens), **_answer(answer))
        return self._usage(answer.tokens, cost, failed=False)

    def fail(self, error: LLMError, answer: Answer | None) -> Usage:
        """No answer, or none that can be used; its cost is written all the same."""
        tokens = error.tokens or Tokens()
        known = {"failure": error.kind, "error": redact(error.message)[:2000], **_columns(tokens)}
        known |= _answer(answer) if answer else {"request_id": error.request_id}
        if error.billed == "unknown":
            self.ledger.finish(self.row_id, "unknown", None, **known)
            return self._usage(tokens, self.reserved, failed=True)
        cost = price(self.model, tokens) if error.billed == "yes" else 0.0
        self.ledger.finish(self.row_id, "failed", cost, **known)
        return self._usage(tokens, cost, failed=True)

    def abandon(self, error: BaseException) -> None:
        """Stopped from outside (Ctrl-C, a defect of ours): it may have been billed."""
        self.ledger.finish(
            self.row_id, "unknown", None, failure="unavailable", error=f"stopped: {type(error).__name__}"
        )

    def _usage(self, tokens: Tokens, cost: float, failed: bool) -> Usage:
        return Usage(
            calls=1,
            input_tokens=tokens.prompt,
            cached_input_tokens=tokens.cache_read,
            output_tokens=tokens.output,
            cost_usd=cost,
            models=(self.model.name,),
            retries=int(self.repeats),
            failures=int(failed),
        )


def _columns(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.prompt,
        "cached_input_tokens": tokens.cache_read,
        "output_tokens": tokens.output,
    }


def _answer(answer: Answer) -> dict[str, str | None]:
    return {
        "stop_reason": answer.stop_reason,
        "request_id": answer.request_id,
        "answer": answer.text,
        "thinking": answer.thinking or None,
    }
