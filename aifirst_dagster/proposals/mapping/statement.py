"""A mapping as a SELECT to read, keep and run elsewhere: the file's cells, read, then the target's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.inference import casts, garbled, units
from aifirst_dagster.inference.numbers import units_among
from aifirst_dagster.inference.schema import Column, Dialect
from aifirst_dagster.proposals.mapping import compile
from aifirst_dagster.proposals.mapping.answer import MappedField
from aifirst_dagster.repair.expressions import physical

#: What the rows are called that a statement reads where DuckDB alone cannot read the file.
ROWS = "source_rows"


#: The format of a column that holds what stands around another one's numbers.
_UNIT = "unit-of"


def with_units(columns: Sequence[Column]) -> list[Column]:
    """The columns, and beside each whose numbers stand with currencies or units a column of these."""
    names = {column.name for column in columns}
    found = []
    for column in columns:
        found.append(column)
        name = f"{column.name} {'currency' if _money(column) else 'unit'}"
        if column.units_seen and column.physical_type == "VARCHAR" and name not in names:
            found.append(Column(name=name, source_name=column.source_name, format=_UNIT))
    return found


def is_unit(column: Column) -> bool:
    """Whether a column was added by `with_units`."""
    return column.format == _UNIT


def cell(column: Column) -> str:
    """SQL: a cell of the file, read as what the column says."""
    text = ident(column.source_name)
    if is_unit(column):
        text = garbled.plain_sql(text, garbled.among(column.units_seen))
        return f"nullif(regexp_extract({text}, '[^\\d\\s.,''()+-]+'), '')"
    return casts.parsed(column, text)


def _money(column: Column) -> bool:
    return all(unit in units.CURRENCIES or unit in units.CURRENCY_CODES for unit in units_among(column.units_seen))


def read_as(columns: Sequence[Column]) -> list[Column]:
    """The columns with the types that they have once each cell is read as what it says."""
    return [column.model_copy(update={"physical_type": physical(column)}) for column in columns]


def readable(columns: Sequence[Column], relation: str) -> str:
    """SQL: each column read as its type and under its name, with the hidden columns that a mapping carries along.

    Args:
        columns: As inferred; `source_name` is the name in `relation`.
        relation: The file's cells as text (native ones typed), `_source` and `_source_line`.
    """
    made = [(column, cell(column), ident(column.source_name)) for column in columns]
    listed = [f"{sql} AS {ident(column.name)}" for column, sql, _ in made]
    entries = [
        f"CASE WHEN {sql} IS NULL AND {text} <> '' THEN {{'key': {literal(column.name)}, 'value': {text}}} END"
        for column, sql, text in made
        if not column.native and (column.null_tokens or physical(column) != "VARCHAR")
    ]
    raw = "NULL::MAP(VARCHAR, VARCHAR)"
    if entries:
        held = f"list_filter([{', '.join(entries)}], lambda _cell_: _cell_ IS NOT NULL)"
        raw = f"nullif(map_from_entries({held}), MAP {{}})"
    return f"SELECT {', '.join([*listed, SOURCE, LINE, f'{raw} AS {RAW}'])} FROM {ident(relation)}"


def statement(fields: Sequence[MappedField], columns: Sequence[Column], rows: str) -> str:
    """The whole mapping as one SELECT over `rows`, with all columns of the target in their order.

    Args:
        fields: The target's columns and what fills them.
        columns: The source's, as inferred.
        rows: SQL that stands behind FROM: the file's cells as text.
    """
    held = {column.name: column for column in read_as(columns)}
    used = [column for column in columns if any(column.name in field.sources for field in fields)]
    cells = [f"{cell(column)} AS {ident(column.name)}" for column in used]
    made = [f"{compile.value(field, held)[0]} AS {ident(field.name)}" for field in fields]
    return (
        f"WITH source AS (\n    SELECT\n        {_lines(cells or ['1 AS nothing'], 8)}\n    FROM {rows}\n)\n"
        f"SELECT\n    {_lines(made or ['1 AS nothing'], 4)}\nFROM source"
    )


def expressions(fields: Sequence[MappedField], columns: Sequence[Column]) -> Mapping[str, str]:
    """Field -> scalar SQL over the source's columns as they are read."""
    held = {column.name: column for column in read_as(columns)}
    made = {field.name: field.expression or compile.value(field, held)[0] for field in fields if field.sources}
    for field in fields:  # what stands around numbers is no column of the file: how it is read is told instead
        if len(field.sources) == 1 and is_unit(held[field.sources[0]]):
            made[field.name] = made[field.name].replace(ident(field.sources[0]), cell(held[field.sources[0]]))
    return made


def rows_of(path: str, format_: str, dialect: Dialect | None, names: Sequence[str]) -> str:
    """What stands behind FROM: the reader of DuckDB that gives the file's cells, or a name to put rows under."""
    if format_ == "parquet":
        return f"read_parquet({literal(path)})"
    plain = dialect is not None and dialect.encoding.lower().replace("-", "") in ("utf8", "utf8sig", "ascii")
    if dialect is None or not plain or dialect.header_rows != 1 or not dialect.delimiter or path == "-":
        return ROWS
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    options = [
        literal(path), "auto_detect = false", "header = true", f"skip = {dialect.skip_rows}",
        f"delim = {literal(dialect.delimiter)}", f"quote = {literal(dialect.quotechar or '')}",
        f"escape = {literal(dialect.escapechar or dialect.quotechar or '')}", f"columns = {{{columns}}}",
    ]  # fmt: skip
    return f"read_csv({', '.join(options)})"


def _lines(parts: Sequence[str], indent: int) -> str:
    return (",\n" + " " * indent).join(parts)
