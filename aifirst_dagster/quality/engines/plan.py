"""What a rule compiles to: aggregates over a source, and a function from their values to a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from aifirst_dagster.datasets.session import HIDDEN, LINE, ident

Verdict = dict[str, Any]
"""Fields of a `RuleResult`: success, evaluated, unexpected_count, ..."""

FLOATS = ("FLOAT", "DOUBLE")
INTEGERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
)  # fmt: skip


class CannotEvaluateError(Exception):
    """This rule cannot be judged on this table; the text says why and what to do."""


@dataclass(frozen=True)
class Examples:
    """Where to find a failing rule's values: `value` of the rows of `source` that meet `where`."""

    source: str
    where: str
    value: str
    names: tuple[str, ...] = ()
    """Columns of `value` where it is a struct: shown as a mapping; a pair is shown as a list."""
    often: str = ""
    """In place of `where`, what is quicker where a look at the first rows is enough."""


@dataclass(frozen=True)
class Repeats:
    """Rows that share their `value` with another, of the rows of `relation` that meet `domain`.

    `whole` says that the value is a column of whole numbers.
    """

    relation: str
    value: str
    domain: str
    whole: bool = False

    def groups(self, also: str = "") -> str:
        """A source of each distinct value `v` with its count `n`, of the rows that meet `also`."""
        met = all_of(self.domain, also)
        return f"(SELECT {self.value} AS v, count(*) AS n FROM {self.relation} WHERE {met} GROUP BY 1)"

    def broken(self, also: str = "") -> str:
        """SQL boolean over a row: it is in the domain, and another has its value."""
        return all_of(self.domain, also, f"{self.value} IN (SELECT v FROM {self.groups(also)} WHERE n > 1)")


@dataclass(frozen=True)
class Plan:
    """A compiled rule.

    Attributes:
        source: FROM clause; plans of one source share one scan.
        parts: Aggregates over it.
        finish: From their values to the verdict.
        examples: Where failing values are found, if there are any.
        row: SQL boolean over a row of the table, true where that row breaks the rule; None where no row can.
        repeats: Counted in place of `source` and `parts`: `finish` gets the rows, and those that share their value.
        then: The plan that the values of `parts` lead to, which is judged in the next round in place of this one.
        ask: Gives the values in place of `source` and `parts`, for what takes more than one query.
    """

    source: str
    parts: tuple[str, ...]
    finish: Callable[[tuple[Any, ...]], Verdict]
    examples: Examples | None = None
    row: str | None = None
    repeats: Repeats | None = None
    then: Callable[[tuple[Any, ...]], Plan] | None = None
    ask: Callable[[Any], tuple[Any, ...]] | None = None


@dataclass(frozen=True)
class Table:
    """A relation with its columns' types.

    Attributes:
        relation: FROM clause.
        types: Column -> DuckDB type, hidden columns left out.
        few: Columns of few distinct values: what is costly is judged once for each of these, not for each row.
    """

    relation: str
    types: dict[str, str] = field(default_factory=dict)
    few: frozenset[str] = frozenset()
    lines: bool = False
    """Whether rows carry `_source_line`, their order."""
    others: Callable[[str], Table] | None = None
    """Another table by its name in a rule. Raises `CannotEvaluateError`."""

    def other(self, name: str) -> Table:
        """The table that a rule calls `name`."""
        if self.others is None:
            raise CannotEvaluateError(f"There is no table {name!r} here to compare with.")
        return self.others(name)

    @cached_property
    def columns(self) -> list[str]:
        """Names, in order."""
        return list(self.types)

    def type(self, name: str) -> str:
        """The DuckDB type of a column. Raises `CannotEvaluateError` where there is none of exactly this name."""
        if name not in self.types:
            folded = {column.casefold(): column for column in self.columns}
            near = [folded[match] for match in get_close_matches(name.casefold(), folded, n=1)]
            there = ", ".join(self.columns[:20]) + (", ..." if len(self.columns) > 20 else "")
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {there}."
            raise CannotEvaluateError(f"There is no column {name!r}. {hint}")
        return self.types[name]

    def kind(self, name: str) -> str:
        """`number`, `text`, `flag`, `time` (a date or a point in time) or `other`."""
        return kind_of(self.type(name))

    def value(self, name: str) -> str:
        """SQL of a column's value. "Not a number" is no value, as in pandas."""
        column = ident(name)
        return f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END" if self.type(name) in FLOATS else column

    def missing(self, name: str) -> str:
        """SQL: whether a column has no value."""
        column = ident(name)
        return f"({column} IS NULL OR isnan({column}))" if self.type(name) in FLOATS else f"({column} IS NULL)"


def kind_of(type_: str) -> str:
    """`number`, `text`, `flag`, `time` or `other` for a DuckDB type."""
    if type_ in FLOATS or type_ in INTEGERS or type_.startswith("DECIMAL"):
        return "number"
    if type_ == "VARCHAR" or type_.startswith("ENUM"):
        return "text"
    if type_ == "BOOLEAN":
        return "flag"
    return "time" if type_ == "DATE" or type_.startswith("TIMESTAMP") else "other"


def describe(con: Any, relation: str) -> Table:
    """The table behind `relation`."""
    rows = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {row[0]: row[1] for row in rows if row[0] not in HIDDEN}
    return Table(relation, types, lines=any(row[0] == LINE for row in rows))


def value_counts(table: Table, value: str, present: str) -> str:
    """A source of each distinct value `v` of the rows that meet `present`, with its count `n`."""
    return f"(SELECT {value} AS v, count(*) AS n FROM {table.relation} WHERE {present} GROUP BY 1)"


def all_of(*conditions: str) -> str:
    """The conditions joined by AND; TRUE ones are left out."""
    kept = [condition for condition in conditions if condition and condition != "TRUE"]
    return " AND ".join(kept) if kept else "TRUE"


def count(where: str) -> str:
    """Aggregate: rows that meet `where`."""
    # Not FILTER: conditions that share parts are then computed once, which halves the time of a hundred rules.
    # Over no rows at all it is unknown, not 0.
    return "count(*)" if where == "TRUE" else f"coalesce(count_if({where}), 0)"


def known(verdict: Verdict) -> Plan:
    """A verdict that needs no data."""
    return Plan("", (), lambda _: {"evaluated": 1, **verdict})


def judged(evaluated: int, unexpected: int, mostly: float) -> Verdict:
    """The verdict of counts: at least a share of `mostly` is as expected, or there is nothing to judge."""
    success = not evaluated or (evaluated - unexpected) / evaluated >= mostly
    percent = 100 * unexpected / evaluated if evaluated else 0.0
    return {
        "success": success, "evaluated": evaluated, "unexpected_count": unexpected, "unexpected_percent": percent,
    }  # fmt: skip


def row_plan(
    table: Table,
    domain: str,
    holds: str,
    value: str,
    mostly: float,
    *,
    names: tuple[str, ...] = (),
    observed: Any = None,
) -> Plan:
    """A rule over rows: of those in `domain`, enough meet `holds` (unknown counts as not)."""
    broken = all_of(domain, f"({holds}) IS NOT TRUE")
    return Plan(
        source=table.relation,
        parts=(count(domain), count(broken)),
        finish=lambda got: {**judged(got[0], got[1], mostly), "observed_value": observed},
        examples=Examples(table.relation, broken, value, names),
        row=broken,
    )
