"""What a model fills in about a drift."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DriftClaim(_Strict):
    """One thing that the data can confirm or refute."""

    kind: Literal["scaled", "moved", "renamed", "rows"]
    column: str = Field(description="The column, exactly as given; for renamed: the one that is gone.")
    amount: float = Field(description="scaled: the factor; moved: what was added; 0 otherwise.")
    to: str = Field(description="renamed: the new column's name; rows: the column's value in these rows; else empty.")
    columns: list[str] = Field(description="rows: the columns that would not have drifted without them; else empty.")


class DriftProposal(_Strict):
    """A drift, explained."""

    cause: str = Field(description="The likely cause in a few words: 'prices in yen since July'.")
    explanation: str = Field(description="Two to four plain sentences for the data's owner: what, since when, why.")
    claims: list[DriftClaim]
    todo: list[str] = Field(description="One to three things to do, each a short sentence.")
