"""References between files: what `aifirst infer FILE --with OTHER` adds to the relationships."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.cli.output import notice

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.inference.relations.found import Relationship
    from aifirst_dagster.inference.schema import Column


def between(
    con: duckdb.DuckDBPyConnection,
    file: str,
    relation: str,
    columns: Sequence[Column],
    others: Sequence[str],
    accept_unsure: bool,
) -> list[Relationship]:
    """Foreign keys from FILE to each of `others`, and from these to FILE (`referenced_by`, FILE's column last).

    Args:
        con: The session that FILE was read in; the others are read into it too.
        file: FILE's path.
        relation: FILE as read.
        columns: Its verified columns.
        others: Paths of the other files.
        accept_unsure: Go on where the reader is not sure how a file is written.
    """
    from aifirst_dagster.connectors import read
    from aifirst_dagster.connectors.base import ReadOptions
    from aifirst_dagster.inference.file import infer_relation
    from aifirst_dagster.inference.relations.references import Table, find

    here = Table(file, relation, columns)
    found: list[Relationship] = []
    for other in others:
        # Kept until its references are found: unpacked copies go when it goes.
        table = read(con, [other], options=ReadOptions(accept_unsure=accept_unsure))
        for text in table.notices:
            notice(f"{other}: {text}")
        schema = infer_relation(con, table.relation, table.columns, table.native)
        there = Table(other, table.relation, schema.columns)
        found += find(con, here, there)
        found += [one.model_copy(update={"kind": "referenced_by", "table": other}) for one in find(con, there, here)]
    return found
