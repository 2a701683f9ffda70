"""What can be done about a group of anomalies, and what doing it comes to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.quality.anomalies import Group

#: Action -> what it does, in a line.
ACTIONS = {
    "scale": "Multiplies the numbers by one factor.",
    "set_expected": "Writes what the rest of the row, or its neighbours, say.",
    "map_values": "Writes the value that each one stands for.",
    "set_null": "Empties the cells.",
    "swap": "Puts the values of two columns back in their places.",
    "quarantine": "Sets the rows aside, from where they can be released.",
    "keep": "Leaves all as it is, and marks it as expected.",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Choice(_Strict):
    """One group and what is to be done about it."""

    group: str
    action: str
    params: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, group: Group, action: str | None = None) -> Choice:
        """The suggested action, or the one that a person wants.

        Raises:
            ConfigError: There is no such action, or it cannot be done about this group.
        """
        suggested = group.remediation
        if action is None or action == suggested.action:
            return cls(group=group.id, action=suggested.action, params=suggested.params)
        able = [suggested.action, *suggested.also, "keep"]
        if action not in able:
            raise ConfigError(
                f"{action!r} cannot be done about the group {group.id}.",
                hint=f"There are: {', '.join(dict.fromkeys(able))}.",
            )
        return cls(group=group.id, action=action)


class Change(_Strict):
    """One cell, or a row that is set aside (`column` None): before and after."""

    row: int
    source: str | None = None
    source_line: int | None = None
    column: str | None = None
    before: str | None = None
    after: str | None = None


class Effect(_Strict):
    """What a choice does: counts are exact, `changes` are examples."""

    group: str
    action: str
    columns: list[str]
    cells: int = 0
    rows: int = 0
    quarantined: int = 0
    why: str = ""
    changes: list[Change] = Field(default_factory=list)


class ScoreEffect(_Strict):
    """The quality score before and after, by the same rules; None where there are no rules to judge by."""

    before: float | None = None
    after: float | None = None
    dimensions: dict[str, list[float | None]] = Field(default_factory=dict)
    rules: int = 0
    judged_by: str = ""


class Preview(_Strict):
    """What would be done, before it is."""

    rows_before: int
    rows_after: int
    effects: list[Effect]
    score: ScoreEffect = Field(default_factory=ScoreEffect)
