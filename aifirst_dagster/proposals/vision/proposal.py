"""What a model fills in on pictures: of a table's preview, and of a page or chart."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.inference.schema import FieldType

OddityKind = Literal[
    "title", "note", "totals_row", "repeated_header", "blank_row", "unit_in_header", "second_table", "other"
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeenColumn(_Strict):
    """One column as a person would see it."""

    letter: str = Field(description="Its letter above the grid.")
    name: str = Field(description="Its name as it stands in the header; an empty text where it has none.")
    type: FieldType
    unit: str = Field(description="Unit or currency of its numbers, or an empty text.")


class SeenCell(_Strict):
    """A cell, read back."""

    cell: str = Field(description="Its address, `B7` say.")
    text: str = Field(description="Exactly what stands in it.")


class Oddity(_Strict):
    """Something that a person would notice and a parser may miss."""

    kind: OddityKind
    row: int = Field(description="The row's number; 0 where it is not about a row.")
    column: str = Field(description="The column's letter; an empty text where it is not about a column.")
    text: str = Field(description="What is seen, in a few words.")


class PreviewProposal(_Strict):
    """What a table's preview shows."""

    header_rows: list[int] = Field(description="Numbers of the rows that hold column names; none where there are none.")
    columns: list[SeenColumn]
    data_rows: int = Field(description="How many of the rows that are shown hold records.")
    cells: list[SeenCell] = Field(description="The cells that are asked for.")
    oddities: list[Oddity]


class ChartPoint(_Strict):
    """One value of a series."""

    label: str = Field(description="Where it stands on the axis, as written there.")
    value: float = Field(description="Its value, read as exactly as the picture allows.")


class ChartSeries(_Strict):
    """One series of a chart."""

    name: str = Field(description="As in the legend; an empty text where it has no name.")
    points: list[ChartPoint]


class SeenChart(_Strict):
    """One chart."""

    page: int = Field(description="The picture or page it is on, from 1.")
    title: str
    kind: Literal["bar", "line", "pie", "scatter", "other"]
    unit: str = Field(description="Unit of its values, or an empty text.")
    series: list[ChartSeries]


class SeenRow(_Strict):
    """One row of a table."""

    cells: list[str] = Field(description="One text for each column; empty where the cell is.")


class SeenTable(_Strict):
    """One table."""

    page: int = Field(description="The picture or page it is on, from 1.")
    title: str
    columns: list[str] = Field(description="The names in its header, one for each column.")
    rows: list[SeenRow]


class DocumentProposal(_Strict):
    """What pages or a chart show."""

    tables: list[SeenTable]
    charts: list[SeenChart]
    notes: list[str] = Field(description="Footnotes, sources, and what could not be read; often none.")
