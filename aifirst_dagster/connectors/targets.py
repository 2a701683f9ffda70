"""Where datasets go: what every target is given, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.errors import InputError

if TYPE_CHECKING:
    import duckdb

WriteMode = Literal["replace", "append", "upsert"]


@dataclass(frozen=True)
class Load:
    """Rows on their way to a target.

    Attributes:
        relation: The rows in a DuckDB session, user columns only.
        columns: Their names, in order.
        mode: replace: the target then holds these rows alone (of the partition, where there is one); append: these
            beside what is there, once for each `load_id`; upsert: these in place of rows with the same key.
        key: Columns that identify a row, for upsert.
        load_id: Content hash of the rows: the same load twice changes nothing.
        partition: Key of the partition that the rows are; targets keep it in a column `_partition`.
    """

    relation: str
    columns: list[str]
    mode: WriteMode
    key: list[str]
    load_id: str
    partition: str | None = None


@dataclass(frozen=True)
class Written:
    """What is at the target now: a place a person can open, and its number of rows."""

    location: str
    rows: int


def check_key(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    """See that every row has a key of its own.

    Raises:
        InputError: A key column is missing, empty in some row, or shared by several.
    """
    missing = [name for name in load.key if name not in load.columns]
    if missing:
        raise InputError(
            f"The key column {missing[0]!r} is not in the dataset.", hint=f"Its columns are {', '.join(load.columns)}."
        )
    names = ", ".join(map(ident, load.key))
    empty = " OR ".join(f"{ident(name)} IS NULL" for name in load.key)
    twice = con.execute(f"SELECT {names} FROM {load.relation} GROUP BY {names} HAVING count(*) > 1 LIMIT 1").fetchone()
    if twice:
        raise InputError(
            f"The key {', '.join(load.key)} is not unique: {', '.join(map(str, twice))} stands on several rows.",
            hint="Choose a key that identifies a row, or remove the duplicates in a step before.",
        )
    if con.execute(f"SELECT 1 FROM {load.relation} WHERE {empty} LIMIT 1").fetchone():
        raise InputError(
            f"The key {', '.join(load.key)} is empty in some rows.", hint="Quarantine them in a step before."
        )
