"""A schema for a table that was read: the one entry that the command line, steps and model-backed tasks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference import cleaning, infer, keys, relations, sampling
from aifirst_dagster.inference.relations.found import Relationship
from aifirst_dagster.inference.schema import CleaningHint, Column

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 20_000


@dataclass(frozen=True)
class Schema:
    """What a table holds. `rows` counts data rows; keys, relationships and cleaning use the columns' `name`."""

    rows: int
    columns: list[Column]
    primary_key: list[str]
    candidate_keys: list[list[str]]
    relationships: list[Relationship]
    cleaning: list[CleaningHint]


def infer_relation(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    native: Mapping[str, str] | None = None,
    proposed: Sequence[Column] | None = None,
) -> Schema:
    """Columns proposed from a sample and verified on all rows, with keys, relationships and what needs cleaning.

    Args:
        con: The session that `relation` lives in.
        relation: As `connectors.read` gives it.
        columns: Its source columns.
        native: Those that are typed already, with their DuckDB types.
        proposed: Columns that someone else proposed (a model, a person): verified in place of our own.
    """
    if not columns:
        rows = con.execute(f"SELECT count(*) FROM {ident(relation)}").fetchall()[0][0]
        return Schema(rows, [], [], [], [], [])
    sample = sampling.take(con, relation, columns, SAMPLE_ROWS)
    try:
        held = con.execute(f"SELECT count(*) FROM {sample}").fetchall()[0][0]
        whole = held < SAMPLE_ROWS  # all rows are in memory: no need to read the file again
        found = list(proposed) if proposed is not None else infer.from_sample(con, sample, columns, native or {})
        found = infer.verify(con, sample if whole else relation, found)
        evidence = found[0].evidence
        rows = evidence.parsed + evidence.failed + evidence.nulls
        alone = any(column.unique for column in found)
        pairs = [] if alone else keys.composite(con, sample, found, sample if whole else relation, rows)
        key, every = keys.primary_key(found, pairs)
        related = relations.find(con, sample, sample if whole else relation, found, rows)
        hints = cleaning.hints(con, sample, found, share=rows / held if held else 1.0)
    finally:
        con.execute(f"DROP TABLE IF EXISTS {sample}")
    return Schema(rows, found, key, every, related, hints)
