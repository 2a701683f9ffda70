"""Providers side by side on the same labelled tables: how right, at what cost, how long; a table that fails is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.evaluation.measures import Tally, measured
from aifirst_dagster.evaluation.tables import KINDS, Kind, Labelled

#: Answers one question as the command line would: (table, provider) -> the command's object.
Answerer = Callable[[Labelled, str], dict[str, Any]]
_USAGE = ("calls", "cache_hits", "input_tokens", "output_tokens", "cost_usd")


@dataclass
class Score:
    """What one provider came to on one kind of question."""

    kind: Kind
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    usage: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_USAGE, 0))
    fallbacks: int = 0
    tables: int = 0
    problems: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """The JSON object: shares from 0 to 1 (None: nothing to measure), US dollars, seconds."""
        tally, interval = self.tally, self.tally.interval()
        cells = {
            "f1": _rounded(tally.f1),
            "precision": _rounded(tally.hits / tally.said if tally.said else None),
            "repairs_right": _rounded(tally.repairs_right / tally.repairs if tally.repairs else None),
        }
        return {
            "kind": self.kind,
            "tables": self.tables,
            "n": tally.of,
            "right": tally.hits,
            "share": _rounded(tally.share),
            "interval": [_rounded(end) for end in interval] if interval else None,
            **(cells if self.kind == "errors" else {}),
            "seconds": round(self.seconds, 2),
            "llm": {name: round(value, 6) for name, value in self.usage.items()},
            "fallbacks": self.fallbacks,
            "problems": self.problems,
        }


def compare(
    tables: Sequence[Labelled], providers: Sequence[str], answer: Answerer, tell: Callable[[str], None], cap_usd: float
) -> dict[str, list[Score]]:
    """Provider -> its score for each kind of question there is, in the order asked.

    Args:
        answer: Asks; a table on which it raises one of our own errors scores nothing and is told.
        tell: Gets a line of progress before each question.
        cap_usd: Once a provider has cost this much, it is asked no more; what was not asked does not count.
    """
    kinds = [kind for kind in KINDS if any(table.kind == kind for table in tables)]
    found: dict[str, list[Score]] = {}
    for provider in providers:
        scores = {kind: Score(kind) for kind in kinds}
        for at, table in enumerate(tables, 1):
            if sum(score.usage["cost_usd"] for score in scores.values()) >= cap_usd:
                scores[table.kind].problems.append(f"{table.label}: not asked: the cap of ${cap_usd:.2f} is spent")
                continue
            tell(f"{provider} {at}/{len(tables)}: {table.kind} {table.label}")
            _add(scores[table.kind], table, provider, answer)
        found[provider] = list(scores.values())
    return found


def _add(score: Score, table: Labelled, provider: str, answer: Answerer) -> None:
    """Ask one question and add what came of it."""
    began = time.perf_counter()
    score.tables += 1
    try:
        given = answer(table, provider)
    except AifirstError as error:
        score.problems.append(f"{table.label}: {error}")
        given = {}
    score.seconds += time.perf_counter() - began
    score.tally += measured(table, given)
    usage = given.get("llm") or {}
    for name in _USAGE:
        score.usage[name] += usage.get(name, 0)
    if provider != "offline" and given.get("proposed_by") == "offline":
        score.fallbacks += 1


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
