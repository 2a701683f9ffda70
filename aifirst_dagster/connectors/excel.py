"""Spreadsheets: xlsx, xlsm, xlsb, xls and ods, with formulas' values and dates as dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.sheet import Row, Table, find, text, typed
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from python_calamine import CalamineSheet, CalamineWorkbook

_ARROW = {"BOOLEAN": "bool_", "BIGINT": "int64", "DOUBLE": "float64", "DATE": "date32", "VARCHAR": "string"}


def read_excel(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read one sheet of a workbook: the one named, else the one that holds most.

    Raises:
        InputError: The workbook is damaged, encrypted, or holds no cells.
        ConfigError: There is no such sheet.
    """
    from python_calamine import CalamineError, PasswordError

    try:
        name, table, notices = _read(source, options)
    except PasswordError as error:
        raise InputError("The workbook is encrypted.", hint="Save it without a password.", file=source.given) from error
    except (CalamineError, OSError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"The workbook cannot be read, it is damaged or cut off: {said[:200]}.",
            hint="Open it and save it again.",
            file=source.given,
        ) from error
    if not table.names:
        query = f"SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, 0::BIGINT AS {LINE} WHERE false"
        return Part(query, [], [], 0, notices=[*notices, f"The sheet {name!r} holds no table."])
    if table.above:
        notices.append(f"{len(table.above)} rows above the table are titles or notes, and no part of it.")
    columns = unique_names(table.names)
    kinds = [typed([row.cells[at] for row in table.rows]) for at in range(len(columns))]
    path = scratch.new(".parquet")
    _write(path, [*kinds, ("BIGINT", [row.line for row in table.rows])])
    cells = [f"{ident(f'c{at}')} AS {ident(column)}" for at, column in enumerate(columns)]
    hidden = [f"{literal(source.given)}::VARCHAR AS {SOURCE}", f"{ident(f'c{len(columns)}')} AS {LINE}"]
    return Part(
        query=f"SELECT {', '.join([*cells, *hidden])} FROM read_parquet({literal(path)})",
        columns=columns,
        source_names=table.names,
        records=len(table.rows) + len(table.apart),
        named=table.header_rows > 0,
        rejects=_rejects(con, source, table, scratch) if table.apart else None,
        rejected=len(table.apart),
        native={column: kind for column, (kind, _) in zip(columns, kinds, strict=True) if kind != "VARCHAR"},
        notices=notices,
    )


def _read(source: Source, options: ReadOptions) -> tuple[str, Table, list[str]]:
    """The sheet's name, its table, and what to say of other sheets."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(source.path))
    sheet, notices = _chosen(book, source.sheet or options.sheet, source)
    return sheet.name, find(_rows(sheet), options.header, sheet.merged_cell_ranges or ()), notices


def _chosen(book: CalamineWorkbook, wanted: str | None, source: Source) -> tuple[CalamineSheet, list[str]]:
    """The sheet to read, and what to say of the others."""
    names = list(book.sheet_names)
    if wanted is not None:
        if wanted in names:
            return book.get_sheet_by_name(wanted), []
        raise ConfigError(f"There is no sheet {wanted!r}.", hint=f"Sheets: {', '.join(names)}.", file=source.given)
    if not names:
        raise InputError("The workbook has no sheets with cells.", hint="Name another file.", file=source.given)
    sheets = [book.get_sheet_by_name(name) for name in names]
    largest = max(sheets, key=_size)
    others = [sheet.name for sheet in sheets if sheet is not largest and _size(sheet)]
    if not others:
        return largest, []
    how = f"Name one: {source.given}#{others[0]}, or `sheet` in a pipeline."
    return largest, [f"The sheet {largest.name!r} is read; others hold cells too: {', '.join(others)}. {how}"]


def _size(sheet: CalamineSheet) -> int:
    return int(sheet.total_height) * int(sheet.total_width) if sheet.start is not None else 0


def _rows(sheet: CalamineSheet) -> list[Row]:
    """All rows, from the sheet's corner on, as merged cells are counted."""
    return [Row(number, list(cells)) for number, cells in enumerate(sheet.to_python(skip_empty_area=False), 1)]


def _write(path: Path, columns: list[tuple[str, list[Any]]]) -> None:
    import pyarrow
    from pyarrow import parquet

    arrays = [pyarrow.array(values, _arrow_type(kind)) for kind, values in columns]
    parquet.write_table(pyarrow.table(arrays, [f"c{at}" for at in range(len(arrays))]), path)


def _arrow_type(kind: str) -> Any:
    import pyarrow

    if kind == "TIMESTAMP":
        return pyarrow.timestamp("us")
    if kind == "TIME":
        return pyarrow.time64("us")
    return getattr(pyarrow, _ARROW[kind])()


def _rejects(con: duckdb.DuckDBPyConnection, source: Source, table: Table, scratch: Scratch) -> str:
    """SQL: the rows apart from the table."""
    path = scratch.new(".parquet")
    words = [" | ".join(text(cell) for cell in row.cells if cell != "") for row in table.apart]
    _write(path, [("BIGINT", [row.line for row in table.apart]), ("VARCHAR", words)])
    return (
        f"SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, c0 AS {LINE}, 'stands apart from the table'::VARCHAR "
        f'AS reason, c1 AS "text" FROM read_parquet({literal(path)})'
    )


CONNECTOR = Connector("excel", read_excel)
