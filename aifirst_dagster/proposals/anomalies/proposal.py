"""What a model fills in about groups of anomalies."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["scale", "set_expected", "map_values", "set_null", "swap", "quarantine", "keep"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExplainedGroup(_Strict):
    """One group, explained."""

    id: str = Field(description="The group's id exactly as given.")
    cause: str = Field(description="The likely cause, in a few words.")
    explanation: str = Field(
        description="Two or three plain sentences for the data's owner: what, where, why it is wrong."
    )
    cells: int = Field(description="How many cells the group has, as given; -1 where you do not say it.")
    action: Action
    factor: float = Field(description="For the action scale: what the numbers are multiplied by; 0 otherwise.")
    rule_type: str = Field(description="An expectation that these rows break and others keep; an empty text for none.")
    rule_kwargs: str = Field(description="Its arguments: a JSON object as text; an empty text for none.")


class AnomaliesProposal(_Strict):
    """Groups of anomalies, explained."""

    groups: list[ExplainedGroup]
