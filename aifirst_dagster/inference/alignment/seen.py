"""What stands in the columns of a table, counted: each different value is looked at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_number = itertools.count(1)


@dataclass
class Seen:
    """A column's values.

    Attributes:
        cells: Cells with a text.
        distinct: Different ones among these.
        lettered: Cells with a letter.
        shapes: Shape -> cells, the most frequent ones.
        values: Value -> (its shape, cells); none where the different values are too many.
    """

    cells: int = 0
    distinct: int = 0
    lettered: int = 0
    shapes: dict[str, int] = field(default_factory=dict)
    values: dict[str, tuple[str, int]] = field(default_factory=dict)


def shape_sql(text: str) -> str:
    """SQL: the shape of a text: a word is `a`, several `a a`, a run of digits `9`, all else stands as it is."""
    plain = f"regexp_replace(regexp_replace(trim({text}), '\\pL+', 'a', 'g'), '[0-9]+', '9', 'g')"
    return f"left(regexp_replace({plain}, 'a(\\s+a)+', 'a a', 'g'), 40)"


def look(con: Any, relation: str, texts: Sequence[str], most_shapes: int, most_values: int) -> list[Seen]:
    """What stands in each column.

    Args:
        con: The session.
        relation: The table.
        texts: SQL of each column's text over it, NULL where a cell is empty; a wide table's in portions.
        most_shapes: More shapes are not listed.
        most_values: The values of a column with more are not listed.
    """
    table = f"alignment_seen_{next(_number)}"
    counted = " UNION ALL ".join(
        f"SELECT {at} AS at_, {text} AS v, count(*) AS n FROM {relation} WHERE {text} IS NOT NULL GROUP BY 2"
        for at, text in enumerate(texts)
    )
    con.execute(
        f"CREATE TEMP TABLE {table} AS SELECT at_, v, n, {shape_sql('v')} AS shape, regexp_matches(v, '\\pL') AS word "
        f"FROM ({counted})"
    ).fetchall()
    try:
        found = [Seen() for _ in texts]
        for at, *counts in con.execute(
            f"SELECT at_, sum(n)::BIGINT, count(*), coalesce(sum(n) FILTER (word), 0)::BIGINT FROM {table} GROUP BY 1"
        ).fetchall():
            found[at].cells, found[at].distinct, found[at].lettered = counts
        ranked = "row_number() OVER (PARTITION BY at_ ORDER BY sum(n) DESC, shape)"
        for at, shape, n in con.execute(
            f"SELECT at_, shape, sum(n)::BIGINT FROM {table} GROUP BY 1, 2 QUALIFY {ranked} <= {most_shapes}"
        ).fetchall():
            found[at].shapes[shape] = n
        few = [str(at) for at, seen in enumerate(found) if 0 < seen.distinct <= most_values]
        for at, value, shape, n in con.execute(
            f"SELECT at_, v, shape, n FROM {table} WHERE at_ IN ({', '.join(few) or 'NULL'})"
        ).fetchall():
            found[at].values[value] = shape, n
        return found
    finally:
        con.execute(f"DROP TABLE {table}")
