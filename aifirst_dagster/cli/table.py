"""A bare file as a typed table in a session: what the commands about quality read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.cli.output import notice
from aifirst_dagster.datasets.session import ident

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.inference.schema import Column


@dataclass
class FileTable:
    """A file's rows, typed, under the names that the file gives.

    Attributes:
        relation: A table with the columns, `_source` and `_source_line` (and `_raw` where texts were parsed).
        columns: What they are; `name` is the file's own name.
        text: The relation as the reader gave it, cells as text where the format has no types.
        rows: How many.
        native: Whether the file itself has types.
        read: The reader's result; keep it for as long as the relations are used.
        name: The relation's name, not quoted.
    """

    relation: str
    columns: list[Column]
    text: str
    rows: int
    native: bool
    read: ReadTable
    name: str


def load(con: duckdb.DuckDBPyConnection, path: str, name: str = "data", infer: bool = True) -> FileTable:
    """Read `path` into the table `name` of the session.

    Args:
        con: The session.
        path: A file of any known format, or "-".
        name: The table's name.
        infer: Whether columns are wanted for a file that has types of its own, too.
    """
    from aifirst_dagster.cli.ahead import Ahead
    from aifirst_dagster.connectors import ReadOptions, read

    ahead = Ahead("aifirst_dagster.inference.file", types=True)
    found = read(con, [path], options=ReadOptions(meanwhile=ahead))
    from aifirst_dagster.inference.casts import select
    from aifirst_dagster.inference.file import infer_relation

    for text in found.notices:
        notice(text)
    if found.rejected:
        notice(f"{found.rejected} lines of {path} do not fit its columns and are left out.")
    native = found.format == "parquet"
    columns: list[Column] = []
    if infer or not native:
        schema = infer_relation(con, found.relation, found.columns, found.native, ahead.columns(found))
        columns = [column.model_copy(update={"name": column.source_name}) for column in schema.columns]
    query = select(columns, found.relation) if columns and not native else f"SELECT * FROM {found.relation}"
    con.execute(f"CREATE OR REPLACE TABLE {ident(name)} AS {query}")
    rows = con.execute(f"SELECT count(*) FROM {ident(name)}").fetchall()[0][0]
    return FileTable(ident(name), columns, found.relation, rows, native, found, name)
