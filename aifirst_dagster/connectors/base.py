"""What a connector is, what it gives back, and `read`: files of any known format to one relation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.errors import ConfigError, InputError

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors.beginning import Beginning
    from aifirst_dagster.connectors.bounds import Bounds
    from aifirst_dagster.connectors.places.address import RemoteFile
    from aifirst_dagster.connectors.places.pace import Pace
    from aifirst_dagster.connectors.source import Scratch, Source
    from aifirst_dagster.inference.contract.place import Layout
    from aifirst_dagster.inference.schema import Dialect

GROUP = "aifirst_dagster.connectors"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class ReadOptions:
    """What the user knows better than the reader; None: found out.

    Attributes:
        encoding: Text encoding, by any name Python knows.
        delimiter: One or more characters; "" for a file of one column.
        header: Whether the table's first row holds names.
        sheet: Which sheet of a workbook, table of a database or page, or list of a document.
        query: A SELECT for files that are databases; their rows are the table.
        tell: Is told how far a long transfer is.
        pace: How patient a transfer is; None: as `Pace` says.
        bounds: How much a packed file may become; None: as `Bounds` says.
        accept_unsure: Go on where the reader would raise `UnsureError`; a notice says so.
        meanwhile: Called before DuckDB parses a text, with its beginning where it is large: threads that it starts have
            the interpreter to themselves.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    accept_unsure: bool = False
    sheet: str | None = None
    query: str | None = None
    tell: Callable[[str], None] | None = None
    pace: Pace | None = None
    bounds: Bounds | None = None
    meanwhile: Callable[[Beginning | None], None] | None = None


@dataclass
class Part:
    """One file, read: what a connector gives back.

    Attributes:
        query: SELECT of the columns (VARCHAR, or `native` types), then `_source`, `_source_line`.
            Lazy where the file allows.
        columns: Names in order, unique without regard to case.
        source_names: The names as they stand in the file: may be blank or repeated; as many as `columns`.
        named: False where the file has no names and `columns` are made up.
        records: Data rows and rejected lines that the reader counted.
        rejects: SELECT (_source, _source_line, reason, text), or None where there are none.
        rejected: How many rejects there are.
        dialect: How the text is written; None unless delimited.
        native: Column -> DuckDB type, for formats that have types.
        notices: What the user should know, in sentences.
        beginning: Rows as those that the relation begins with; what `meanwhile` was called with.
    """

    query: str
    columns: list[str]
    source_names: list[str]
    records: int
    named: bool = True
    rejects: str | None = None
    rejected: int = 0
    dialect: Dialect | None = None
    native: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    beginning: Beginning | None = None


@dataclass
class ReadTable:
    """Files, read as one relation. Keep it for as long as `relation` is used: unpacked copies go when it goes.

    Attributes:
        relation: A view: source columns in order (VARCHAR, or `native` types), then `_source`, `_source_line`.
        columns: The source columns' names, unique without regard to case.
        source_names: The names as they stand in the first file that has the column: may be blank or repeated.
        rejects: A table (_source VARCHAR, _source_line BIGINT, reason VARCHAR, text VARCHAR) of lines that do not fit.
        format: The files' format; "mixed" where they differ.
        records: Data rows and rejects, as the reader counted them: `rows + rejected` must give this.
        rejected: Number of rows in `rejects`.
        dialect: The first file's; None unless delimited.
        dialects: Each file's, by its path as given.
        native: Column -> DuckDB type, for formats that have types.
        notices: What the user should know, in sentences.
        files: The files read, as given, in order.
        layouts: Each file's columns, by their names in `relation`, in the file's own order.
        beginning: As `Part.beginning`, of a single file.
    """

    relation: str
    columns: list[str]
    source_names: list[str]
    rejects: str
    format: str
    records: int
    rejected: int
    dialect: Dialect | None
    dialects: dict[str, Dialect]
    native: dict[str, str]
    notices: list[str]
    files: list[str]
    scratch: Scratch
    layouts: list[Layout] = field(default_factory=list)
    beginning: Beginning | None = None


@dataclass(frozen=True)
class Connector:
    """A file format, registered under the entry-point group `aifirst_dagster.connectors`.

    Attributes:
        format: Its name, as pipelines and `--format` spell it.
        read: Reads one unpacked file.
    """

    format: str
    read: Callable[[duckdb.DuckDBPyConnection, Source, ReadOptions, Scratch], Part]


@cache
def registered() -> dict[str, EntryPoint]:
    """Where each registered connector is found, by its format's name; only those that are used are imported."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def _named(format: str) -> EntryPoint:
    """Where a connector is found; for those of this package without a look at every package that is installed."""
    try:
        own = distribution("aifirst-dagster").entry_points.select(group=GROUP, name=format)
    except PackageNotFoundError:
        return registered()[format]
    return next(iter(own), None) or registered()[format]


def read(
    con: duckdb.DuckDBPyConnection,
    paths: Sequence[str | Path | RemoteFile],
    format: str | None = None,
    options: ReadOptions | None = None,
) -> ReadTable:
    """Read `paths` as one relation, columns united by name; a column that a file lacks is NULL there.

    Args:
        con: The session that will hold the relation.
        paths: Files; "-" is standard input. Addresses are fetched, compressed files seen through, and of an archive all
            data files are read.
        format: A connector's name; None or "auto": found out by suffix and content, for each file.
        options: What the user knows better than the reader.

    Raises:
        InputError: A file is missing, unreadable, or not what it poses as.
        UnsureError: The dialect is too uncertain, or an archive's files are different tables, and `options` do not
            accept that.
        ServiceError: A remote file cannot be fetched.
        ConfigError: There is no such format.
    """
    from aifirst_dagster.connectors.source import Scratch, open_sources

    if not paths:
        raise InputError("There is no file to read.", hint="Name at least one file.")
    if format not in (None, "auto") and format not in registered():
        raise ConfigError(f"There is no format {format!r}.", hint=f"Formats: {', '.join(registered())}, auto.")
    scratch, options = Scratch(), options or ReadOptions()
    parts: list[tuple[str, str, Part]] = []
    for path in paths:
        opened = open_sources(path, scratch, options.tell, options.pace, options.bounds)
        found = [_read_one(con, source, format, options, scratch) for source in opened]
        if len(found) > 1:
            from aifirst_dagster.connectors.union import check_kin

            check_kin(found, options.accept_unsure)
        parts += found
    from aifirst_dagster.connectors.union import unite  # by now `options.meanwhile` may have imported it

    return unite(con, parts, scratch, next(_numbers))


def _read_one(
    con: duckdb.DuckDBPyConnection, source: Source, format: str | None, options: ReadOptions, scratch: Scratch
) -> tuple[str, str, Part]:
    """One file: its path as given, its format, and what was read."""
    from aifirst_dagster.connectors.formats import detect

    chosen = format if format not in (None, "auto") else detect(source)
    connector: Connector = _named(chosen).load()
    part = connector.read(con, source, options, scratch)
    part.notices.extend(source.notes)
    return source.given, chosen, part
