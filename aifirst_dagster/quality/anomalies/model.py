"""What the search for anomalies gives: groups of cells or rows that do not fit, each with its likely cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

#: Kind -> what it is, in a line; the order is that of trust: of two findings on a cell the earlier one is told.
KINDS = {
    "encoding": "text that was decoded with the wrong encoding",
    "default": "a value that stands for none: 999, 1900-01-01",
    "swapped": "the values of two columns changed places",
    "scale": "numbers that are another unit's, or whose decimal point slipped: off by a factor",
    "derived": "a value that does not follow from the columns that it is computed from",
    "dependency": "a value that contradicts the rest of its row",
    "order": "two moments of a row in the wrong order",
    "series": "a value far off its neighbours in time",
    "peers": "a number far from those of the rows alike",
    "outlier": "a number far outside its column",
    "form": "a value written as hardly any other of its column",
    "spelling": "a rare value that is nearly the same as a frequent one",
    "rare": "a category that hardly a row has, where all others have many",
    "missing": "values missing together, where others have them",
    "volume": "a period with far more or fewer rows than its like",
    "gap": "periods without any row",
    "row": "a combination of values that fits no other row",
}


@dataclass(frozen=True)
class Settings:
    """How the search is done.

    Attributes:
        alarms: Numbers of a table taken for anomalies though they are not, by each kind of finder: expected, where the
            tails of its columns are exponential.
        few: More of a column than this share is not an anomaly but how the column is.
        sample: Rows that models are fitted on; what they say is asked of all rows.
        seed: Of the isolation forest.
        listed: Rows kept for each group, most; counts are exact in any case.
        examples: Examples of a group.
        multivariate: Whether rows are judged by all their columns together, too.
        source: Whether the file that a row came from may be a cause.
    """

    alarms: float = 0.02
    few: float = 0.02
    sample: int = 50_000
    seed: int = 7
    listed: int = 100_000
    examples: int = 5
    multivariate: bool = True
    source: bool = True


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Example(_Strict):
    """One cell (or row, then `column` is None) of a group. `row` is 0-based; `expected` is text, None where unknown."""

    row: int
    source: str | None = None
    source_line: int | None = None
    column: str | None = None
    value: str | None = None
    expected: str | None = None


class Remedy(_Strict):
    """What to do about a group.

    `action`: `scale` (multiply by `params.factor`), `set_expected` (what the rest of the row says), `map_values`
    (`params.mapping`), `set_null`, `swap`, `quarantine` or `keep` (nothing: it is as expected, or to be seen to at the
    source). `also` names the other actions that can be applied.
    """

    action: str
    params: dict[str, Any] = Field(default_factory=dict)
    why: str = ""
    also: list[str] = Field(default_factory=list)


class Group(_Strict):
    """Cells or rows that do not fit, for one likely cause.

    Attributes:
        id: Stable: the same for the same kind, columns and cause, whatever the rows.
        rows: How many rows.
        cells: How many cells; for kinds about rows and periods the rows.
        score: 0 to 1, comparable between kinds: how unlikely a cell like these is, see docs/anomalies.md.
        cause: The likely cause, in a line.
        explanation: In plain words: what, where, what is normal.
        evidence: Counts and figures that the explanation rests on.
        explained_by: Who worded it: "offline", or a model.
        state: of the explanation: "counted", or a model's claims: "tested", "corroborated", "untested".
    """

    id: str
    kind: str
    columns: list[str]
    rows: int
    cells: int
    score: float
    cause: str
    explanation: str = ""
    evidence: dict[str, Any] = Field(default_factory=dict)
    examples: list[Example] = Field(default_factory=list)
    remediation: Remedy
    explained_by: str = "offline"
    state: str = "counted"


class Anomalies(_Strict):
    """All groups of a table, the most unlikely first. `rows_affected` counts different rows."""

    rows: int
    rows_affected: int = 0
    cells: int = 0
    groups: list[Group] = Field(default_factory=list)
    skipped: list[str] = Field(default_factory=list)

    def compact(self, most: int = 20) -> dict[str, Any]:
        """A few lines for an asset's metadata, a version's `anomalies.json` and a report."""
        told = {
            **dict.fromkeys(("id", "kind", "columns", "rows", "cells", "score", "cause", "explanation"), True),
            "examples": {0, 1, 2},
            "remediation": {"action": True, "why": True, "also": True},
        }
        return {
            "rows": self.rows,
            "rows_affected": self.rows_affected,
            "cells": self.cells,
            "groups": [group.model_dump(mode="json", include=cast("Any", told)) for group in self.groups[:most]],
            "groups_in_all": len(self.groups),
        }
