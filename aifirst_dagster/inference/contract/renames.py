"""Which new column looks like one that is missing: by values where both are at hand, by name, type and place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.names import words
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Values compared, and how alike two columns must be: with values at hand, and by names and types alone.
SAMPLE, ENOUGH, ENOUGH_UNSEEN = 2000, 0.55, 0.6
_FAMILY = {"year": "number", "integer": "number", "number": "number", "date": "date", "datetime": "date",
           "yearmonth": "date"}  # fmt: skip


@dataclass(frozen=True)
class Rename:
    """A new column that looks like a missing one: how alike, and by what."""

    old: str
    new: str
    alike: float
    why: str


def suggest(
    con: duckdb.DuckDBPyConnection,
    missing: Mapping[str, tuple[Column, str | None]],
    new: Mapping[str, tuple[Column, str]],
    places: Mapping[str, float],
) -> list[Rename]:
    """The likely renames, each column in one of them, the surest first.

    Args:
        missing: Field's name -> its column, and SQL of earlier rows that hold it under its name (typed), if there are.
        new: New column's name in the relation -> what it is, and the relation.
        places: Place of each column among its table's, from 0 to 1, by the same names.
    """
    pairs = []
    for old, (column, earlier) in missing.items():
        for name, (other, relation) in new.items():
            if _FAMILY.get(column.type, column.type) != _FAMILY.get(other.type, other.type):
                continue
            named = _names(old, column.source_name, name)
            near = 1 - min(1.0, 2 * abs(places.get(old, 0.5) - places.get(name, 0.5)))
            meant = 1.0 if column.semantic_type and column.semantic_type == other.semantic_type else 0.0
            if earlier is not None:
                values = _values(con, column, earlier, other, relation)
                score, least = 0.65 * values + 0.2 * named + 0.1 * near + 0.05 * meant, ENOUGH
                why = f"{values:.0%} alike by values, {named:.0%} by name"
            else:
                score, least = 0.5 * named + 0.3 * near + 0.1 + 0.1 * meant, ENOUGH_UNSEEN
                why = f"{named:.0%} alike by name, same kind of type; no earlier rows to compare"
            if score >= least:
                pairs.append(Rename(old, name, round(score, 3), why))
    found: list[Rename] = []
    for pair in sorted(pairs, key=lambda one: (-one.alike, one.old, one.new)):
        if all(pair.old != other.old and pair.new != other.new for other in found):
            found.append(pair)
    return found


def _names(*names: str) -> float:
    """How alike the last name is to the best of the others."""
    new = words(names[-1])
    return max(_alike(words(old), new) for old in names[:-1])


def _alike(one: str, other: str) -> float:
    left, right = set(one.split()), set(other.split())
    shared = len(left & right) / len(left | right) if left | right else 0.0
    return max(shared, SequenceMatcher(None, one.replace(" ", ""), other.replace(" ", "")).ratio())


def _values(con: duckdb.DuckDBPyConnection, column: Column, earlier: str, other: Column, relation: str) -> float:
    """How alike two columns' values are, from 0 to 1: how many recur, how they are spread, what shape they have."""
    sample = f"USING SAMPLE reservoir({SAMPLE} ROWS) REPEATABLE (7)"
    held = ident(column.name)
    old = f"SELECT {held} AS v FROM ({earlier}) WHERE {held} IS NOT NULL {sample}"
    source = ident(other.source_name)
    read = casts.parsed(other, source)
    new = f"SELECT {read} AS v FROM {ident(relation)} WHERE {source} IS NOT NULL {sample}"
    kind = _FAMILY.get(column.type)
    if kind is not None and _typed(column) and _typed(other):
        target = "DOUBLE" if kind == "number" else "TIMESTAMP"
        number = f"CAST(v AS {target})" if kind == "number" else "epoch(CAST(v AS TIMESTAMP))"
        spread = [_quantiles(con, f"SELECT {number} AS v FROM ({query}) WHERE v IS NOT NULL") for query in (old, new)]
        if all(spread):
            return _overlap(spread[0], spread[1])
        return 0.0
    return _texts(con, old, new)


def _typed(column: Column) -> bool:
    return column.physical_type != "VARCHAR"


def _quantiles(con: duckdb.DuckDBPyConnection, query: str) -> list[float]:
    steps = ", ".join(f"{at / 20:.2f}" for at in range(1, 20))
    (row,) = con.execute(f"SELECT quantile_cont(v, [{steps}]) FROM ({query})").fetchall()
    return [float(one) for one in row[0] or []]


def _overlap(left: Sequence[float], right: Sequence[float]) -> float:
    """1 less the greatest distance between two distributions, told from their quantiles (as Kolmogorov and Smirnov)."""
    points = sorted({*left, *right})

    def below(values: Sequence[float], point: float) -> float:
        return sum(value <= point for value in values) / len(values)

    return 1 - max(abs(below(left, point) - below(right, point)) for point in points)


def _texts(con: duckdb.DuckDBPyConnection, old: str, new: str) -> float:
    """The larger of: values that recur, and (counting less, least for words) shapes: letters as a, digits as 9."""
    shape = "regexp_replace(regexp_replace(lower(v), '[0-9]+', '9', 'g'), '[a-z]+', 'a', 'g')"
    (row,) = con.execute(
        f"WITH o AS MATERIALIZED (SELECT trim(CAST(v AS VARCHAR)) AS v FROM ({old})), "
        f"n AS MATERIALIZED (SELECT trim(CAST(v AS VARCHAR)) AS v FROM ({new})), "
        f"os AS (SELECT {shape} AS s, count(*) / sum(count(*)) OVER () AS p FROM o GROUP BY 1), "
        f"ns AS (SELECT {shape} AS s, count(*) / sum(count(*)) OVER () AS p FROM n GROUP BY 1) "
        "SELECT (SELECT avg((n.v IN (SELECT v FROM o))::INT) FROM n), "
        "(SELECT coalesce(sum(least(os.p, ns.p) * CASE WHEN regexp_matches(s, '[^a ]') THEN 0.8 ELSE 0.3 END), 0) "
        "FROM os JOIN ns USING (s))"
    ).fetchall()
    recur, shapes = float(row[0] or 0), float(row[1] or 0)
    return max(recur, shapes)
