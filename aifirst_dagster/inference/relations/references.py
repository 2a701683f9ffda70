"""Foreign keys: columns whose values are those of another table's key, by inclusion, names, types and cardinality."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference import casts, names
from aifirst_dagster.inference.relations.found import Relationship
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: The share of different values that have to be in the parent; the same where no name speaks for it.
INCLUDED, INCLUDED_UNNAMED = 0.95, 0.999
#: How alike names have to be, from 0 to 1, to speak for a reference; pairs of columns tested at most.
NAMED, PAIRS = 0.7, 60
_KINDS = {"integer": "whole", "year": "whole", "string": "text", "date": "date"}
_PLAIN = frozenset({"id", "key", "code", "name", "no", "number", "nr", "pk", "uid", "uuid"})
_VAGUE = frozenset({
    None, "identifier", "category", "count", "free_text", "code", "money", "percentage", "age", "number", "name",
    "person_name", "first_name", "last_name", "company", "title", "description", "product_code", "epoch_seconds",
})  # fmt: skip
_SELF = re.compile(
    r"(?:^| )(?:parent|manager|boss|supervisor|reports|superior|previous|prev|next|original|root|master|mother|father|"
    r"referr\w*|related|replaces|replaced|leader|head|linked|predecessor|successor)(?: |$)"
)


@dataclass(frozen=True)
class Table:
    """A table to look for references from and to. `name` is a file's or a dataset's; `columns` are verified."""

    name: str
    relation: str
    columns: Sequence[Column]


@dataclass(frozen=True)
class _Counts:
    values: int
    included: int
    rows: int
    orphans: int
    parents: int
    longest: int
    dense: bool


def find(con: duckdb.DuckDBPyConnection, child: Table, parent: Table) -> list[Relationship]:
    """The columns of `child` that refer to a key of `parent`; each to one at most, the best founded.

    `columns` of what is found are the child's and the parent's; `table` is the parent's name. With the same table on
    both sides, columns that refer to rows of their own table (`manager_id`).
    """
    best: dict[str, tuple[float, Relationship]] = {}
    for score, one, key in _pairs(child, parent):
        counts = _counted(con, child.relation, one, parent.relation, key)
        sure = _sure(score, one, key, counts)
        if sure and sure > best.get(one.name, (0.0, None))[0]:
            best[one.name] = sure, _told(one, key, counts, sure, None if child is parent else parent.name)
    return [found for _, found in best.values()]


def _pairs(child: Table, parent: Table) -> list[tuple[float, Column, Column]]:
    """Columns that may refer to a key, with how far their names say so; the best first."""
    pairs = list(_possible(child, parent))
    pairs.sort(key=lambda pair: -pair[0])
    return pairs[:PAIRS]


def _possible(child: Table, parent: Table) -> Iterator[tuple[float, Column, Column]]:
    same = child is parent
    for key in parent.columns:
        if not key.unique or key.type not in _KINDS or not key.evidence.parsed:
            continue
        for one in child.columns:
            if _KINDS.get(one.type) != _KINDS[key.type] or not one.evidence.parsed:
                continue
            if not same:
                yield max(alike(one.name, key.name, parent.name), _same_thing(one, key)), one, key
            elif one is not key and not one.unique and _SELF.search(names.words(one.name)):
                yield 0.9, one, key


def alike(child: str, key: str, table: str) -> float:
    """How far names say that column `child` refers to column `key` of `table`, from 0 to 1."""
    one, other = names.words(child).split(), names.words(key).split()
    stem = names.words(re.sub(r"\.\w{1,8}(\.\w{2,4})?$", "", table.replace("\\", "/").rsplit("/", 1)[-1])).split()
    thing = [_singular(word) for word in stem]
    if one == other:
        return 0.4 if len(one) == 1 and one[0] in _PLAIN else 1.0
    if thing and [_singular(word) for word in one] in (thing, [*thing, *other], [*thing, *other[-1:]]):
        return 1.0
    if len(other) > 1 and one[-len(other) :] == other:
        return 0.9
    if thing and thing[-1] in {_singular(word) for word in one} and one[-1] == other[-1]:
        return 0.8
    shared = {_singular(word) for word in one} & {_singular(word) for word in [*other, *thing]} - _PLAIN
    return 0.6 if shared else 0.0


def _same_thing(one: Column, key: Column) -> float:
    """How far the columns' meanings say that both name the same things."""
    return 0.75 if one.semantic_type == key.semantic_type and one.semantic_type not in _VAGUE else 0.0


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _counted(con: duckdb.DuckDBPyConnection, child: str, one: Column, parent: str, key: Column) -> _Counts:
    a, b = _value(one), _value(key)
    found = con.execute(
        f"WITH c AS (SELECT {a} AS v, count(*) AS n FROM {ident(child)} GROUP BY 1 HAVING v IS NOT NULL), "
        f"p AS (SELECT DISTINCT {b} AS v FROM {ident(parent)} WHERE {b} IS NOT NULL), "
        "span AS (SELECT count(*) AS n, max(TRY_CAST(v AS HUGEINT)) - min(TRY_CAST(v AS HUGEINT)) + 1 AS w FROM p) "
        "SELECT count(*), count(p.v), coalesce(sum(c.n), 0), coalesce(sum(c.n) FILTER (p.v IS NULL), 0), "
        "(SELECT n FROM span), coalesce(max(strlen(c.v)), 0), coalesce((SELECT w < 2 * n FROM span), FALSE) "
        "FROM c LEFT JOIN p ON c.v = p.v"
    ).fetchall()[0]
    values, included, rows, orphans, parents, longest, dense = found
    return _Counts(values, included, int(rows), int(orphans), parents, longest, bool(dense))


def _value(column: Column) -> str:
    """SQL: a cell so that equal keys are equal texts."""
    source = ident(column.source_name)
    if column.type == "string":
        return f"nullif(trim({casts.parsed(column, source)}::VARCHAR), '')"
    return f"CAST({casts.parsed(column, source)} AS VARCHAR)"


def _sure(score: float, one: Column, key: Column, counts: _Counts) -> float:
    """How sure the reference is, from 0 to 1; 0 where it is none."""
    if not counts.values:
        return 0.0
    share = counts.included / counts.values
    if score >= NAMED:
        return round(share * (0.6 + 0.4 * score), 4) if share >= INCLUDED else 0.0
    if share < INCLUDED_UNNAMED or key.semantic_type == "free_text":
        return 0.0
    # Small whole numbers lie among any others: row numbers tell nothing.
    if one.type != "string":
        telling = counts.values >= 20 and not counts.dense
    else:
        telling = counts.values >= 5 and counts.longest >= 3
    return round(0.55 + 0.2 * score, 4) if telling else 0.0


def _told(one: Column, key: Column, counts: _Counts, sure: float, table: str | None) -> Relationship:
    how = "one to one" if one.unique else "many to one"
    text = f"{counts.included:,} of {counts.values:,} values are among the {counts.parents:,} of {key.name}, {how}"
    if counts.orphans:
        text += f"; {counts.orphans:,} of {counts.rows:,} rows point at nothing"
    error = counts.orphans / counts.rows if counts.rows else 0.0
    return Relationship(
        columns=[one.name, key.name], kind="foreign_key", evidence=text, confidence=sure, error=round(error, 6),
        rows=counts.rows, table=table,
    )  # fmt: skip
