"""PostgreSQL tables and queries: one COPY in a read-only transaction, spooled to disk, typed as the server says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aifirst_dagster.connectors.base import Part, ReadTable
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch
from aifirst_dagster.connectors.union import unite
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError, InputError, ServiceError

if TYPE_CHECKING:
    import duckdb

#: The server's type -> DuckDB's; all others are read as the text that the server writes.
_TYPES = {
    16: "BOOLEAN", 20: "BIGINT", 21: "SMALLINT", 23: "INTEGER", 26: "BIGINT", 700: "FLOAT", 701: "DOUBLE",
    1082: "DATE", 1083: "TIME", 1114: "TIMESTAMP", 1184: "TIMESTAMP WITH TIME ZONE", 2950: "UUID",
}  # fmt: skip
_NUMERIC = 1700
#: How the server is to write values: the same everywhere, exact, and never an answer without end.
_SETTINGS = (
    "-c default_transaction_read_only=on -c datestyle=ISO -c intervalstyle=iso_8601 -c timezone=UTC "
    "-c bytea_output=hex -c extra_float_digits=1 -c client_encoding=UTF8 -c idle_in_transaction_session_timeout=600000"
)
_LINE = 1 << 28


@dataclass(frozen=True)
class Wanted:
    """What to read: a table ("schema.table" too) or a query; with `cursor` only rows behind `since`.

    Attributes:
        cursor: A column that grows with each new row.
        since: Its largest value that is loaded already, as text; None: read all.
    """

    table: str | None = None
    query: str | None = None
    cursor: str | None = None
    since: str | None = None


def read_postgres(
    con: duckdb.DuckDBPyConnection, url: str, wanted: Wanted, number: int
) -> tuple[ReadTable, str | None]:
    """The rows, and the largest value of `wanted.cursor` among them (`since` where there are none), as text.

    Args:
        con: The session that will hold the relation.
        url: `postgresql://...`; never shown.
        wanted: Table or query.
        number: Names the relation.

    Raises:
        ConfigError: The table, a column or the query is wrong.
        ServiceError: The server cannot be reached, or fails.
    """
    import psycopg2

    place = _place(url)
    try:
        connection = psycopg2.connect(
            url.replace("postgresql+psycopg2://", "postgresql://"), connect_timeout=15, options=_SETTINGS
        )
    except (psycopg2.OperationalError, psycopg2.ProgrammingError) as error:
        raise ServiceError(
            f"Cannot connect to PostgreSQL at {place}: {_said(error, url)}",
            hint="Check the URL, and that the server is running.",
        ) from None
    scratch = Scratch()
    source = f"{place}/{wanted.table or 'query'}"
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:
            query = _query(cursor, wanted)
            columns = _described(cursor, query, wanted)
            last = _last(cursor, query, wanted)
            rows = scratch.new(".csv")
            count = _copied(cursor, _behind(cursor, query, wanted), rows)
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise ServiceError(f"PostgreSQL at {place} fails: {_said(error, url)}", hint="Try again later.") from None
    except psycopg2.Error as error:
        raise ConfigError(
            f"PostgreSQL at {place} refuses: {_said(error, url)}", hint="Check table, query and rights."
        ) from None
    finally:
        connection.close()
    part = _part(con, source, columns, rows, count, scratch)
    return unite(con, [(source, "postgres", part)], scratch, number), last


def _query(cursor: Any, wanted: Wanted) -> str:
    """The SELECT of all rows, cursor or not."""
    if wanted.query:
        text = wanted.query.strip().rstrip(";").strip()
        bare = re.sub(r"^(\s*--[^\n]*\n|\s*/\*.*?\*/)*", "", text, flags=re.DOTALL)
        if not re.match(r"\(*\s*(select|with|values|table)\b", bare, re.IGNORECASE):
            raise ConfigError("`query` is no SELECT.", hint="A connector only reads.")
        return text
    if not wanted.table:
        raise ConfigError("There is neither `table` nor `query`.", hint="Say what to read.")
    if re.fullmatch(r"\w+(\.\w+)?", wanted.table):  # as it is written in SQL: case does not matter
        cursor.execute("SELECT to_regclass(%s)::text", [wanted.table])
        found = cursor.fetchone()[0]
        if found is not None:
            return f"SELECT * FROM {found}"
    for names in ([wanted.table], wanted.table.split(".", 1)):
        quoted = ".".join(map(ident, names))
        cursor.execute("SELECT to_regclass(%s)", [quoted])
        if cursor.fetchone()[0] is not None:
            return f"SELECT * FROM {quoted}"
    cursor.execute(
        "SELECT string_agg(name, ', ') FROM (SELECT table_schema || '.' || table_name AS name "
        "FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') "
        "ORDER BY 1 LIMIT 20) AS known"
    )
    known = cursor.fetchone()[0] or "none"
    raise ConfigError(f"There is no table {wanted.table!r}.", hint=f"Tables: {known}.")


def _described(cursor: Any, query: str, wanted: Wanted) -> list[tuple[str, str]]:
    """Names, and the DuckDB types to try."""
    cursor.execute(f"SELECT * FROM ({query}\n) AS q LIMIT 0")
    found = []
    for column in cursor.description:
        kind = _TYPES.get(column.type_code, "VARCHAR")
        if (
            column.type_code == _NUMERIC
            and column.precision
            and 0 < column.precision <= 38
            and (column.scale or 0) >= 0
        ):
            kind = f"DECIMAL({column.precision},{min(column.scale or 0, column.precision)})"
        found.append((str(column.name), kind))
    if wanted.cursor and wanted.cursor not in [name for name, _ in found]:
        known = ", ".join(name for name, _ in found)
        raise ConfigError(f"The cursor {wanted.cursor!r} is no column.", hint=f"Columns: {known}.")
    return found


def _behind(cursor: Any, query: str, wanted: Wanted) -> str:
    """The SELECT of the rows that are new."""
    if not wanted.cursor or wanted.since is None:
        return query
    since = cursor.mogrify("%s", [wanted.since]).decode()
    return f"SELECT * FROM ({query}\n) AS q WHERE {ident(wanted.cursor)} > {since} ORDER BY {ident(wanted.cursor)}"


def _last(cursor: Any, query: str, wanted: Wanted) -> str | None:
    """The cursor's largest value."""
    if not wanted.cursor:
        return None
    cursor.execute(f"SELECT max({ident(wanted.cursor)})::text FROM ({query}\n) AS q")
    found = cursor.fetchone()[0]
    return wanted.since if found is None else str(found)


def _copied(cursor: Any, query: str, target: Path) -> int:
    """Spool the rows as CSV, every value in quotes; returns how many the server sent."""
    with target.open("wb") as out:
        cursor.copy_expert(f"COPY ({query}\n) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", out, 1 << 20)
    return int(cursor.rowcount)


def _part(
    con: duckdb.DuckDBPyConnection,
    source: str,
    columns: list[tuple[str, str]],
    rows: Path,
    count: int,
    scratch: Scratch,
) -> Part:
    """The spooled rows under the types that hold for all of them."""
    import duckdb

    names = [name for name, _ in columns]
    texts = {f"c{at}": kind for at, (_, kind) in enumerate(columns)}
    if not names:
        raise InputError("The table has no columns.", hint="Name another.", file=source)
    path = scratch.new(".parquet")
    scan, kinds = "", dict.fromkeys(texts, "VARCHAR")
    for options in ("", f", parallel = false, max_line_size = {_LINE}, buffer_size = {_LINE}"):
        scan = _scan(rows, list(texts), options) if count else ""
        try:
            if count and not _holds(con, scan, texts, kinds, count):
                continue
            break
        except duckdb.Error:
            if options:
                raise
    cells = [f"CAST({name} AS {kind}) AS {name}" for name, kind in kinds.items()]
    from_clause = f"FROM {scan}" if count else "WHERE false"
    if not count:
        kinds = texts
        cells = [f"NULL::{kind} AS {name}" for name, kind in kinds.items()]
    con.execute(f"COPY (SELECT {', '.join(cells)} {from_clause}) TO {literal(path)} (FORMAT parquet)")
    rows.unlink()
    unique = unique_names(names)
    shown = [f"{text} AS {ident(name)}" for text, name in zip(texts, unique, strict=True)]
    hidden = f"{literal(source)}::VARCHAR AS {SOURCE}, file_row_number + 1 AS {LINE}"
    return Part(
        query=f"SELECT {', '.join(shown)}, {hidden} FROM read_parquet({literal(path)}, file_row_number = true)",
        columns=unique,
        source_names=names,
        records=count,
        native={name: kind for name, kind in zip(unique, kinds.values(), strict=True) if kind != "VARCHAR"},
    )


def _scan(rows: Path, names: list[str], options: str) -> str:
    """The FROM clause that reads what was spooled, all as text."""
    spec = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(rows)}, auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', "
        f"nullstr = '', allow_quoted_nulls = false, columns = {{{spec}}}{options})"
    )


def _holds(con: duckdb.DuckDBPyConnection, scan: str, texts: dict[str, str], kinds: dict[str, str], count: int) -> bool:
    """Whether all rows are there; sets in `kinds` the types that every value of a column has."""
    tried = [name for name, kind in texts.items() if kind != "VARCHAR"]
    failing = ", ".join(f"count({name}) - count(TRY_CAST({name} AS {texts[name]}))" for name in tried)
    found: Any = con.execute(f"SELECT count(*){', ' if tried else ''}{failing} FROM {scan}").fetchone()
    kinds |= {name: texts[name] for name, failed in zip(tried, found[1:], strict=True) if not failed}
    return bool(found[0] == count)


def _place(url: str) -> str:
    """Where it is, without user and password."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"postgresql://{parts.hostname or 'localhost'}{port}{parts.path}"


def _said(error: Exception, url: str) -> str:
    """The server's word on one line, without what is secret."""
    from urllib.parse import unquote

    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    for secret in filter(None, (urlsplit(url).password, url)):
        text = text.replace(secret, "***").replace(unquote(secret), "***")
    return text
