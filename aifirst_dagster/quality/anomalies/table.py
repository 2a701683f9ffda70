"""The table under search: its rows numbered, its columns readable as numbers, moments and texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, SOURCE, ident
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.anomalies.model import Settings

TABLE, FLAGS = "__anomaly_rows", "__anomaly_flags"
#: Columns that are asked about in one statement.
SLICE = 40
#: Values that stand in so many rows each, on average, are kept with their counts.
REPEAT = 3
_NUMBERS = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\b.*)$")
_MOMENTS = re.compile(r"^(DATE|TIMESTAMP.*)$")
_READ = {"integer": "number", "number": "number", "year": "number", "date": "moment", "datetime": "moment"}


@dataclass(frozen=True)
class Field:
    """A column: `sql` names its cell in the working table, `value` is SQL of a DOUBLE, TIMESTAMP or VARCHAR.

    `kind` is number, moment, text, key (numbers that count rows) or other (nested, binary); the last two are not looked
    into.
    """

    at: int
    column: Column
    kind: str
    sql: str
    value: str
    filled: int = 0
    distinct: int = 0

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def text(self) -> str:
        """SQL: the cell as text."""
        return f"{self.sql}::VARCHAR"


@dataclass
class Table:
    """The working table in its session, and what was skipped with the reason."""

    con: Any
    rows: int
    fields: list[Field]
    settings: Settings
    sources: int = 0
    skipped: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)

    def ask(self, sql: str) -> list[tuple]:
        """All rows of a query."""
        found: list[tuple] = self.con.execute(sql).fetchall()
        return found

    def of(self, *kinds: str) -> list[Field]:
        """The columns of these kinds."""
        return [one for one in self.fields if one.kind in kinds]

    @property
    def sampled(self) -> str:
        """SQL: a condition that leaves about as many rows as models are fitted on, spread over the table."""
        every = max(1, -(-self.rows // self.settings.sample))
        return f"(__row % {every} = 0)" if every > 1 else "TRUE"

    @property
    def some(self) -> str:
        """The rows that models are fitted on, as a relation."""
        if self.sampled == "TRUE":
            return TABLE
        name = "__anomaly_sample"
        return name if name in self.made else self.create(name, f"SELECT * FROM {TABLE} WHERE {self.sampled}")

    @property
    def few(self) -> int:
        """As many cells of a column as may be anomalies."""
        return max(3, int(self.settings.few * self.rows))

    @property
    def alarms(self) -> float:
        """Of the false alarms that a table may give, the share of one column of numbers."""
        return self.settings.alarms / max(1, len(self.of("number")))

    def create(self, name: str, query: str) -> str:
        """A temporary table that `close` drops."""
        self.ask(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        self.made.append(name)
        return name

    def view(self, name: str, query: str) -> str:
        """A temporary view that `close` drops."""
        self.ask(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")
        self.views.append(name)
        return name

    def counted(self, field: Field) -> str:
        """A relation of the different values `v` of a column, with how many cells `n` hold each.

        Many finders ask for them; where they repeat, they are gathered once.
        """
        texts = self.texts(field)
        if texts is None:
            return f"(SELECT {field.value} AS v, count(*) AS n FROM {TABLE} WHERE v IS NOT NULL GROUP BY 1)"
        name = f"__anomaly_values_{field.at}"
        query = f"SELECT trim(v) AS v, sum(n) AS n FROM {texts} GROUP BY 1"
        return name if name in self.made else self.create(name, query)

    def texts(self, field: Field) -> str | None:
        """A table of the different cells of a text column as they stand, but for blank ones, with how many there are.

        None where they hardly repeat: it would be as large as the column.
        """
        if field.kind != "text" or field.distinct > field.filled / REPEAT:
            return None
        name = f"__anomaly_texts_{field.at}"
        query = f"SELECT {field.text} AS v, count(*) AS n FROM {TABLE} WHERE trim({field.text}) <> '' GROUP BY 1"
        return name if name in self.made else self.create(name, query)

    def close(self) -> None:
        """Drop all temporary tables."""
        for name in self.views:
            self.ask(f"DROP VIEW IF EXISTS {name}")
        for name in [*self.made, TABLE, FLAGS]:
            self.ask(f"DROP TABLE IF EXISTS {name}")


def open_table(con: Any, relation: str, columns: Sequence[Column], settings: Settings) -> Table:
    """Number the rows of `relation` (a FROM expression) and count what its columns hold."""
    described = [(str(row[0]), str(row[1])) for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    types = dict(described)
    known = {column.name: column for column in columns}
    fields: list[Field] = []
    for name, physical in described:
        if name not in HIDDEN:
            column = known.get(name) or Column(name=name, source_name=name, physical_type=physical, native=True)
            fields.append(_field(len(fields), column, physical))
    cells = "".join(f", {ident(one.name)} AS {one.sql}" for one in fields)
    source = f"{SOURCE}::VARCHAR" if SOURCE in types else "NULL::VARCHAR"
    line = f"{LINE}::BIGINT" if LINE in types else "NULL::BIGINT"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT row_number() OVER () - 1 AS __row, {source} AS __source, "
        f"{line} AS __line{cells} FROM {relation}"
    ).fetchall()
    rows, sources = con.execute(f"SELECT count(*), approx_count_distinct(__source) FROM {TABLE}").fetchall()[0]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {FLAGS} (row BIGINT, field INTEGER, kind VARCHAR, value VARCHAR, "
        "expected VARCHAR, surprise DOUBLE, cause VARCHAR)"
    )
    table = Table(con, rows, fields, settings, sources)
    table.fields = _counted(table, fields)
    return table


def _field(at: int, column: Column, physical: str) -> Field:
    sql = f"c{at}"
    if _NUMBERS.match(physical):
        return Field(at, column, "number", sql, f"CASE WHEN isfinite({sql}::DOUBLE) THEN {sql}::DOUBLE END")
    if _MOMENTS.match(physical):
        return Field(at, column, "moment", sql, f"CASE WHEN isfinite({sql}) THEN {sql}::TIMESTAMP END")
    if physical == "VARCHAR":
        kind = _READ.get(column.type, "text")
        if kind != "text" and not column.native:
            cast = "DOUBLE" if kind == "number" else "TIMESTAMP"
            value = f"TRY_CAST(({casts.parsed(column, sql)}) AS {cast})"
            finite = f"CASE WHEN isfinite({value}) THEN {value} END"
            return Field(at, column, kind, sql, finite)
        return Field(at, column, "text", sql, f"nullif(trim({sql}), '')")
    if physical == "BOOLEAN" or physical.startswith("ENUM"):
        return Field(at, column, "text", sql, f"{sql}::VARCHAR")
    return Field(at, column, "other", sql, f"{sql}::VARCHAR")


def _counted(table: Table, fields: list[Field]) -> list[Field]:
    """The columns with how many cells are filled, and how many values differ (about, in a large table)."""
    from dataclasses import replace

    exact = table.rows <= 200_000
    found = []
    for start in range(0, len(fields), SLICE):
        some = fields[start : start + SLICE]
        count = "count(DISTINCT {0})" if exact else "approx_count_distinct({0})"
        asked = ", ".join(
            f"count({one.sql}), {count.format(one.value)}" if one.kind != "other" else f"count({one.sql}), 0"
            for one in some
        )
        counts = table.ask(f"SELECT {asked} FROM {TABLE}")[0]
        found += [
            replace(one, filled=filled, distinct=distinct)
            for one, filled, distinct in zip(some, counts[::2], counts[1::2], strict=True)
        ]
    return [replace(one, kind="key") if _counts_rows(table, one) else one for one in found]


def _counts_rows(table: Table, field: Field) -> bool:
    """Whether a column holds whole numbers that differ from row to row without leaving many out: 1, 2, 3, ..."""
    if field.kind != "number" or field.filled < 10 or field.distinct < 0.95 * field.filled:
        return False
    x = field.value
    whole, inner = table.ask(
        f"SELECT count(*) FILTER ({x} <> floor({x})), quantile_cont({x}, [0.1, 0.9]) FROM {TABLE}"
    )[0]
    return not whole and inner is not None and 0.7 * field.filled < inner[1] - inner[0] < 1.1 * field.filled


__all__ = ["FLAGS", "RAW", "TABLE", "Field", "Table", "open_table"]
