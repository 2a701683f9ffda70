"""What is made of a column's texts, looked up row by row without a join, for a join loses the order of the rows.

The distinct texts become an enumerated type; what is made of them, a list in its order; a row's text says the place.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.repair import realign
from aifirst_dagster.repair.lanes import Lane, build
from aifirst_dagster.repair.plan import RepairPlan

if TYPE_CHECKING:
    import duckdb

#: Most distinct texts: of 5,000 a lookup costs what a join does, of 100,000 twice that.
MOST = 10_000
Tables = list[tuple[str, str]]

_number = itertools.count(1)


@contextmanager
def texts(con: duckdb.DuckDBPyConnection, plan: RepairPlan, relation: str) -> Iterator[dict[str, str]]:
    """Column of `relation` -> the type of its texts, for those columns whose texts are few and read once each."""
    lanes = [build(plan, column) for column in plan.columns if column.name not in plan.companions]
    names = [lane.source for lane in lanes if lane.shared]
    if names:
        counted = ", ".join(f"approx_count_distinct({ident(name)})" for name in names)
        found = con.execute(f"SELECT {counted} FROM {relation}").fetchall()[0]
        names = [name for name, distinct in zip(names, found, strict=True) if distinct < MOST]
    types = {name: f"repair_texts_{next(_number)}" for name in names}
    try:
        if types:
            _create(con, types, plan, relation)
        yield types
    finally:
        for type_ in types.values():
            con.execute(f"DROP TYPE IF EXISTS {type_}")


def _create(con: duckdb.DuckDBPyConnection, types: Mapping[str, str], plan: RepairPlan, relation: str) -> None:
    tables: Tables = []
    if realigning := realign.wanted(plan):
        tables, relation = realign.stages(realigning, relation)
    with_ = "WITH " + ", ".join(f"{ident(name)} AS ({sql})" for name, sql in tables) if tables else ""
    lists = [
        f"list(DISTINCT CAST({ident(name)} AS VARCHAR)) FILTER ({ident(name)} IS NOT NULL) AS {type_}"
        for name, type_ in types.items()
    ]
    held = f"repair_texts_{next(_number)}"
    con.execute(f"CREATE TEMP TABLE {held} AS {with_} SELECT {', '.join(lists)} FROM {relation}").fetchall()
    for type_ in types.values():
        con.execute(f"CREATE TYPE {type_} AS ENUM (SELECT unnest({type_}) FROM {held})")
    con.execute(f"DROP TABLE {held}")


def stages(lanes: Sequence[Lane], relation: str, types: Mapping[str, str]) -> Tables:
    """Common table expressions: `#read` is the relation with what each lane makes of its column's texts."""
    tables: Tables = []
    found, made, left_out = [], [], []
    for lane in lanes:
        type_, listed, own = types[lane.source], ident(f"#{lane.source} list"), ident(f"#{lane.source} found")
        name = f"#{lane.source} texts"
        tables.append((name, f"SELECT CAST(unnest(enum_range(NULL::{type_})) AS VARCHAR) AS {lane.original}"))
        for number, (stage, sql) in enumerate(lane.stages, 1):
            before, name = name, f"#{lane.source} {number}"
            tables.append((name, f"SELECT *, {sql} AS {stage}\nFROM {ident(before)}"))
        fields = ", ".join(f"{stage} := {stage}" for stage, _ in lane.stages)
        every = f"list(struct_pack({fields}) ORDER BY CAST({lane.original} AS {type_}))"
        tables.append((f"#{lane.source} all", f"SELECT {every} AS {listed}\nFROM {ident(name)}"))
        text = f"CAST({ident(lane.source)} AS VARCHAR)"
        place = f"CAST(enum_code(CAST({text} AS {type_})) AS BIGINT) + 1"
        found += [f"{text} AS {lane.original}", f"{listed}[{place}] AS {own}"]
        made += [f"{own}.{stage} AS {stage}" for stage, _ in lane.stages]
        left_out += [listed, own]
    joined = " ".join(f"CROSS JOIN {ident(f'#{lane.source} all')}" for lane in lanes)
    tables.append(("#found", f"SELECT *,\n    {_lines(found)}\nFROM {relation} {joined}"))
    tables.append(("#read", f"SELECT * EXCLUDE ({', '.join(left_out)}),\n    {_lines(made)}\nFROM {ident('#found')}"))
    return tables


def _lines(items: Sequence[str]) -> str:
    return ",\n    ".join(items)
