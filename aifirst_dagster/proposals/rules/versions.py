"""The versions of a rule set: every one that was accepted, by whom, why, and what it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import AifirstError, ConfigError
from aifirst_dagster.proposals.rules.book import Book, rules_of
from aifirst_dagster.proposals.variants import parse
from aifirst_dagster.quality import rulefile
from aifirst_dagster.quality.rulediff import RuleChange, compare
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    from aifirst_dagster.state.designs_history import DesignHistory, DesignRecord


@dataclass(frozen=True)
class RuleVersion:
    """One version of a rule set.

    Attributes:
        number: 1 is the oldest that is known.
        at: When it was kept; None for what stands on disk and was not recorded (a person's edit since).
        by: Who made it: a person, `offline`, a model, or `by hand` (an edit in the file).
        why: The reason given with a decision.
        status: As in the history: accepted, proposed (designs were frozen), provisional, rejected.
        rules: What it holds.
        changes: Beside the version before it.
    """

    number: int
    at: datetime | None
    by: str
    why: str
    status: str
    run: str | None
    rules: list[Rule]
    changes: list[RuleChange] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """The version without its rules, for printing."""
        return {
            "version": self.number, "at": self.at, "by": self.by, "why": self.why, "status": self.status,
            "run": self.run, "rules": len(self.rules),
            "changes": [change.model_dump(mode="json") for change in self.changes],
        }  # fmt: skip


def versions(book: Book, history: DesignHistory | None) -> list[RuleVersion]:
    """Every known version, the oldest first; the last is what stands on disk."""
    found: list[RuleVersion] = []
    records = history.history(book.pipeline, book.step, book.path.name) if history and book.pipeline else []
    for record in reversed(records):
        rules = _rules(record)
        if rules is not None:
            decision = record.provenance.get("decision") or {}
            by = record.provenance.get("by") or record.provenance.get("proposed_by") or "offline"
            _append(found, record.at, str(by), str(decision.get("why") or ""), record.status, record.run_id, rules)
    if book.path.is_file():
        present = book.rules()
        if not found or compare(found[-1].rules, present):
            _append(found, None, "by hand" if found else "", "", "accepted", None, present)
    return found


def pick(known: list[RuleVersion], older: int | None, newer: int | None) -> tuple[RuleVersion, RuleVersion]:
    """The two versions to compare: the last two where none is named, else the named and the one before or after.

    Raises:
        ConfigError: There are no such versions.
    """
    if len(known) < 2:
        raise ConfigError("There is one version only: nothing to compare.", hint="See: aifirst rules history.")
    numbers = {version.number: version for version in known}
    last = known[-1].number
    first, second = (last - 1, last) if older is None else (older, newer if newer is not None else last)
    for number in (first, second):
        if number not in numbers:
            raise ConfigError(f"There is no version {number}.", hint=f"There are 1 to {last}: aifirst rules history.")
    return numbers[first], numbers[second]


def _append(
    found: list[RuleVersion], at: datetime | None, by: str, why: str, status: str, run: str | None, rules: list[Rule]
) -> None:
    changes = compare(found[-1].rules, rules) if found else []
    found.append(RuleVersion(len(found) + 1, at, by, why, status, run, rules, changes))


def _rules(record: DesignRecord) -> list[Rule] | None:
    """The rules of a recorded text; None for one that this version of the program cannot read."""
    try:
        variants = parse(record.content, "state database")
        return rules_of(variants[0], "state database") if variants else None
    except AifirstError:
        try:
            return list(rulefile.parse(record.content))
        except AifirstError:
            return None
