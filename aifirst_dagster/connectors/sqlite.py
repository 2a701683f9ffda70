"""SQLite databases: a table, a view or a query; a column has a type where all its values agree, else it is text."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError, InputError

if TYPE_CHECKING:
    import duckdb

_ROWS = 50_000
#: Names of SQLite's own and its extensions' tables.
_OWN = " AND ".join(f"name NOT LIKE '{start}~_%' ESCAPE '~'" for start in ("sqlite", "gpkg", "rtree"))
#: What a query may not do, even where it is no SELECT in truth.
_DENIED = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA}


def read_sqlite(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one table of a database, `file.db#table`, or the rows of `options.query`; default: the table with most rows.

    Raises:
        InputError: The database is damaged, encrypted, or holds no tables.
        ConfigError: There is no such table, or the query is wrong.
    """
    try:
        database = _opened(source.path)
        try:
            query, notices = _query(database, source, options)
            return _read(database, query, notices, source, scratch)
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        if options.query and isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
            raise ConfigError(f"The query fails: {error}.", hint="Try it in sqlite3.", file=source.given) from error
        raise InputError(
            f"The SQLite database cannot be read: {error}.", hint="Copy it again with its program closed.",
            file=source.given,
        ) from error  # fmt: skip


def _opened(path: Path) -> sqlite3.Connection:
    """The database, read only; text that is not UTF-8 shows its bytes."""
    from urllib.parse import quote

    # A journal beside the file belongs to it; one that is alone on read-only ground is taken as it stands.
    loose = not any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    uri = f"file:{quote(str(path.absolute()))}?mode=ro" + ("&immutable=1" if loose else "")
    database = sqlite3.connect(uri, uri=True)
    database.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
    database.execute("PRAGMA trusted_schema = OFF")
    database.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action in _DENIED else sqlite3.SQLITE_OK)
    return database


def _query(database: sqlite3.Connection, source: Source, options: ReadOptions) -> tuple[str, list[str]]:
    """The SELECT to read, and what to say of other tables."""
    if options.query:
        text = options.query.strip().rstrip(";")
        if not text.lower().lstrip("(").startswith(("select", "with", "values")):
            raise ConfigError("The query is no SELECT.", hint="A connector only reads.", file=source.given)
        return text, []
    found = database.execute(f"SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND {_OWN} ORDER BY name")
    names = [name for (name,) in found.fetchall()]
    wanted = source.sheet or options.sheet
    if wanted is not None:
        same = [name for name in names if name == wanted] or [name for name in names if name.lower() == wanted.lower()]
        if not same:
            raise ConfigError(f"There is no table {wanted!r}.", hint=f"Tables: {', '.join(names)}.", file=source.given)
        return f"SELECT * FROM {ident(same[0])}", []
    if not names:
        raise InputError("The database holds no tables.", hint="Name another file.", file=source.given)
    rows = {name: _count(database, name) for name in names}
    largest = max(rows, key=lambda name: rows[name])
    others = [f"{name} ({count:,} rows)" for name, count in rows.items() if name != largest]
    notices = []
    if others:
        how = f"Name one: {source.given}#{next(name for name in names if name != largest)}."
        notices = [f"The table {largest!r} is read; the database has others: {', '.join(others[:10])}. {how}"]
    return f"SELECT * FROM {ident(largest)}", notices


def _count(database: sqlite3.Connection, name: str) -> int:
    """A table's rows; a view that fails has none."""
    try:
        return int(database.execute(f"SELECT count(*) FROM {ident(name)}").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _read(database: sqlite3.Connection, query: str, notices: list[str], source: Source, scratch: Scratch) -> Part:
    """Copy the rows to Parquet, some ten thousand at a time, under types that hold for all of them."""
    import pyarrow
    from pyarrow import parquet

    names = [str(column[0]) for column in database.execute(f"SELECT * FROM ({query}\n) LIMIT 0").description]
    positions = [f"c{at}" for at in range(len(names))]
    listed = ", ".join(positions)
    source_rows = f"WITH q({listed}) AS ({query}\n)"
    kinds = [
        kind for at in range(0, len(names), 100) for kind in _kinds(database, source_rows, positions[at : at + 100])
    ]
    cells = ", ".join(_cell(one, kind) for one, kind in zip(positions, kinds, strict=True))
    arrow = {"BIGINT": pyarrow.int64(), "DOUBLE": pyarrow.float64(), "BLOB": pyarrow.binary()}
    types = [arrow.get(kind, pyarrow.string()) for kind in kinds]
    path, count = scratch.new(".parquet"), 0
    cursor = database.execute(f"{source_rows} SELECT {cells} FROM q")
    with parquet.ParquetWriter(path, pyarrow.schema(list(zip(positions, types, strict=True)))) as writer:
        while rows := cursor.fetchmany(_ROWS):
            count += len(rows)
            turned = zip(*rows, strict=True)
            arrays = [pyarrow.array(values, kind) for values, kind in zip(turned, types, strict=True)]
            writer.write_batch(pyarrow.record_batch(arrays, names=positions))
    columns = unique_names(names)
    shown = [f"{one} AS {ident(column)}" for one, column in zip(positions, columns, strict=True)]
    hidden = f"{literal(source.given)}::VARCHAR AS {SOURCE}, file_row_number + 1 AS {LINE}"
    return Part(
        query=f"SELECT {', '.join(shown)}, {hidden} FROM read_parquet({literal(path)}, file_row_number = true)",
        columns=columns,
        source_names=names,
        records=count,
        native={column: kind for column, kind in zip(columns, kinds, strict=True) if kind != "VARCHAR"},
        notices=notices,
    )


def _kinds(database: sqlite3.Connection, source_rows: str, names: list[str]) -> list[str]:
    """Types of some columns: SQLite gives no more than 2,000 results at once."""
    kinds = ("integer", "real", "text", "blob")
    counted = ", ".join(f"max(typeof({name}) = '{kind}')" for name in names for kind in kinds)
    held: Any = database.execute(f"{source_rows} SELECT {counted} FROM q").fetchone()
    return [_kind(*(bool(flag) for flag in held[4 * at : 4 * at + 4])) for at in range(len(names))]


def _kind(integer: bool, real: bool, text: bool, blob: bool) -> str:
    """The DuckDB type of a column by the kinds of values it holds."""
    if text or not (integer or real or blob):
        return "VARCHAR"
    if blob:
        return "VARCHAR" if integer or real else "BLOB"
    return "DOUBLE" if real else "BIGINT"


def _cell(name: str, kind: str) -> str:
    """SQL that gives a column's values in its type; bytes among texts in hexadecimal."""
    if kind == "VARCHAR":
        return f"CASE typeof({name}) WHEN 'blob' THEN hex({name}) ELSE CAST({name} AS TEXT) END"
    return f"CAST({name} AS REAL)" if kind == "DOUBLE" else name


CONNECTOR = Connector("sqlite", read_sqlite)
