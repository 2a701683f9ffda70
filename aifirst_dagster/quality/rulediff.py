"""What changed between two versions of a rule set, rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from aifirst_dagster.quality.rules import Rule

#: What of a rule is compared, besides its arguments one by one.
_FIELDS = ("type", "severity", "status", "rationale", "provenance")


class RuleChange(BaseModel):
    """One rule that differs; `fields` has, for each thing that changed, [before, after]."""

    rule: str
    change: Literal["added", "removed", "changed"]
    fields: dict[str, tuple[Any, Any]] = Field(default_factory=dict)

    @property
    def words(self) -> str:
        """The change in a line."""
        if self.change != "changed":
            return f"{self.rule} {self.change}"
        return f"{self.rule}: " + ", ".join(
            f"{name} {_shown(before)} -> {_shown(after)}" for name, (before, after) in self.fields.items()
        )


def compare(before: Sequence[Rule], after: Sequence[Rule]) -> list[RuleChange]:
    """Rules added, removed and changed, in the order of the newer set and then of the older."""
    old = {rule.id: rule for rule in before}
    new = {rule.id: rule for rule in after}
    found = []
    for name, rule in new.items():
        if name not in old:
            found.append(RuleChange(rule=name, change="added"))
        elif fields := _differences(old[name], rule):
            found.append(RuleChange(rule=name, change="changed", fields=fields))
    return found + [RuleChange(rule=name, change="removed") for name in old if name not in new]


def _differences(old: Rule, new: Rule) -> dict[str, tuple[Any, Any]]:
    named = {name: (getattr(old, name), getattr(new, name)) for name in _FIELDS}
    keys = [*old.kwargs, *(key for key in new.kwargs if key not in old.kwargs)]
    named |= {key: (old.kwargs.get(key), new.kwargs.get(key)) for key in keys}
    return {name: pair for name, pair in named.items() if pair[0] != pair[1]}


def _shown(value: Any) -> str:
    text = "(none)" if value in (None, "") else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
