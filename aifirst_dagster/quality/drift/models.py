"""What a comparison is told (`Thresholds`) and what it answers (`DriftReport`)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FindingKind = Literal[
    "schema", "volume", "freshness", "nulls", "cardinality", "categories", "distribution", "range", "format",
    "duplicates", "joint",
]  # fmt: skip


class Thresholds(BaseModel):
    """When a difference counts: it has to be beyond chance, and large enough to matter.

    `level` is the chance of any alarm on the whole table where nothing changed (Holm's correction over all its tests).
    The others are least effects: `distance` the Kolmogorov-Smirnov distance, `association` Cohen's w, `psi` the
    population stability index, `null_rate` the difference of null rates, `new_share` the share of values that the
    baseline lacks, `correlation` the difference of rank correlations, `duplicates` that of shares of repeated rows,
    `cardinality` the factor by which distinct values may differ, `volume` the same of rows (None: rows may differ).
    """

    model_config = ConfigDict(extra="forbid")

    level: float = Field(0.01, gt=0, lt=1)
    distance: float = Field(0.05, ge=0, le=1)
    association: float = Field(0.1, ge=0, le=1)
    psi: float = Field(0.05, ge=0)
    null_rate: float = Field(0.02, ge=0, le=1)
    new_share: float = Field(0.005, ge=0, le=1)
    correlation: float = Field(0.1, ge=0, le=2)
    duplicates: float = Field(0.01, ge=0, le=1)
    cardinality: float = Field(1.25, ge=1)
    volume: float | None = Field(None, ge=1)


class SchemaChange(BaseModel):
    """A column that came (`added`), went (`removed`), or changed its type (`type`)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    column: str
    change: Literal["added", "removed", "type"]
    from_: str | None = Field(None, serialization_alias="from", validation_alias="from")
    to: str | None = None


class Finding(BaseModel):
    """One thing that changed.

    Attributes:
        columns: What it is about: one column, the two of a pair, or none (the whole table).
        effect: Its size on the test's own scale; `threshold` is where it would begin to count.
        p_value: Chance of it where nothing changed; None where none is needed (a column is gone).
    """

    kind: FindingKind
    columns: list[str] = Field(default_factory=list)
    test: str = ""
    effect: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    text: str


class ColumnDrift(BaseModel):
    """One column compared: the test of its distribution, its null rates, and categories that the baseline lacks.

    `measures` are further distances: `psi`, `jensen_shannon` (0 to 1), `wasserstein` (in middle halves).
    """

    name: str
    test: str
    statistic: float | None = None
    p_value: float | None = None
    threshold: float | None = None
    drifted: bool = False
    null_rate: tuple[float, float] = (0.0, 0.0)
    new_values: list[str] = Field(default_factory=list)
    reasons: list[str] = Field(default_factory=list)
    measures: dict[str, float] = Field(default_factory=dict)


class Compared(BaseModel):
    """What was compared with: `kind` is `file`, `baseline` (the first version, or the one accepted) or `history`."""

    kind: Literal["file", "baseline", "history"] = "file"
    versions: int = 1
    text: str = ""


class Cause(BaseModel):
    """Rows without which some columns would not have drifted.

    Attributes:
        column: Where the rows can be told apart; `_source`: by the file that they are from.
        values: The column's values in these rows, as text.
        rows: How many there are, of all `of`.
        columns: What would not have drifted without them.
    """

    column: str
    values: list[str]
    rows: int
    of: int
    columns: list[str]

    @property
    def share(self) -> float:
        """Share of all rows."""
        return self.rows / self.of if self.of else 0.0


class Explanation(BaseModel):
    """What a model says of the drift.

    Attributes:
        by: The model.
        state: `tested` where the data bears out what it claims; `untested` where it claims nothing that can be tried.
        evidence: What was counted for it.
        todo: What it would do.
    """

    cause: str
    text: str
    by: str
    state: Literal["tested", "untested"] = "untested"
    evidence: list[str] = Field(default_factory=list)
    todo: list[str] = Field(default_factory=list)


class DriftReport(BaseModel):
    """What changed from a baseline to a newer table."""

    drifted: bool
    rows: tuple[int, int]
    schema_changes: list[SchemaChange] = Field(default_factory=list)
    columns: list[ColumnDrift] = Field(default_factory=list)
    findings: list[Finding] = Field(default_factory=list)
    baseline: Compared = Field(default_factory=Compared)
    false_alarms: float = 0.01
    insight: str = ""
    causes: list[Cause] = Field(default_factory=list)
    explanation: Explanation | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the command line prints it."""
        return self.model_dump(by_alias=True)
