"""The vocabulary of schemas: dialect, column, evidence, as the command line prints them and designs store them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FieldType = Literal[
    "string", "integer", "number", "boolean", "date", "datetime", "time", "year", "yearmonth", "duration", "geopoint",
    "object", "array", "any",
]  # fmt: skip
"""Frictionless Table Schema's field types."""


class Record(BaseModel):
    """Base of what travels: strict keys."""

    model_config = ConfigDict(extra="forbid")


class Dialect(Record):
    """How a delimited text file is written. `confidence` runs from 0 to 1.

    `header_rows` counts rows that hold names (0: none, names are made up as `column_1`, ...); `skip_rows` counts
    physical lines before them. `delimiter` is "" where the file has one column.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quotechar: str | None = '"'
    escapechar: str | None = None
    line_terminator: str = "\n"
    header_rows: int = 1
    skip_rows: int = 0
    comment: str | None = None
    confidence: float = 1.0
    starts: list[int] | None = None
    """Text of fixed width: where each column begins, 0-based; else None."""


class Evidence(Record):
    """What the data said about a column's type: counts of cells, and up to five texts that did not parse."""

    parsed: int = 0
    failed: int = 0
    nulls: int = 0
    examples_failed: list[str] = Field(default_factory=list)


class Column(Record):
    """One column. `format` is Frictionless's ("default", "email", ...) or a strptime pattern; `physical_type` DuckDB's.

    `null_tokens` are the texts (beside the empty one) that mean "no value" here. `values` is the closed set of a
    category column, else None. `unit` is what its numbers are counted in ("USD", "kg", "%"), where known.
    """

    name: str
    source_name: str
    type: FieldType = "string"
    format: str = "default"
    physical_type: str = "VARCHAR"
    semantic_type: str | None = None
    semantic_confidence: float | None = None
    """How sure the meaning is, from 0 to 1; None where there is none, or nobody measured it."""
    semantic_evidence: str = ""
    """What speaks for the meaning, in a sentence: values tested, and whether the name says so."""
    description: str = ""
    nullable: bool = True
    null_tokens: list[str] = Field(default_factory=list)
    unique: bool = False
    values: list[Any] | None = None
    unit: str | None = None
    confidence: float = 1.0
    evidence: Evidence = Field(default_factory=Evidence)
    number_style: str | None = None
    """How numbers are written where a plain cast does not read them: a key of `inference.numbers.STYLES`."""
    formats_seen: list[str] = Field(default_factory=list)
    """strptime patterns of a date column whose cells are written in several, the most frequent first; else empty."""
    date_words: dict[str, str] | None = None
    """Words of dates (months in another language, weekdays, zones) -> what the formats have for them; else None."""
    units_seen: list[str] = Field(default_factory=list)
    """Spellings of units and currencies that stand around the column's numbers, as written."""
    pattern: str | None = None
    """A regular expression that every value of a text column matches, where the values share a shape."""
    native: bool = False
    """The file itself says the type (JSON, Parquet): the relation's column is typed already."""


class CleaningHint(Record):
    """Something that `repair` would do: which column, which action (a name of `repair.plan.Action`), why, how many."""

    column: str | None
    action: str
    reason: str
    rows_affected: int
