"""Sketches a relation: counts in a few scans by DuckDB, shapes and correlations from a bounded sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.drift.joint import correlations
from aifirst_dagster.quality.drift.sketch import (
    BINS,
    CATEGORIES,
    POINTS,
    SHAPES,
    Baseline,
    ColumnSketch,
    Histogram,
    Kind,
    Tally,
)
from aifirst_dagster.quality.engines.plan import Table, describe

if TYPE_CHECKING:
    import duckdb

#: Columns asked of at once, rows that shapes and correlations are taken from, rows whose repeats are counted.
BATCH, SAMPLE, EXAMINED = 40, 10_000, 200_000
_SHAPE = "left(regexp_replace(regexp_replace({0}, '[0-9]+', '9', 'g'), '[[:alpha:]]+', 'a', 'g'), 40)"


def baseline(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column] | None = None, like: Baseline | None = None
) -> Baseline:
    """Sketch a relation.

    Args:
        con: The session that holds it.
        relation: Typed; hidden columns are left out.
        columns: What its columns are; their types are recorded, where given, in place of DuckDB's.
        like: A baseline that this one is to be compared with: values are counted over its edges and names.
    """
    table = describe(con, relation)
    rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    types: dict[str, str] = {column.name: column.type for column in columns or []}
    if not table.columns:
        return Baseline(rows=rows)
    sketches = _counted(con, table, rows, types, like)
    _points(con, table, sketches)
    _spreads(con, table, sketches, like)
    for sketch in sketches:
        if sketch.kind in ("category", "flag"):
            _categories(con, table, sketch, like)
    duplicates, examined = _repeats(con, table, rows)
    sampled = "_drift_sample"
    kept = ", ".join(ident(name) for name in table.columns)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {sampled} AS SELECT {kept} FROM {relation} "
        f"USING SAMPLE reservoir({SAMPLE} ROWS) REPEATABLE (7)"
    )
    try:
        sample = Table(sampled, table.types)
        for sketch in sketches:
            if sketch.kind == "text":
                _shapes(con, sample, sketch, like)
        joint = correlations(con, sample, sketches, like.joint if like else None)
    finally:
        con.execute(f"DROP TABLE IF EXISTS {sampled}")
    return Baseline(rows=rows, columns=sketches, duplicates=duplicates, examined=examined, joint=joint)


def _batches(asked: list[Any]) -> list[list[Any]]:
    return [asked[at : at + BATCH] for at in range(0, len(asked), BATCH)]


def _row(con: Any, parts: list[str], relation: str) -> Sequence[Any]:
    row: Sequence[Any] = con.execute(f"SELECT {', '.join(parts)} FROM {relation}").fetchall()[0]
    return row


def _counted(con: Any, table: Table, rows: int, types: dict[str, str], like: Baseline | None) -> list[ColumnSketch]:
    """Every column with its values, its distinct values and how it is compared."""
    sketches = []
    for names in _batches(table.columns):
        asked = [sql for name in names for sql in (f"count({table.value(name)})", _distinct(table, name))]
        row = _row(con, asked, table.relation)
        for place, name in enumerate(names):
            count, distinct = row[2 * place : 2 * place + 2]
            kind = _kind(table, name, count, distinct, like.column(name) if like else None)
            type_ = types.get(name, table.type(name))
            sketches.append(
                ColumnSketch(name=name, type=type_, kind=kind, count=count, nulls=rows - count, distinct=distinct)
            )
    return sketches


def _distinct(table: Table, name: str) -> str:
    return f"approx_count_distinct({table.value(name)})" if table.kind(name) != "other" else "0"


def _kind(table: Table, name: str, count: int, distinct: int, known: ColumnSketch | None) -> Kind:
    """How a column is compared: few values as categories, numbers by their distribution, free text by its lengths."""
    kind = table.kind(name)
    if not count:
        return "empty"
    if kind == "flag":
        return "flag"
    if kind == "number":
        few = distinct <= 10 if known is None or known.kind == "empty" else known.kind == "category"
        return "category" if few else "number"
    if kind == "time":
        return "time"
    if kind == "text":
        if known is not None and known.kind in ("category", "text"):
            return known.kind
        return "category" if distinct <= min(CATEGORIES, max(12, 0.2 * count)) else "text"
    return "other"


def _value(table: Table, sketch: ColumnSketch) -> str:
    """SQL of what a column's spread is about, as a DOUBLE."""
    value = f"({table.value(sketch.name)})"
    if sketch.kind == "time":
        return f"epoch({value}::TIMESTAMP)"
    return f"{value}::DOUBLE" if sketch.kind == "number" else f"length({ident(sketch.name)})::DOUBLE"


def _points(con: Any, table: Table, sketches: list[ColumnSketch]) -> None:
    """Quantiles of numbers, times and lengths."""
    points = "[" + ", ".join(f"{point:g}" for point in POINTS) + "]"
    for batch in _batches([one for one in sketches if one.kind in ("number", "time", "text")]):
        asked = [f"quantile_cont({_value(table, sketch)}, {points})" for sketch in batch]
        for sketch, values in zip(batch, _row(con, asked, table.relation), strict=True):
            sketch.points = [_finite(value) for value in values or []]


def _spreads(con: Any, table: Table, sketches: list[ColumnSketch], like: Baseline | None) -> None:
    """Counts between edges: the baseline's, or the column's own quantiles."""
    wanted: list[tuple[ColumnSketch, str, str]] = []
    for sketch in sketches:
        if sketch.kind not in ("number", "time", "text") or not sketch.points:
            continue
        value = _value(table, sketch)
        wanted.append((sketch, "spread", value))
        if sketch.kind == "time":
            wanted.append((sketch, "ages", f"({literal(sketch.points[-1])} - {value})"))
    edges = _edges(con, table, wanted, like)
    for places in _batches(list(range(len(wanted)))):
        asked = [f"histogram({wanted[at][2]}, {_list(edges[at])})" for at in places]
        for at, found in zip(places, _row(con, asked, table.relation), strict=True):
            sketch, target, _ = wanted[at]
            counted = [found.get(edge, 0) for edge in edges[at]]
            setattr(sketch, target, Histogram(edges=edges[at], counts=[*counted, sketch.count - sum(counted)]))


def _edges(
    con: Any, table: Table, wanted: list[tuple[ColumnSketch, str, str]], like: Baseline | None
) -> list[list[float]]:
    edges: list[list[float]] = []
    own: list[int] = []
    for at, (sketch, target, _) in enumerate(wanted):
        known = like.column(sketch.name) if like else None
        frame = getattr(known, target) if known is not None and known.kind == sketch.kind else None
        edges.append(frame.edges if frame is not None else [])
        if frame is None:
            own.append(at)
    points = "[" + ", ".join(f"{place}/{BINS}" for place in range(BINS + 1)) + "]"
    for places in _batches(own):
        row = _row(con, [f"quantile_disc({wanted[at][2]}, {points})" for at in places], table.relation)
        for at, values in zip(places, row, strict=True):
            # What lies below the least value of the baseline is a bin of its own, as is what lies beyond its largest.
            unique = sorted({_finite(value) for value in values})
            edges[at] = [math.nextafter(unique[0], -math.inf), *unique]
    return edges


def _list(edges: list[float]) -> str:
    """SQL; with an exponent a number is a DOUBLE at once: by way of a DECIMAL it may come out another one."""
    return "[" + ", ".join(repr(edge) if "e" in repr(edge) else f"{edge!r}e0" for edge in edges) + "]"


def _categories(con: Any, table: Table, sketch: ColumnSketch, like: Baseline | None) -> None:
    value = f"({table.value(sketch.name)})::VARCHAR"
    known = like.column(sketch.name) if like else None
    names = known.tally.names if known is not None and known.kind == sketch.kind and known.tally is not None else None
    sketch.tally = _tallied(con, table.relation, value, f"{table.value(sketch.name)} IS NOT NULL", CATEGORIES, names)


def _shapes(con: Any, sample: Table, sketch: ColumnSketch, like: Baseline | None) -> None:
    known = like.column(sketch.name) if like else None
    names = known.tally.names if known is not None and known.kind == "text" and known.tally is not None else None
    column = ident(sketch.name)
    sketch.tally = _tallied(con, sample.relation, _SHAPE.format(column), f"{column} IS NOT NULL", SHAPES, names)


def _tallied(con: Any, relation: str, value: str, where: str, most: int, names: list[str] | None) -> Tally:
    """Counts of the most frequent values, or of `names`, and of what else there is."""
    grouped = f"(SELECT {value} AS v, count(*) AS n FROM {relation} WHERE {where} GROUP BY 1)"
    if names is None:
        found = con.execute(f"SELECT v, n, sum(n) OVER () FROM {grouped} ORDER BY n DESC, v LIMIT {most}").fetchall()
        total = int(found[0][2]) if found else 0
        counts = [row[1] for row in found]
        return Tally(names=[row[0] for row in found], counts=counts, others=total - sum(counts))
    known = f"(SELECT unnest({_texts(names)}) AS name)"
    found = con.execute(
        f"SELECT v, n, name IS NOT NULL AS here, sum(n) OVER (PARTITION BY name IS NOT NULL) FROM {grouped} "
        f"LEFT JOIN {known} ON name = v "
        "QUALIFY here OR row_number() OVER (PARTITION BY name IS NOT NULL ORDER BY n DESC, v) <= 50 "
        "ORDER BY n DESC, v"
    ).fetchall()
    here = {row[0]: row[1] for row in found if row[2]}
    fresh = {row[0]: row[1] for row in found if not row[2]}
    others = next((int(row[3]) for row in found if not row[2]), 0)
    return Tally(names=names, counts=[here.get(name, 0) for name in names], others=others, fresh=fresh)


def _texts(names: list[str]) -> str:
    return "[" + ", ".join(map(literal, names)) + "]::VARCHAR[]"


def _repeats(con: Any, table: Table, rows: int) -> tuple[int, int]:
    """(rows that repeat another, rows looked at); chosen by their content, so that repeats are chosen together."""
    whole = f"hash({', '.join(ident(name) for name in table.columns)})"
    step = max(1, math.ceil(rows / EXAMINED))
    chosen = f"WHERE h % {step} = 0" if step > 1 else ""
    query = f"SELECT count(*), count(DISTINCT h) FROM (SELECT {whole} AS h FROM {table.relation}) {chosen}"
    examined, different = con.execute(query).fetchall()[0]
    return examined - different, examined


def _finite(value: float) -> float:
    """JSON has no infinities: the largest number stands for them."""
    return math.copysign(1.7e308, value) if math.isinf(value) else float(value)
