"""What the columns of a table have to do with each other: dependencies, derived columns, references.

A few hundred rows rule out nearly everything; what is left is tested on the sample, the best of it on all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.inference.relations import arithmetic, dependencies, moments, references, texts
from aifirst_dagster.inference.relations.confirm import confirm
from aifirst_dagster.inference.relations.found import Relationship
from aifirst_dagster.inference.relations.look import take
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

__all__ = ["Relationship", "find"]


def find(
    con: duckdb.DuckDBPyConnection, sample: str, relation: str, columns: Sequence[Column], rows: int
) -> list[Relationship]:
    """Dependencies and derived columns of a table, the best founded first.

    Args:
        con: The session that both relations live in.
        sample: A table of rows of `relation`.
        relation: All rows, source columns as the reader gave them.
        columns: As verified.
        rows: How many `relation` has.
    """
    look = take(con, sample, columns)
    if look.rows < 2 or len(look.columns) < 2:
        return []
    claims = [*texts.claims(look), *moments.claims(look), *arithmetic.claims(look)]
    derived = confirm(con, sample, look, claims)
    settled = {(tuple(one.columns[:-1]), one.columns[-1]) for one in derived}
    both = {frozenset(one.columns) for one in derived if len(one.columns) == 2}
    fixed = [
        one
        for one in dependencies.find(con, sample, relation, look, rows)
        if (tuple(one.columns[:-1]), one.columns[-1]) not in settled
        and not (len(one.columns) == 2 and frozenset(one.columns) in both)
    ]
    own = references.Table("", relation, look.columns)
    return [*fixed, *references.find(con, own, own), *derived]
