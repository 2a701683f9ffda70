"""What is known beside the rows that rules are learned from: earlier versions, and other datasets of the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.schema import Column


@dataclass(frozen=True)
class Other:
    """Another dataset.

    Attributes:
        name: What rules call it: its step.
        relation: It, in the same session.
        columns: What its columns are.
        rows: How many rows it has.
    """

    name: str
    relation: str
    columns: Sequence[Column]
    rows: int


@dataclass(frozen=True)
class Known:
    """What is known beside the rows.

    Attributes:
        volumes: Rows of earlier versions, the oldest first.
        others: Other datasets that these rows may refer to.
    """

    volumes: tuple[int, ...] = ()
    others: tuple[Other, ...] = ()

    def find(self, name: str) -> str:
        """The relation of the dataset that rules call `name`.

        Raises:
            ConfigError: It is not known.
        """
        for other in self.others:
            if other.name == name:
                return other.relation
        there = ", ".join(other.name for other in self.others) or "none"
        raise ConfigError(
            f"The rule compares with {name!r}, which is not known here.",
            hint=f"Add that step to `needs`, after the one that is judged. Known: {there}.",
        )

    def told(self) -> list[dict[str, Any]] | str:
        """The other datasets as a model is told of them: names and types, no values."""
        listed = [
            {"table": other.name, "columns": {column.name: column.type for column in other.columns}, "rows": other.rows}
            for other in self.others
        ]
        return listed or "(none)"
