"""Every column of a table measured, in a few scans: counts, spread, shape, frequent values, and what goes with what."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column, Record

if TYPE_CHECKING:
    import duckdb

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS, TOP, MASKS = 20, 10, 8
#: With more rows, distinct values and quantiles are estimates (HyperLogLog, t-digest).
EXACT_ROWS = 250_000
#: Rows that letter-and-digit patterns are taken from.
PATTERN_ROWS = 20_000
#: Columns measured in one scan: each holds its distinct values in memory meanwhile.
TOGETHER = 20
#: At most so many columns are compared with each other.
MAX_CORRELATED = 20
_NUMERIC = frozenset({"integer", "number", "year"})
_TEMPORAL = frozenset({"date", "datetime", "time"})


class ColumnProfile(Record):
    """What was measured in one column; None or empty where it makes no sense for its type.

    `quantiles` maps the share below ("0.5") to the value; `histogram` has `{low, high, count}` bins of equal width;
    `patterns` are `{pattern, count}` with `A` for letters and `9` for digits, from the first rows; `length` counts
    characters (`min`, `max`, `mean`). `exact` says whether `distinct` and `quantiles` are exact.
    """

    name: str
    type: str
    semantic_type: str | None = None
    nulls: int = 0
    failed: int = 0
    distinct: int = 0
    exact: bool = True
    min: Any = None
    max: Any = None
    mean: float | None = None
    stddev: float | None = None
    quantiles: dict[str, Any] = Field(default_factory=dict)
    histogram: list[dict[str, Any]] = Field(default_factory=list)
    top_values: list[dict[str, Any]] = Field(default_factory=list)
    patterns: list[dict[str, Any]] = Field(default_factory=list)
    length: dict[str, Any] | None = None


class Profile(Record):
    """A table, measured. `correlations` are Pearson's, `{columns, value}`, strongest first; `duplicates` counts rows
    that are the same as an earlier one in every column.
    """

    rows: int
    columns: list[ColumnProfile]
    correlations: list[dict[str, Any]]
    duplicates: int


def profile(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> Profile:
    """Measure every column of `relation`.

    Args:
        con: The session that `relation` lives in.
        relation: As `connectors.read` gives it: the columns under their `source_name`, as text or native.
        columns: As verified. Numbers and dates that need repair to be read are read here too.
    """
    if not columns:
        rows = con.execute(f"SELECT count(*) FROM {ident(relation)}").fetchall()[0][0]
        return Profile(rows=rows, columns=[], correlations=[], duplicates=0)
    table = "aifirst_profile"
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {_values(columns)} FROM {ident(relation)}")
    try:
        return _measure(con, table, columns)
    finally:
        con.execute(f"DROP TABLE {table}")


def _values(columns: Sequence[Column]) -> str:
    """SQL: each column read as its type, as `c0`, `c1`, ...; nested and odd ones as text."""
    return ", ".join(
        (f"CAST({casts.typed(column, ident(column.source_name))} AS VARCHAR)" if _kind(column) == "text"
         else casts.parsed(column, ident(column.source_name))) + f" AS c{at}"
        for at, column in enumerate(columns)
    )  # fmt: skip


def _kind(column: Column) -> str:
    """How a column is measured: `number`, `temporal`, `boolean` or `text`."""
    if column.type in _NUMERIC:
        return "number"
    if column.type in _TEMPORAL:
        return "temporal"
    return "boolean" if column.type == "boolean" else "text"


def _axis(column: Column, at: int) -> str:
    """SQL: the column on a line of numbers: itself, or seconds since 1970 (midnight, for a time of day)."""
    return f"CAST(c{at} AS DOUBLE)" if _kind(column) == "number" else f"CAST(epoch(c{at}) AS DOUBLE)"


def _measure(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column]) -> Profile:
    rows = con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    exact = rows <= EXACT_ROWS
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(columns), TOGETHER):
        some = list(enumerate(columns))[start : start + TOGETHER]
        each = [_aggregates(column, at, exact) for at, column in some]
        values = con.execute(f"SELECT {', '.join(itertools.chain(*each))} FROM {table}").fetchall()[0]
        found += [values[at : at + len(each[0])] for at in range(0, len(values), len(each[0]))]
    every = ", ".join(f"c{at}" for at in range(len(columns)))
    distinct_rows = con.execute(f"SELECT count(DISTINCT hash({every})) FROM {table}").fetchall()[0][0]
    profiles = []
    for at, column in enumerate(columns):
        count, distinct, low, high, mean, spread, quantiles, shortest, longest, length = found[at]
        kind = _kind(column)
        profiles.append(
            ColumnProfile(
                name=column.name, type=column.type, semantic_type=column.semantic_type, nulls=rows - count,
                failed=column.evidence.failed, distinct=min(distinct, count), exact=exact, min=low, max=high,
                mean=mean if kind == "number" else None, stddev=spread if kind == "number" else None,
                quantiles={
                    str(share): _back(column, value)
                    for share, value in zip(QUANTILES, quantiles or [], strict=False) if value is not None
                },
                length={"min": shortest, "max": longest, "mean": round(length, 2)} if length is not None else None,
            )
        )  # fmt: skip
    _add_histograms(con, table, columns, profiles)
    for at, measured in enumerate(profiles):
        _add_values(con, table, columns[at], at, measured, rows)
    return Profile(
        rows=rows, columns=profiles, correlations=_correlations(con, table, columns, profiles),
        duplicates=rows - distinct_rows,
    )  # fmt: skip


def _aggregates(column: Column, at: int, exact: bool) -> list[str]:
    """SQL aggregates: count, distinct, min, max, mean, stddev, quantiles, and the length's min, max, mean."""
    name, kind = f"c{at}", _kind(column)
    distinct = f"coalesce(list_unique(list({name})), 0)" if exact else f"approx_count_distinct({name})"
    low, high = (
        (f"min(left({name}, 200))", f"max(left({name}, 200))") if kind == "text" else (f"min({name})", f"max({name})")
    )
    base = [f"count({name})", distinct, low, high]
    if kind == "text":
        return [*base, "NULL", "NULL", "NULL", f"min(length({name}))", f"max(length({name}))", f"avg(length({name}))"]
    if kind == "boolean":
        return [*base, *["NULL"] * 6]
    axis = _axis(column, at)
    shares = ", ".join(map(str, QUANTILES))
    quantile = f"quantile_cont({axis}, [{shares}])" if exact else f"approx_quantile({axis}, [{shares}])"
    spread = (
        f"CASE WHEN count({name}) > 1 THEN sqrt(greatest(0, var_pop({axis}) * count({name}) / (count({name}) - 1))) END"
    )
    return [*base, f"avg({axis})", spread if kind == "number" else "NULL", quantile, "NULL", "NULL", "NULL"]


def _back(column: Column, value: float) -> Any:
    """A place on the axis as a value of the column: a number, or an ISO text."""
    if _kind(column) == "number":
        return value
    if column.type == "time":
        return (
            (datetime.min + timedelta(seconds=value)).time().isoformat()
            if 0 <= value < 86_400
            else time.max.isoformat()
        )
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    return (
        moment.date().isoformat()
        if column.type == "date"
        else moment.replace(tzinfo=None).isoformat(timespec="seconds")
    )


def _add_histograms(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column], profiles: Sequence[ColumnProfile]
) -> None:
    """Bins of equal width for every number and date column, in two scans for each group of columns."""
    able = [
        at
        for at, column in enumerate(columns)
        if _kind(column) in {"number", "temporal"} and profiles[at].min is not None
    ]
    for start in range(0, len(able), TOGETHER):
        _add_group(con, table, columns, profiles, able[start : start + TOGETHER])


def _add_group(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[Column],
    profiles: Sequence[ColumnProfile],
    able: list[int],
) -> None:
    ends = con.execute(
        "SELECT "
        + ", ".join(f"min({_axis(columns[at], at)}), max({_axis(columns[at], at)})" for at in able)
        + f" FROM {table}"
    ).fetchall()[0]
    spans = {at: (ends[2 * place], ends[2 * place + 1]) for place, at in enumerate(able)}
    bins = {at: _bins(columns[at], *spans[at]) for at in able}
    wanted = []
    for at in able:
        number, width = bins[at]
        place = f"floor(({_axis(columns[at], at)} - {literal(float(spans[at][0]))}) / {literal(float(width))})"
        wanted.append(f"histogram(CASE WHEN c{at} IS NOT NULL THEN CAST(least({place}, {number - 1}) AS INTEGER) END)")
    counted = con.execute(f"SELECT {', '.join(wanted)} FROM {table}").fetchall()[0]
    for at, counts in zip(able, counted, strict=True):
        (low, _), (number, width) = spans[at], bins[at]
        profiles[at].histogram = [
            {"low": _back(columns[at], low + bin_ * width), "high": _back(columns[at], low + (bin_ + 1) * width),
             "count": (counts or {}).get(bin_, 0)}
            for bin_ in range(number)
        ]  # fmt: skip


def _bins(column: Column, low: float, high: float) -> tuple[int, float]:
    """How many bins, and how wide; a bin for each of a few whole numbers, one for a constant."""
    if not high > low:
        return 1, 1.0
    if column.type in {"integer", "year"}:
        width = -(-(high - low + 1) // BINS)
        return int(-(-(high - low + 1) // width)), float(width)
    return BINS, (high - low) / BINS


def _add_values(
    con: duckdb.DuckDBPyConnection, table: str, column: Column, at: int, measured: ColumnProfile, rows: int
) -> None:
    """Frequent values (none where hardly any repeats), and the patterns of texts."""
    filled = rows - measured.nulls
    name = f"c{at}"
    if filled and (rows <= EXACT_ROWS or measured.distinct < 0.5 * filled):
        shown = f"left({name}, 200)" if _kind(column) == "text" else name
        found = con.execute(
            f"SELECT {shown}, n FROM (SELECT {name}, count(*) n FROM {table} WHERE {name} IS NOT NULL GROUP BY 1 "
            f"ORDER BY n DESC, {name} LIMIT {TOP})"
        ).fetchall()
        measured.top_values = [{"value": value, "count": count} for value, count in found]
    if _kind(column) == "text" and filled:
        mask = f"regexp_replace(regexp_replace({name}, '\\p{{L}}', 'A', 'g'), '[0-9]', '9', 'g')"
        found = con.execute(
            f"SELECT {mask} m, count(*) n FROM (SELECT left({name}, 60) {name} FROM {table} WHERE {name} IS NOT NULL "
            f"LIMIT {PATTERN_ROWS}) GROUP BY 1 ORDER BY n DESC, m LIMIT {MASKS}"
        ).fetchall()
        measured.patterns = [{"pattern": pattern, "count": count} for pattern, count in found]


def _correlations(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column], profiles: Sequence[ColumnProfile]
) -> list[dict[str, Any]]:
    able = [at for at, column in enumerate(columns) if _kind(column) == "number" and profiles[at].distinct > 1][
        :MAX_CORRELATED
    ]
    pairs = list(itertools.combinations(able, 2))
    if not pairs:
        return []
    wanted = ", ".join(f"corr({_axis(columns[a], a)}, {_axis(columns[b], b)})" for a, b in pairs)
    values = con.execute(f"SELECT {wanted} FROM {table}").fetchall()[0]
    found = [
        {"columns": [columns[a].name, columns[b].name], "value": round(value, 4)}
        for (a, b), value in zip(pairs, values, strict=True)
        if value is not None and value == value
    ]
    return sorted(found, key=lambda pair: -abs(pair["value"]))
