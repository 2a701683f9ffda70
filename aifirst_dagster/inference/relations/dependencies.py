"""Functional dependencies: which columns fix which others, exactly or but for a few rows; found in a look, then tested.

The error is Kivinen and Mannila's g3: the least share of rows that would have to go for the dependency to hold.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import LINE, ident
from aifirst_dagster.inference.relations.found import Relationship
from aifirst_dagster.inference.relations.look import Look
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

#: Columns on the left-hand side of a dependency, and for those of two columns.
SINGLES, DOUBLES = 25, 7
#: An approximate dependency errs in no more rows than this, and explains so much of what the mode alone does not.
ERROR, STRENGTH = 0.01, 0.9
#: Values on the left have to repeat: this many rows for each, on average.
REPEATS = 3
#: Rows that could have spoken against a dependency and do not have the commonest value.
TELLING = 5
#: Rows that most pairs of columns are ruled out by.
HEAD = 150
#: Dependencies tested on the sample, and the best of them on rows from everywhere, as far as so many cells go; tables
#: of more rows are not read once more for that.
TESTED, BEST, CELLS, MOST_ROWS = 40, 6, 200_000, 5_000_000
#: The most that are reported.
REPORTED = 20


@dataclass(frozen=True)
class Dependency:
    """`left` fixes `right` (places in the look) but for a share `error` of the rows; `keys` values on the left."""

    left: tuple[int, ...]
    right: int
    error: float
    rows: int
    keys: int


def find(con: duckdb.DuckDBPyConnection, sample: str, relation: str, look: Look, rows: int) -> list[Relationship]:
    """The dependencies of a table, none that follows from another, from a key or from a constant.

    Args:
        con: The session.
        sample: The rows that candidates are tested on.
        relation: All rows: the best candidates are tested there, on every so many-th line.
        look: Some rows of the sample.
        rows: How many `relation` has.
    """
    held = list(itertools.islice(_candidates(look), TESTED))
    if look.of > look.rows:
        held = _measured(con, sample, look, held)
    kept = _minimal(look, held)
    if look.of < rows <= MOST_ROWS:
        kept = [*_measured(con, relation, look, kept[:BEST], -(-rows * len(kept[:BEST]) // CELLS)), *kept[BEST:]]
    mutual = {(one.left[0], one.right) for one in held if len(one.left) == 1 and not one.error}
    return [_told(look.columns, one, (one.right, one.left[0]) in mutual) for one in kept[:REPORTED]]


def _candidates(look: Look) -> Iterator[Dependency]:
    """What the look does not contradict; single columns on the left first."""
    if look.rows < 2 * REPEATS:
        return
    distinct = [len(set(texts)) for texts in look.texts]
    varied = [at for at, count in enumerate(distinct) if count > 1]
    able = [at for at in varied if distinct[at] <= look.rows / REPEATS and _names(look.columns[at])][:SINGLES]
    settled: set[int] = set()
    for left in able:
        for right in varied:
            if left != right and (found := _tested(look, (left,), right, look.texts[left], distinct[left], ERROR)):
                settled.add(right)
                yield found
    free = [at for at in varied if at not in settled and distinct[at] <= look.rows / 2]
    for a, b in itertools.combinations(sorted(able, key=lambda at: -distinct[at])[:DOUBLES], 2):
        pairs = list(zip(look.texts[a], look.texts[b], strict=True))
        both = len(set(pairs))
        # As many values as one side alone: the pair says no more than that one does.
        if both > look.rows / REPEATS or both <= max(distinct[a], distinct[b]):
            continue
        for right in free:
            if right not in (a, b) and (found := _tested(look, (a, b), right, pairs, both, 0.0)):
                yield found


def _names(column: Column) -> bool:
    """Whether a value may name a thing. What goes with a measure goes with it by accident."""
    return column.type not in {"number", "datetime", "time", "duration"} and column.semantic_type != "free_text"


def _tested(
    look: Look, left: tuple[int, ...], right: int, keys: Sequence[object], distinct: int, error: float
) -> Dependency | None:
    """The dependency, where the look allows it and shows enough rows that could have spoken against it.

    Each pair of values beyond the first of its key costs a row at least: cheaper to know than g3 itself.
    """
    values = look.texts[right]
    allowed = error * look.rows
    first, second = keys[:HEAD], values[:HEAD]
    if len(set(zip(first, second, strict=True))) - len(set(first)) > allowed:
        return None
    if len(set(zip(keys, values, strict=True))) - distinct > allowed:
        return None
    pairs = Counter(zip(keys, values, strict=True))
    mode, often = Counter(values).most_common(1)[0]
    telling = sum(count - 1 for (_, value), count in pairs.items() if value != mode and count > 1)
    if telling < TELLING:
        return None
    agreed = Counter[object]()
    for (key, _), count in pairs.items():
        agreed[key] = max(agreed[key], count)
    wrong, usual = 1 - agreed.total() / look.rows, often / look.rows
    if wrong > error or (wrong and 1 - wrong - usual < STRENGTH * (1 - usual)):
        return None
    return Dependency(left, right, wrong, look.rows, distinct)


def _measured(
    con: duckdb.DuckDBPyConnection, relation: str, look: Look, held: Sequence[Dependency], every: int = 1
) -> list[Dependency]:
    """The dependencies whose error is small on the rows of `relation` too, with that error."""
    if not held:
        return []
    parts = []
    for at, one in enumerate(held):
        keys = ", ".join(f"h{place}" for place in one.left)
        parts.append(
            f"SELECT {at}, sum(t) - sum(m), sum(t), count(*) FROM (SELECT max(n) AS m, sum(n) AS t FROM "
            f"(SELECT {keys}, h{one.right} AS v, count(*) AS n FROM looked GROUP BY ALL) GROUP BY {keys})"
        )
    used = sorted({place for one in held for place in (*one.left, one.right)})
    # Numbers for texts: what is grouped by again and again should be cheap to group by.
    hashes = ", ".join(f"hash({_cell(look.columns[place])}) AS h{place}" for place in used)
    spread = f" WHERE hash({ident(LINE)}) % {every} = 0" if every > 1 else ""
    rows_of = f"WITH looked AS MATERIALIZED (SELECT {hashes} FROM {ident(relation)}{spread}) "
    measured = []
    for at, wrong, rows, keys_seen in sorted(con.execute(rows_of + " UNION ALL ".join(parts)).fetchall()):
        error = float(wrong) / float(rows) if rows else 1.0
        if error <= (0.0 if len(held[at].left) > 1 else ERROR):
            measured.append(replace(held[at], error=error, rows=int(rows), keys=int(keys_seen)))
    return measured


def _cell(column: Column) -> str:
    return f"coalesce(trim(CAST({ident(column.source_name)} AS VARCHAR)), '')"


def _minimal(look: Look, held: Sequence[Dependency]) -> list[Dependency]:
    """Without what follows from others: of columns that fix each other the first stands for all; a -> c goes where
    a -> b -> c holds."""
    every = range(len(look.columns))
    exact = {(one.left[0], one.right) for one in held if len(one.left) == 1 and not one.error}
    leader = [min(a for a in every if a == b or ((a, b) in exact and (b, a) in exact)) for b in every]
    kept = []
    for one in held:
        left, right = one.left[0], one.right
        if len(one.left) == 1 and not one.error and (right, left) in exact:
            if leader[right] == left:
                kept.append(one)
            continue
        if any(leader[at] != at for at in (*one.left, right)):
            continue
        if len(one.left) == 2 and _follows(one, held, exact):
            continue
        if one.error and any((other, right) in exact for other in every):
            continue
        if len(one.left) == 1 and any(
            (left, at) in exact and (at, right) in exact for at in every if leader[at] == at and at not in (left, right)
        ):
            continue
        kept.append(one)
    return sorted(kept, key=lambda one: (len(one.left), one.error > 0))


def _follows(one: Dependency, held: Sequence[Dependency], exact: set[tuple[int, int]]) -> bool:
    """Whether a pair fixes a column only since what it fixes does: (a, b) -> c goes where a -> d and (d, b) -> c."""
    fixed = [{left} | {right for key, right in exact if key == left} for left in one.left]
    for other in held:
        if other is one or other.right != one.right or len(other.left) != 2 or set(other.left) == set(one.left):
            continue
        first, second = other.left
        if (first in fixed[0] and second in fixed[1]) or (first in fixed[1] and second in fixed[0]):
            return True
    return False


def _told(columns: Sequence[Column], one: Dependency, mutual: bool) -> Relationship:
    names = [columns[at].name for at in (*one.left, one.right)]
    if mutual and not one.error and len(one.left) == 1:
        text = f"{one.keys:,} values each, one to one, in {one.rows:,} rows"
        return Relationship(columns=names, kind="one_to_one", evidence=text, rows=one.rows)
    what = "values" if len(one.left) == 1 else "pairs"
    text = f"each of {one.keys:,} {what} of {' and '.join(names[:-1])} has one {names[-1]}, in {one.rows:,} rows"
    if one.error:
        text += f" but {round(one.error * one.rows):,} ({one.error:.2%})"
    return Relationship(
        columns=names, kind="nearly_determines" if one.error else "determines", evidence=text,
        confidence=round(1 - one.error, 4), error=round(one.error, 6), rows=one.rows,
    )  # fmt: skip
