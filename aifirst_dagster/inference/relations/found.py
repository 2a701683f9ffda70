"""What is found between columns: a relationship as it is reported, and a claim that the data has yet to confirm."""

from __future__ import annotations

from dataclasses import dataclass

from aifirst_dagster.inference.schema import Record


class Relationship(Record):
    """Something that holds between columns; the last one follows from those before it.

    `kind`: `determines`, `nearly_determines`, `one_to_one`; `copy`, `same_text`, `concatenation`, `part`, `prefix`;
    `sum`, `difference`, `product`, `ratio`, `factor`, `linear`; `date_part`, `date_difference`; `foreign_key` (columns:
    the child's, the parent's). `error` is the share of rows that would have to go for it to hold (g3); `rows` how many
    were looked at; `confidence` runs from 0 to 1. `table` is the parent's file, where it is another one.
    """

    columns: list[str]
    kind: str
    evidence: str
    confidence: float = 1.0
    error: float = 0.0
    rows: int = 0
    table: str | None = None


@dataclass(frozen=True)
class Claim:
    """A relationship to be tested.

    Attributes:
        columns: Names, the one that follows last.
        kind: As in `Relationship`.
        test: SQL over the typed columns (`t0`, `t1`, ... by their place): TRUE where a row agrees, NULL where it has
            no say.
        text: What is claimed, in words.
    """

    columns: tuple[str, ...]
    kind: str
    test: str
    text: str
