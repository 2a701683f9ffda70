"""Regular expressions as Python reads them, run by DuckDB's engine wherever the two agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.engines.plan import CannotEvaluateError
from aifirst_dagster.quality.engines.python_functions import PREFIX

#: Text that means one thing to Python and another, or nothing, to RE2; `{,n}` and `[[:x:]]` are literal to one of them.
_FOREIGN = re.compile(r"\\[uUNZ]|\{,\d|\[\[?:|\(\?#|\(\?[a-zA-Z]*[xaLu]")
_LONGEST = 1000
"""RE2 repeats no part more often."""


@dataclass(frozen=True)
class _Reading:
    """How a pattern is to be run: by Python, or by RE2 for the texts that meet `agree` (SQL over `{}`)."""

    python: bool
    agree: tuple[str, ...] = ()


def matches(text: str, pattern: str) -> str:
    """SQL: whether `pattern` is found in `text` (SQL of a text), with the meaning that Python's `re` gives it."""
    reading = _reading(pattern)
    theirs = f"{PREFIX}search({text}, {literal(pattern)})"
    if reading.python:
        return theirs
    ours = f"regexp_matches({text}, {literal(pattern)})"
    if not reading.agree:
        return ours
    agree = " AND ".join(test.format(text) for test in reading.agree)
    return f"CASE WHEN {agree} THEN {ours} ELSE {theirs} END"


@lru_cache(maxsize=512)
def _reading(pattern: str) -> _Reading:
    try:
        tree = re._parser.parse(pattern)  # type: ignore[attr-defined]
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as problem:
        if _re2_reads(pattern):  # such as \p{L}, which only RE2 knows
            return _Reading(python=False)
        raise CannotEvaluateError(f"{pattern!r} is no regular expression: {problem}.") from None
    nodes = list(_nodes(tree))
    names = {str(kind) for kind, _ in nodes}
    told = {str(argument) for kind, argument in nodes if str(kind) in ("CATEGORY", "AT")}
    odd = names & {"ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "POSSESSIVE_REPEAT"}
    if odd or "AT_END_STRING" in told or _FOREIGN.search(pattern) or _too_often(nodes) or not _re2_reads(pattern):
        return _Reading(python=True)
    agree = []
    words = ("CATEGORY_WORD", "CATEGORY_NOT_WORD", "CATEGORY_DIGIT", "CATEGORY_NOT_DIGIT", "AT_BOUNDARY")
    if told & {*words, "AT_NON_BOUNDARY"} or "(?i" in pattern:
        agree.append("strlen({0}) = length({0})")  # ASCII only
    if told & {"CATEGORY_SPACE", "CATEGORY_NOT_SPACE"}:  # RE2 knows fewer blanks
        agree.append(r"NOT regexp_matches({0}, '[^\x00-\x0a\x0c-\x1b\x20-\x7f]')")
    if "AT_END" in told:  # Python's $ also stands before a last line break
        agree.append("NOT contains({0}, chr(10))")
    return _Reading(python=False, agree=tuple(agree))


def _nodes(tokens: Any) -> Iterator[tuple[Any, Any]]:
    """All nodes of a parsed pattern."""
    for kind, argument in tokens:
        yield kind, argument
        name = str(kind)
        if name == "SUBPATTERN":
            yield from _nodes(argument[3])
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _nodes(branch)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield from _nodes(argument[2])
        elif name in ("ATOMIC_GROUP", "IN"):
            yield from _nodes(argument)


def _too_often(nodes: list[tuple[Any, Any]]) -> bool:
    ends = [int(end) for kind, argument in nodes if "REPEAT" in str(kind) for end in argument[:2]]
    return any(_LONGEST < end < int(re._constants.MAXREPEAT) for end in ends)  # type: ignore[attr-defined]


@lru_cache(maxsize=512)
def _re2_reads(pattern: str) -> bool:
    import duckdb

    try:
        _scratch().execute(f"SELECT regexp_matches('', {literal(pattern)})").fetchall()
    except duckdb.Error:
        return False
    return True


@lru_cache(maxsize=1)
def _scratch() -> Any:
    """A session to try patterns in."""
    import duckdb

    return duckdb.connect(":memory:", config={"threads": 1})
