"""What judging a rule comes to."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from aifirst_dagster.quality.rules import Rule


class RuleResult(Rule):
    """A rule with its verdict, as `aifirst check` prints it.

    `success` is None where the rule could not be evaluated; `error` then says why. `evaluated` counts the values (or
    rows) that were judged, `unexpected_percent` (0 to 100, as Great Expectations gives it) is of these.
    """

    success: bool | None = None
    evaluated: int = 0
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed_value: Any = None
    unexpected_list: list[Any] = Field(default_factory=list)
    error: str | None = None

    @classmethod
    def of(cls, rule: Rule, **verdict: Any) -> RuleResult:
        """The result of `rule`, which is known to be valid."""
        said = {**rule.model_dump(include=_RULE), "decision": rule.decision}
        return cls.model_construct(**{**_EMPTY, "unexpected_list": [], **said, **verdict})

    @property
    def passed(self) -> bool:
        """Whether the rule holds; one that could not be evaluated does not."""
        return self.success is True


_EMPTY: dict[str, Any] = {
    "success": None, "evaluated": 0, "unexpected_count": None, "unexpected_percent": None,
    "observed_value": None, "error": None,
}  # fmt: skip
_RULE = set(Rule.model_fields)
