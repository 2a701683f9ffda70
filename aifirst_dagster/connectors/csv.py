"""Delimited text: any delimiter, quoting and encoding, lines that do not fit set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.connectors.text import as_utf8
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.inference.schema import Dialect

if TYPE_CHECKING:
    import duckdb


def read_csv(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one delimited text file."""
    text = as_utf8(source, options.encoding, scratch)
    sniffed = con.execute(
        f"SELECT Delimiter, Quote, Escape, SkipRows, HasHeader, [c.name FOR c IN Columns] FROM sniff_csv({literal(text.path)}, all_varchar=true)"
    ).fetchone()
    delimiter, quote, escape, skip, header, names = sniffed
    plain = lambda mark: None if mark in ("(empty)", "\0", "") else mark  # noqa: E731
    skip = skip + int(header)
    columns = unique_names(names)
    spec = "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns) + "}"
    scan = (
        f"read_csv({literal(text.path)}, auto_detect=false, delim={literal(delimiter)}, quote={literal(plain(quote) or '')}, "
        f"escape={literal(plain(escape) or '')}, header=false, skip={skip}, columns={spec}, strict_mode=false, null_padding=true)"
    )
    cells = ", ".join(ident(name) for name in columns)
    query = f"SELECT {cells}, {literal(source.given)}::VARCHAR AS {SOURCE}, row_number() OVER () + {skip} AS {LINE} FROM {scan}"
    records = con.execute(f"SELECT count(*) FROM {scan}").fetchone()[0]
    dialect = Dialect(
        encoding=text.encoding, delimiter=delimiter, quotechar=plain(quote), escapechar=plain(escape),
        line_terminator=text.line_terminator, header_rows=int(header), skip_rows=skip - int(header),
    )  # fmt: skip
    return Part(query, columns, list(names), records, named=bool(header), dialect=dialect)


CONNECTOR = Connector("csv", read_csv)
