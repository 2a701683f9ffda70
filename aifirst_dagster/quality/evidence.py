"""What rules are learned from: figures of each column over one part of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.datasets.session import HIDDEN, LINE, SOURCE, ident
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.engines.plan import Table, describe

#: Rows that are learned from, and rows that rules are tested on, at most. Keys are tested on all rows.
LEARN_ROWS, TEST_ROWS = 60_000, 120_000
#: A column with more distinct values than this is no closed set.
SET_SIZE = 60
#: Columns that are asked about in one statement: planning all of a wide table at once takes seconds, and each count of
#: different values holds some megabytes from its first row on.
AT_ONCE = 20


@dataclass(frozen=True)
class Parts:
    """The rows, parted by a hash of where they stand: the same rows fall on the same side in every run.

    Attributes:
        learn: A view of the rows to learn from.
        test: A view of rows that are not among them.
        rows: Rows in all.
        learned: Rows to learn from.
    """

    learn: str
    test: str
    rows: int
    learned: int


@dataclass(frozen=True)
class Facts:
    """What the rows to learn from say about a column."""

    column: Column
    kind: str
    count: int
    nulls: int
    distinct: int
    low: Any = None
    high: Any = None
    mean: float | None = None
    stddev: float | None = None
    quantiles: list[float] | None = None
    """At 1, 5, 50, 95 and 99 %; of dates in days since 1970."""
    shortest: int | None = None
    longest: int | None = None
    values: dict[Any, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name


def part(con: Any, relation: str) -> Parts:
    """Part the rows of `relation`: six in ten to learn from, the others to test on, fewer of each in large tables."""
    names = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    visible = ", ".join(ident(name) for name in names if name not in HIDDEN) or "1 AS none"
    row, bucket, mark = (_unused(name, names) for name in ("__row", "__bucket", "__learned"))
    if LINE in names:
        place, source = f"hash({LINE}{', ' + SOURCE if SOURCE in names else ''})", relation
    else:
        place, source = f"hash({row})", f"(SELECT *, row_number() OVER () AS {row} FROM {relation})"
    upto = min(6000, max(1, LEARN_ROWS * 10000 // max(rows, 1)))
    until = min(10000, upto + max(1, TEST_ROWS * 10000 // max(rows, 1)))
    # One scan for both parts: of a wide file, reading it costs more than all that is asked of these rows.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE __sample AS SELECT {visible}, {bucket} < {upto} AS {mark} "
        f"FROM (SELECT *, {place} % 10000 AS {bucket} FROM {source}) WHERE {bucket} < {until}"
    )
    for view, rows_of in (("__learn", mark), ("__test", f"NOT {mark}")):
        con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * EXCLUDE ({mark}) FROM __sample WHERE {rows_of}")
    learned = con.execute("SELECT count(*) FROM __learn").fetchall()[0][0]
    return Parts("__learn", "__test", rows, learned)


def _unused(name: str, names: Sequence[str]) -> str:
    """`name`, or the like, that no column has."""
    taken = {other.casefold() for other in names}
    while name in taken:
        name = f"_{name}"
    return name


def drop(con: Any) -> None:
    """Remove what `part` made."""
    con.execute("DROP VIEW IF EXISTS __test")
    con.execute("DROP VIEW IF EXISTS __learn")
    con.execute("DROP TABLE IF EXISTS __sample")


def facts(con: Any, parts: Parts, columns: Sequence[Column]) -> list[Facts]:
    """The figures of each column that the table has, some in one scan, and the values of those that have few."""
    table = describe(con, parts.learn)
    known = [column for column in columns if column.name in table.types]
    if not known or not parts.learned:
        return []
    row: list[Any] = []
    for start in range(0, len(known), AT_ONCE):
        asked = [sql for column in known[start : start + AT_ONCE] for sql in _figures(table, column.name)]
        row += con.execute(f"SELECT {', '.join(asked)} FROM {parts.learn}").fetchall()[0]
    found = []
    for column in known:
        count, distinct, low, high, mean, stddev, quantiles, shortest, longest = row[:9]
        del row[:9]
        one = Facts(
            column, table.kind(column.name), count, parts.learned - count, distinct, low, high, mean, stddev, quantiles,
            shortest, longest,
        )  # fmt: skip
        found.append(one)
    few = [one for one in found if 0 < one.distinct <= SET_SIZE and one.kind in ("text", "number")]
    for start in range(0, len(few), AT_ONCE):
        some = few[start : start + AT_ONCE]
        asked = [f"histogram({table.value(one.name)})" for one in some]
        counts = con.execute(f"SELECT {', '.join(asked)} FROM {parts.learn}").fetchall()[0]
        for one, count in zip(some, counts, strict=True):
            one.values.update(sorted(count.items(), key=lambda item: (-item[1], item[0])))
    return found


def _figures(table: Table, name: str) -> list[str]:
    value, kind = f"({table.value(name)})", table.kind(name)
    number, text = kind == "number", kind == "text"
    figure = f"(epoch({value}::TIMESTAMP) / 86400)" if kind == "time" else value
    ends = [f"min({value})", f"max({value})"] if number or kind == "time" else ["NULL", "NULL"]
    return [
        f"count({value})",
        f"count(DISTINCT {value})" if kind != "other" else "0",
        *ends,
        f"avg({value})::DOUBLE" if number else "NULL",
        f"stddev_samp({value}::DOUBLE)" if number else "NULL",
        f"quantile_cont({figure}::DOUBLE, [0.01, 0.05, 0.5, 0.95, 0.99])" if number or kind == "time" else "NULL",
        f"min(length({value}))" if text else "NULL",
        f"max(length({value}))" if text else "NULL",
    ]
