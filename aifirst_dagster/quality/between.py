"""Rules between columns: totals, what fixes what, what is filled only where, which number is never above another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.relations import Relationship, find
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.candidates import Candidate, named_thing, share_of
from aifirst_dagster.quality.evidence import Facts, Parts
from aifirst_dagster.quality.rules import Rule

#: Rows that relations are looked for in; rows that a condition has to be seen on; values of a column of kinds.
SAMPLE, SEEN, KINDS = 20_000, 20, 12
#: Columns that take part where each is compared with each; aggregates in one statement.
WIDE, AT_ONCE = 24, 40
#: Share of rows that must keep a total or a dependency: the others are the errors it is there to find.
NEED = 0.97
#: Share of a column's rows that are empty, for what is filled only where something else is so.
SOME, MOST = 0.05, 0.95


def of_relations(con: Any, parts: Parts, facts: Sequence[Facts], fixed: Collection[str]) -> Iterator[Candidate]:
    """Totals, products, copies, and what several columns fix that none fixes alone (`fixed`: what one does)."""
    if len(facts) < 2:
        return
    columns = [as_held(fact.column, fact.kind) for fact in facts]
    con.execute(f"CREATE OR REPLACE TEMP TABLE __some AS SELECT * FROM {parts.learn} LIMIT {SAMPLE}")
    try:
        rows = con.execute("SELECT count(*) FROM __some").fetchall()[0][0]
        found = find(con, "__some", "__some", columns, rows)
    finally:
        con.execute("DROP TABLE IF EXISTS __some")
    known = {fact.name: fact for fact in facts}
    for one in found:
        fixing = one.kind in ("determines", "nearly_determines", "one_to_one")
        # What a single column fixes is looked for where rows may be wrong, too: see `fixing`.
        if fixing and (len(one.columns) == 2 or one.columns[-1] in fixed or _one_value(con, parts, one.columns)):
            continue
        if all(name in known for name in one.columns):
            yield from _of(one, known)


def as_held(column: Column, kind: str) -> Column:
    """The column as a typed relation holds it, which may still be text where it is to become something else."""
    fits = {"number": ("integer", "number", "year"), "time": ("date", "datetime")}.get(kind, ("string",))
    plain = {"number": "number", "time": "datetime"}.get(kind, "string")
    type_ = column.type if column.type in fits else plain
    return column.model_copy(update={"source_name": column.name, "native": True, "type": type_, "null_tokens": []})


def _one_value(con: Any, parts: Parts, names: Sequence[str]) -> bool:
    """Whether the last column has nearly always the same value where all are given: what fixes it is then no news."""
    given = " AND ".join(f"{ident(name)} IS NOT NULL" for name in names)
    rows, most = con.execute(
        f"SELECT coalesce(sum(n), 0), coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM {parts.learn} WHERE {given} "
        f"GROUP BY {ident(names[-1])})"
    ).fetchall()[0]
    return bool(most >= 0.97 * rows)


def _of(one: Relationship, known: dict[str, Facts]) -> Iterator[Candidate]:
    """The rule that a relation makes."""
    *sources, out = one.columns
    if one.kind in ("determines", "nearly_determines", "one_to_one"):
        if not _measured(known[out]):
            yield _fixed(one, sources, out)
    elif one.kind == "sum":
        yield _total(one, sources, out, known)
    elif one.kind == "difference":
        yield _total(one, [sources[1], out], sources[0], known)
    elif one.kind == "product" and not any("`" in name for name in one.columns):
        yield _product(one, known)
    elif one.kind == "copy":
        rule = _rule(
            "expect_column_pair_values_to_be_equal",
            f"{out} says the same as {sources[0]}{_seen(one)}: where they differ, one of them is wrong.",
            column_A=sources[0], column_B=out, ignore_row_if="either_value_is_missing",
        )  # fmt: skip
        yield Candidate(rule, 7, NEED, kind="equal", columns=(sources[0], out), learned=one.confidence)


def _fixed(one: Relationship, sources: list[str], out: str) -> Candidate:
    named = " and ".join(sources)
    rule = _rule(
        "expect_column_values_to_be_determined_by_columns",
        f"Rows with the same {named} {'always ' if one.error == 0 else ''}have the same {out}"
        f"{_seen(one) if one.error else ''}: where one differs, one of these is wrong.",
        column=out, column_list=sources,
    )  # fmt: skip
    return Candidate(
        rule, 5, NEED, exceptions=True, over_all=True, kind="fixed", columns=(*sources, out), learned=1 - one.error
    )


def _measured(fact: Facts) -> bool:
    """Whether a column measures something: that another fixes it is chance in a small table."""
    return fact.kind == "number" and fact.column.type == "number" and fact.distinct > 0.2 * fact.count


def _total(one: Relationship, terms: list[str], out: str, known: dict[str, Facts]) -> Candidate:
    rule = _rule(
        "expect_multicolumn_sum_to_equal_column",
        f"{out} is {' + '.join(terms)}{_seen(one)}: a row that does not add up has a wrong figure.",
        column_list=terms, column=out, tolerance=_slack([known[name] for name in [*terms, out]]),
    )  # fmt: skip
    return Candidate(rule, 9, NEED, kind="total", columns=(*terms, out), learned=one.confidence)


def _product(one: Relationship, known: dict[str, Facts]) -> Candidate:
    """A rule that multiplies anew; where it is half a unit off the result was rounded."""
    a, b, out = one.columns
    slack = _slack([known[out]]) or 0.5
    given = " and ".join(f"`{name}`.notnull()" for name in one.columns)
    rule = _rule(
        "expect_condition_to_imply_condition",
        f"{out} is {a} times {b}{_seen(one)}: a row that does not come out has a wrong figure.",
        if_condition=given,
        then_condition=f"`{a}` * `{b}` - `{out}` <= {slack} and `{out}` - `{a}` * `{b}` <= {slack}",
        condition_parser="pandas",
    ).model_copy(update={"id": f"{out}.product_of_{a},{b}"})
    return Candidate(rule, 9, NEED, kind="total", columns=tuple(one.columns), learned=one.confidence)


def _slack(facts: Sequence[Facts]) -> float:
    """How far sums may be off by rounding alone: nothing for whole numbers, about a cent for others."""
    return 0 if all(fact.column.type == "integer" for fact in facts) else round(0.005 * len(facts) + 1e-6, 6)


def of_presence(con: Any, parts: Parts, facts: Sequence[Facts]) -> Iterator[Candidate]:
    """What is filled only where another column says so, and what is given together."""
    able = [one for one in facts if SOME <= one.nulls / max(parts.learned, 1) <= MOST and one.count >= SEEN][:WIDE]
    if not able:
        return
    explained = set()
    for kinds in (one for one in facts if _kinds(one)):
        for candidate in _by_kind(con, parts, kinds, [one for one in able if one is not kinds]):
            explained.add(candidate.columns[0])
            yield candidate
    yield from _together(con, parts, [one for one in able if one.name not in explained])


def _kinds(fact: Facts) -> bool:
    """Whether a column sorts rows into a few kinds, whose names can stand in a condition."""
    few = 2 <= fact.distinct <= KINDS and fact.kind == "text" and fact.values and "`" not in fact.name
    return bool(few) and fact.nulls <= 0.05 * fact.count and all(_quotable(value) for value in fact.values)


def _by_kind(con: Any, parts: Parts, kinds: Facts, able: list[Facts]) -> Iterator[Candidate]:
    """Columns that are filled for some kinds and empty for others."""
    if not able:
        return
    counted = ", ".join(f"count({ident(one.name)})" for one in able)
    rows = con.execute(
        f"SELECT {ident(kinds.name)}, count(*), {counted} FROM {parts.learn} "
        f"WHERE {ident(kinds.name)} IS NOT NULL GROUP BY 1"
    ).fetchall()
    for place, one in enumerate(able, start=2):
        filled = [row for row in rows if row[place] >= 0.97 * row[1]]
        empty = [row for row in rows if row[place] <= 0.03 * row[1]]
        if not filled or not empty or len(filled) + len(empty) < len(rows):
            continue
        for chosen, type_, words in (
            (filled, "expect_column_values_to_not_be_null", "is given"),
            (empty, "expect_column_values_to_be_null", "is empty"),
        ):
            seen = sum(row[1] for row in chosen)
            if seen < SEEN:
                continue
            values = sorted(str(row[0]) for row in chosen)
            share = sum(row[place] if chosen is filled else row[1] - row[place] for row in chosen) / seen
            named = " or ".join(values[:4]) + (" ..." if len(values) > 4 else "")
            rule = _rule(
                type_,
                f"Where {kinds.name} is {named}, {one.name} {words} in {share_of(share, 'rows')}: "
                f"another row says two things at once.",
                column=one.name, row_condition=f"`{kinds.name}` in [{', '.join(_quoted(v) for v in values)}]",
                condition_parser="pandas",
            )  # fmt: skip
            yield Candidate(rule, 8, 0.95, exceptions=True, kind="where", columns=(one.name, kinds.name), learned=share)


def _together(con: Any, parts: Parts, able: list[Facts]) -> Iterator[Candidate]:
    """Columns that are empty together: where one is given, so is the other; each is said of the first of its like."""
    pairs = [(a, b) for a, b in combinations(able, 2) if "`" not in a.name + b.name and a.count >= 2 * SEEN]
    said: set[str] = set()
    for start in range(0, len(pairs), AT_ONCE):
        some = pairs[start : start + AT_ONCE]
        asked = ", ".join(
            f"count(*) FILTER ({ident(a.name)} IS NOT NULL AND {ident(b.name)} IS NOT NULL)" for a, b in some
        )
        both = con.execute(f"SELECT {asked} FROM {parts.learn}").fetchall()[0]
        for (a, b), given in zip(some, both, strict=True):
            if given < 0.97 * max(a.count, b.count) or b.name in said:
                continue
            said.add(b.name)
            share = given / max(a.count, b.count)
            rule = _rule(
                "expect_column_values_to_not_be_null",
                f"{b.name} is given in {share_of(share, 'rows')} that have {a.name}, and they are empty together: "
                f"one without the other is half an entry.",
                column=b.name, row_condition=f"`{a.name}`.notnull()", condition_parser="pandas",
            )  # fmt: skip
            yield Candidate(rule, 7, 0.95, exceptions=True, kind="where", columns=(b.name, a.name), learned=share)


def of_order(con: Any, parts: Parts, facts: Sequence[Facts]) -> Iterator[Candidate]:
    """Numbers of which one is never above the other, though their ranges would allow it."""
    numbers = [
        one for one in facts
        if one.kind == "number" and one.count >= max(50, 0.5 * parts.learned) and one.distinct > 10 and one.quantiles
        and not named_thing(one.name)
    ][:WIDE]  # fmt: skip
    pairs = [(a, b) for x, y in combinations(numbers, 2) for a, b in ((x, y), (y, x)) if _overlap(a, b)]
    for start in range(0, len(pairs), AT_ONCE):
        some = pairs[start : start + AT_ONCE]
        asked = ", ".join(
            f"count_if({ident(a.name)} > {ident(b.name)}), count_if({ident(a.name)} < {ident(b.name)})" for a, b in some
        )
        counts = con.execute(f"SELECT {asked} FROM {parts.learn}").fetchall()[0]
        for (a, b), above, below in zip(some, counts[::2], counts[1::2], strict=True):
            if above or below < SEEN:
                continue
            rule = _rule(
                "expect_column_pair_values_a_to_be_greater_than_b",
                f"{a.name} was never above {b.name} in {below:,} rows, though both have values that would allow it: "
                f"a row where it is has one of them wrong.",
                column_A=b.name, column_B=a.name, or_equal=True, ignore_row_if="either_value_is_missing",
            )  # fmt: skip
            yield Candidate(rule, 4, 0.99, kind="order", columns=(a.name, b.name))


def _overlap(a: Facts, b: Facts) -> bool:
    """Whether `a` could be above `b` in many a row if the two had nothing to do with each other."""
    assert a.quantiles is not None and b.quantiles is not None
    return bool(a.quantiles[3] > b.quantiles[2] and a.quantiles[2] > b.quantiles[1] and a.quantiles[2] < b.quantiles[3])


def _seen(one: Relationship) -> str:
    return " in every row" if one.error == 0 else f" in {1 - one.error:.1%} of rows"


def _quotable(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and "'" not in value and "\\" not in value


def _quoted(value: str) -> str:
    return f"'{value}'"


def _rule(type_: str, rationale: str, **kwargs: Any) -> Rule:
    return Rule(type=type_, kwargs=kwargs, rationale=rationale, severity="warn", provenance="offline")
