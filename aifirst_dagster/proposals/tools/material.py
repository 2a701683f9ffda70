"""What a model's tools may look at: one relation, as far as its evidence goes, and the documents that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Material:
    """A relation of a DuckDB session.

    Attributes:
        con: The session that knows it; nobody else uses it meanwhile.
        relation: A table or view.
        columns: What is known of its columns; the hidden ones are no part of it.
        named: Which of a column's names stands in it.
        samples: Whether values may be shown, masked; False: counts only.
        documents: PDF files that the step was given.
        pictures: Whether pages may be shown as they look; nothing in a picture is masked.
    """

    con: duckdb.DuckDBPyConnection
    relation: str
    columns: Sequence[Column]
    named: str = "name"
    samples: bool = True
    documents: tuple[Path, ...] = ()
    pictures: bool = False

    @property
    def names(self) -> list[str]:
        """The columns as they are called in the relation."""
        return [str(getattr(column, self.named)) for column in self.columns]
