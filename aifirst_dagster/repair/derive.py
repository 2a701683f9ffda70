"""Columns made of others outside of SQL: once for each different input; a row that fails has its reason."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.datasets.python_sandbox import Made
from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column, FieldType
from aifirst_dagster.repair.compile import REASONS

if TYPE_CHECKING:
    import duckdb

_number = itertools.count(1)
#: DuckDB types that the sandbox takes as they are; others go in as text.
_PLAIN = ("VARCHAR", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE", "FLOAT", "BOOLEAN", "DATE",
          "TIMESTAMP")  # fmt: skip
_ID, _AT, _PROBLEM = ident("#first"), ident("#id"), ident("#problem")


PHYSICAL: dict[FieldType, str] = {
    "integer": "BIGINT", "year": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
    "datetime": "TIMESTAMP", "time": "TIME",
}  # fmt: skip


class Output(BaseModel):
    """A column that is made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    type: FieldType = "string"
    description: str = ""

    @property
    def column(self) -> Column:
        """As the dataset describes it."""
        physical = PHYSICAL.get(self.type, "VARCHAR")
        return Column(
            name=self.name, source_name=self.name, type=self.type, physical_type=physical, description=self.description
        )


@dataclass(frozen=True)
class Computed:
    """The rows with what was made.

    Attributes:
        table: Relation: user columns, hidden columns, `_reasons` (NULL: the row is whole).
        rows: Its rows.
        failed: Rows with a reason.
        problems: Different reasons with their rows, the most frequent first.
    """

    table: str
    rows: int
    failed: int
    problems: list[tuple[str, int]]


def derive(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    inputs: Sequence[str],
    outputs: Sequence[Output],
    make: Callable[[list[dict[str, Any]]], list[Made]],
    by: str,
    batch: int = 10_000,
) -> Computed:
    """Run `make` over the different inputs of `relation`; the result lives with the session.

    Args:
        con: The session that knows `relation`.
        relation: Typed, with the hidden columns.
        inputs: Columns that `make` sees.
        outputs: Columns that it makes; one of a name that exists takes its place.
        make: Different inputs as dicts -> what each gives, in order.
        by: Who makes them, for the reasons.
        batch: Inputs given at once.

    Raises:
        ConfigError: An input column is not there.
    """
    types = {row[0]: row[1] for row in con.execute(f"DESCRIBE {ident(relation)}").fetchall()}
    if missing := [name for name in inputs if name not in types]:
        raise ConfigError(
            f"The step reads a column that is not there: {missing[0]!r}.",
            hint=f"Columns: {', '.join(name for name in types if name not in HIDDEN)}.",
        )
    number = next(_number)
    keys, made, table = (f"derived_{number}_{part}" for part in ("keys", "made", "all"))
    listed = ", ".join(ident(name) for name in inputs) or "1 AS none"
    con.execute(
        f"CREATE TEMP TABLE {keys} AS SELECT *, row_number() OVER (ORDER BY {_ID}) AS {_AT} FROM (SELECT "
        f"{listed}, min(({SOURCE}, {LINE})) AS {_ID} FROM {ident(relation)} GROUP BY ALL)"
    ).fetchall()
    columns = ", ".join(f"{ident(f'#{at}')} VARCHAR" for at in range(len(outputs)))
    con.execute(f"CREATE TEMP TABLE {made} ({_AT} BIGINT, {_PROBLEM} VARCHAR, {columns})")
    given = ", ".join(ident(name) if types[name] in _PLAIN else f"CAST({ident(name)} AS VARCHAR)" for name in inputs)
    (total,) = con.execute(f"SELECT count(*) FROM {keys}").fetchall()[0]
    for first in range(1, total + 1, batch):
        where = f"WHERE {_AT} BETWEEN {first} AND {first + batch - 1} ORDER BY {_AT}"
        found = con.execute(f"SELECT {', '.join(filter(None, [_AT, given]))} FROM {keys} {where}").fetchall()
        rows = [dict(zip(inputs, row[1:], strict=True)) for row in found]
        _store(con, made, [row[0] for row in found], make(rows), outputs)
    con.execute(f"CREATE TEMP TABLE {table} AS {_joined(relation, keys, made, inputs, outputs, types, by)}").fetchall()
    con.execute(f"DROP TABLE {keys}")
    con.execute(f"DROP TABLE {made}")
    rows_, failed = con.execute(f"SELECT count(*), count({REASONS}) FROM {table}").fetchall()[0]
    problems = con.execute(
        f"SELECT {REASONS}[1] AS r, count(*) AS n FROM {table} WHERE {REASONS} IS NOT NULL "
        "GROUP BY 1 ORDER BY n DESC, r LIMIT 20"
    ).fetchall()
    return Computed(table, rows_, failed, problems)


def _store(
    con: duckdb.DuckDBPyConnection, made: str, ids: Sequence[int], said: Sequence[Made], outputs: Sequence[Output]
) -> None:
    """Append results as texts; their types are DuckDB's to read."""
    import pyarrow

    cells = [texts(one, outputs) for one in said]
    columns: dict[str, Any] = {
        "#id": pyarrow.array(ids, pyarrow.int64()),
        "#problem": pyarrow.array([problem for problem, _ in cells], pyarrow.string()),
    }
    for at in range(len(outputs)):
        columns[f"#{at}"] = pyarrow.array([row[at] for _, row in cells], pyarrow.string())
    con.register("derived_results", pyarrow.table(columns))
    try:
        con.execute(f"INSERT INTO {made} FROM derived_results").fetchall()
    finally:
        con.unregister("derived_results")


def texts(made: Made, outputs: Sequence[Output]) -> tuple[str | None, list[str | None]]:
    """(why the row failed, or None; the outputs' texts) of one result."""
    nothing: list[str | None] = [None] * len(outputs)
    value = made.value
    if made.problem is not None:
        return made.problem, nothing
    if value is None:
        return None, nothing
    if not isinstance(value, dict):
        if len(outputs) != 1:
            return f"it returned {_kind(value)}, not a dict of the output columns", nothing
        value = {outputs[0].name: value}
    names = {output.name for output in outputs}
    if unknown := [key for key in value if key not in names]:
        return f"it returned {str(unknown[0])[:80]!r}, which is no output column", nothing
    found: list[str | None] = []
    for output in outputs:
        try:
            found.append(_text(value.get(output.name)))
        except ValueError as error:
            return f"{output.name}: {error}", nothing
    return None, found


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, list | tuple | dict):
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError(f"{_kind(value)} of what has no JSON") from None
    raise ValueError(f"{_kind(value)} is no value of a column")


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _joined(
    relation: str,
    keys: str,
    made: str,
    inputs: Sequence[str],
    outputs: Sequence[Output],
    types: dict[str, str],
    by: str,
) -> str:
    """SQL: the rows with their outputs, `_raw` with the text of each cell that was replaced, and `_reasons`."""
    same = " AND ".join(f"r.{ident(name)} IS NOT DISTINCT FROM k.{ident(name)}" for name in inputs) or "TRUE"
    reads = {output.name: (f"m.{ident(f'#{at}')}", output) for at, output in enumerate(outputs)}
    values = {name: casts.typed(output.column, text) for name, (text, output) in reads.items()}
    user = [name for name in types if name not in HIDDEN]
    fields = [f"{values[name]} AS {ident(name)}" if name in values else f"r.{ident(name)}" for name in user]
    fields += [f"{value} AS {ident(name)}" for name, value in values.items() if name not in types]
    unread = [
        f"CASE WHEN {text} IS NOT NULL AND trim({text}) <> '' AND {values[name]} IS NULL "
        f"THEN {literal(f'{name}: not a {output.type}: ')} || left({text}, 100) END"
        for name, (text, output) in reads.items()
        if output.column.physical_type != "VARCHAR"
    ]
    problems = ", ".join([f"{literal(by + ': ')} || m.{_PROBLEM}", *unread])
    reasons = f"nullif(list_filter([{problems}], lambda _reason_: _reason_ IS NOT NULL), [])"
    replaced = [name for name in user if name in values]
    return (
        f"SELECT {', '.join(fields)}, r.{SOURCE}, r.{LINE}, {_raw(replaced, values)} AS {RAW}, {reasons} AS {REASONS} "
        f"FROM {ident(relation)} r JOIN {keys} k ON {same} JOIN {made} m ON k.{_AT} = m.{_AT} "
        f"ORDER BY r.{SOURCE}, r.{LINE}"
    )


def _raw(replaced: list[str], values: dict[str, str]) -> str:
    """SQL: `_raw` with the text that stood in a cell before, where nothing older is known."""
    if not replaced:
        return f"r.{RAW}"
    entries = ", ".join(
        f"CASE WHEN r.{RAW}[{literal(name)}] IS NULL AND r.{ident(name)} IS NOT NULL AND CAST(r.{ident(name)} AS "
        f"VARCHAR) IS DISTINCT FROM CAST({values[name]} AS VARCHAR) THEN {{'key': {literal(name)}, "
        f"'value': CAST(r.{ident(name)} AS VARCHAR)}} END"
        for name in replaced
    )
    fresh = f"list_filter([{entries}], lambda _entry_: _entry_ IS NOT NULL)"
    return f"nullif(map_from_entries(list_concat(coalesce(map_entries(r.{RAW}), []), {fresh})), MAP {{}})"
