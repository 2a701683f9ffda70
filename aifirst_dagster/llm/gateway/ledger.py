"""One row for each request sent: pending before, then settled, failed or unknown; an answer's row is never lost."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from aifirst_dagster.llm.catalogue import Model, price
from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.gateway import spool
from aifirst_dagster.llm.types import Answer, Part, TextPart, Tokens, Usage
from aifirst_dagster.observe.redact import redact
from aifirst_dagster.state.group_commit import written

if TYPE_CHECKING:
    from aifirst_dagster.state.ledger import Ledger

_log = logging.getLogger(__name__)
_CONTENT: TypeAdapter[tuple[Part, ...]] = TypeAdapter(tuple[Part, ...])


@dataclass
class Entry:
    """An open row, and the price of what it stands for.

    Attributes:
        home: Where rows wait while the database cannot be written.
        repeats: The request repeats an earlier one of the same call.
        reserved: US dollars held for it; what it counts with where its cost stays unknown.
        notice: Said where the row could not be written.
    """

    ledger: Ledger
    home: Path
    row_id: str
    model: Model
    reserved: float
    repeats: bool
    notice: str | None = None

    async def settle(self, answer: Answer) -> Usage:
        """The answer is used."""
        cost = price(self.model, answer.tokens)
        await self._written("settled", cost, **_columns(answer.tokens), **_answer(answer))
        return self._usage(answer.tokens, cost, failed=False)

    async def fail(self, error: LLMError, answer: Answer | None) -> Usage:
        """No answer, or none that can be used; its cost is written all the same."""
        tokens = error.tokens or Tokens()
        known = {"failure": error.kind, "error": redact(error.message)[:2000], **_columns(tokens)}
        known |= _answer(answer) if answer else {"request_id": error.request_id}
        if error.billed == "unknown":
            await self._written("unknown", None, **known)
            return self._usage(tokens, self.reserved, failed=True)
        cost = price(self.model, tokens) if error.billed == "yes" else 0.0
        await self._written("failed", cost, **known)
        return self._usage(tokens, cost, failed=True)

    def abandon(self, error: BaseException) -> None:
        """Stopped from outside (Ctrl-C, a defect of ours): it may have been billed."""
        self._write("unknown", None, failure="unavailable", error=f"stopped: {type(error).__name__}")

    async def _written(self, status: str, cost: float | None, **columns: Any) -> None:
        try:
            await written(self._write(status, cost, awaited=True, **columns))
        except Exception as error:  # noqa: BLE001
            # The answer is paid for: whatever ails the database, it must reach who asked.
            _log.warning("%s (%s)", self.notice, error)

    def _write(self, status: str, cost: float | None, awaited: bool = False, **columns: Any) -> Future[Any]:
        values = {"status": status, "cost_usd": cost, "finished_at": datetime.now(UTC), **columns}
        future = self.ledger.submit_finish(self.row_id, values, awaited)

        def spooled(done: Future[Any]) -> None:
            # In the writer's thread, before anyone who waits wakes up: it happens even if nobody does.
            if done.exception() is None:
                return
            path = spool.keep(self.home, self.row_id, values)
            kept = f"its row is kept in {path} and added later" if path else "its row is lost"
            self.notice = f"The ledger could not be written; {kept}."

        future.add_done_callback(spooled)
        return future

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


def never_sent(ledger: Ledger, reserved: Future[Any]) -> None:
    """Give a reservation back whose caller was stopped before it could use it."""

    def give_back(done: Future[Any]) -> None:
        if done.exception() is None and isinstance(done.result(), str):
            error = "stopped before it was sent"
            ledger.submit_finish(
                done.result(), {"status": "failed", "cost_usd": 0.0, "failure": "unavailable", "error": error}
            )

    reserved.add_done_callback(give_back)


def answer_of(row: dict[str, Any]) -> Answer:
    """The answer that a settled row holds."""
    content = _CONTENT.validate_json(row["content"]) if row["content"] else (TextPart(text=row["answer"]),)
    return Answer(
        content=content,
        text=row["answer"],
        thinking=row["thinking"] or "",
        stop_reason=row["stop_reason"],
        tokens=Tokens(input=row["input_tokens"], output=row["output_tokens"]),
        model=row["model"],
        request_id=row["request_id"],
    )


def _columns(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.prompt,
        "cached_input_tokens": tokens.cache_read,
        "cache_write_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
        "output_tokens": tokens.output,
    }


def _answer(answer: Answer) -> dict[str, str | None]:
    plain = answer.content == (TextPart(text=answer.text),)
    return {
        "stop_reason": answer.stop_reason,
        "request_id": answer.request_id,
        "answer": answer.text,
        "thinking": answer.thinking or None,
        "content": None if plain else _CONTENT.dump_json(answer.content).decode(),
    }
