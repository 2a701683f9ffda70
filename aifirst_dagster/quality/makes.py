"""Values of another make than most of their column's, though there are more of them than a few."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.quality.facts import Fact, Facts, Query
from aifirst_dagster.quality.forms import SKELETON

#: So many values are made in one way where others are mistakes, though there are more of them than a few.
MADE_ALIKE = 0.85
#: But a value that so many cells hold is meant (`65+` among `18-24`, `Undecided`), and so is each of a small set.
OFTEN, SET = 0.04, 20
#: So many numbers that are names have the same number of digits where another number of them is a mistake.
SAME_LENGTH = 0.97
#: A number with a unit, and another: `1 hr. 40 min.` among `100 min`.
_TWO_UNITS = r"9 ?a\.? 9 ?a\.?"


def queries(facts: Facts) -> Iterator[Query]:
    """Codes made in another way than most, and numbers that are names with another number of digits."""
    for fact in facts.columns:
        if fact.distinct > SET and (fact.column.type == "string" or fact.column.physical_type == "VARCHAR"):
            yield fact.column.name, _other_form(facts, fact)
            yield fact.column.name, _other_length(facts, fact)


def _other_form(facts: Facts, fact: Fact) -> str:
    """Values of another make than most, where most are codes of one make: `0123` among `tt0123`, `Mar-45` among `3-45`.

    Longer and shorter rows of the same parts are of one make (`1.2` and `1.2.3`, `C1` and `C1 C2`).
    """
    parts = "regexp_replace(s, '9([^a9]{1,2}9)+', '9', 'g')"
    return f"""WITH s AS (SELECT v, n, {SKELETON} AS s FROM ({facts.counted(fact)})),
        c AS (SELECT s, sum(n) AS n, {parts} AS p FROM s GROUP BY 1),
        most AS (SELECT arg_max(s, n) AS s, arg_max(p, n) AS p, max(n) AS n, sum(n) AS every FROM c),
        odd AS (SELECT s.v FROM s JOIN c USING (s), most WHERE most.n >= {MADE_ALIKE!r} * every AND every >= 20
            AND contains(most.s, '9') AND most.s <> '9' AND length(most.s) <= 14
            AND s.n <= greatest(2, {OFTEN!r} * every) AND c.p <> most.p AND (NOT contains(s.s, most.s)
                OR (most.s = '9 a' AND regexp_full_match(s.s, '{_TWO_UNITS}'))))
        SELECT __row, __line, {fact.text}, 'Most values here are made in another way.', NULL
        FROM {facts.cells} WHERE {fact.text} IN (SELECT v FROM odd)"""


def _other_length(facts: Facts, fact: Fact) -> str:
    """Numbers of fewer or more digits than the others in a column of such as are names: postal codes, mostly."""
    return f"""WITH c AS (SELECT length(v) AS size, sum(n) AS n, bool_and(regexp_full_match(v, '[0-9]+')) AS digits
            FROM ({facts.counted(fact)}) GROUP BY 1),
        most AS (SELECT arg_max(size, n) AS size, arg_max(digits, n) AS digits, max(n) AS n, sum(n) AS every FROM c)
        SELECT __row, __line, {fact.text}, 'Nearly all others here have ' || most.size || ' digits.', NULL
        FROM {facts.cells}, most WHERE most.digits AND most.size > 2 AND most.n >= {SAME_LENGTH!r} * every
            AND every >= 50 AND {fact.present} AND length({fact.text}) <> most.size
            AND regexp_full_match({fact.text}, '[0-9]+')"""
