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
    plain: str | None = None
    """The pattern in words on which RE2 and Python agree for every text, if there are such."""


def matches(text: str, pattern: str) -> str:
    """SQL: whether `pattern` is found in `text` (SQL of a text), with the meaning that Python's `re` gives it."""
    reading = _reading(pattern)
    theirs = f"{PREFIX}search({text}, {literal(pattern)})"
    if reading.python:
        return theirs
    if reading.plain is not None:
        return f"regexp_matches({text}, {literal(reading.plain)})"
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
    return _Reading(python=False, agree=tuple(agree), plain=_plain(pattern, tree, told) if agree else None)


def _plain(pattern: str, tree: Any, told: set[str]) -> str | None:
    """`pattern` with what RE2 reads otherwise spelt out; None where that takes more than blanks, digits and a last `$`.

    It spares a second look at each text, and Python's functions, for which numpy would be imported.
    """
    others = {name for name in told if name.startswith("CATEGORY_")} - set(_SPELT)
    if others or told & {"AT_BOUNDARY", "AT_NON_BOUNDARY"} or "(?" in pattern.replace("(?:", ""):
        return None
    if "AT_END" in told:
        ends = sum(1 for kind, argument in _nodes(tree) if str(kind) == "AT" and str(argument) == "AT_END")
        last = tree[-1]
        if ends > 1 or str(last[0]) != "AT" or str(last[1]) != "AT_END":
            return None
        pattern = pattern[:-1] + r"\n?$"
    spelt, inside = [], False
    for part in re.findall(r"\\.|\[\^?\]?|.", pattern, flags=re.DOTALL):
        if not inside and part.startswith("["):
            inside = True
        elif inside and part.startswith("["):  # a bracket within brackets is itself, and what stands behind it too
            inside = not part.endswith("]")
        elif inside and part == "]":
            inside = False
        if part in (r"\s", r"\d"):
            ranges = _ranges(part)
            spelt.append(ranges if inside else f"[{ranges}]")
        else:
            spelt.append(part)
    made = "".join(spelt)
    return made if _re2_reads(made) else None


#: What `_plain` spells out.
_SPELT = ("CATEGORY_SPACE", "CATEGORY_DIGIT")


@lru_cache(maxsize=2)
def _ranges(escape: str) -> str:
    """What Python takes for a blank (`\\s`) or a digit (`\\d`), as ranges within brackets."""
    beyond = 0x20000  # above it there are none of either
    runs = re.finditer(f"{escape}+", "".join(map(chr, range(beyond))))
    return "".join(f"\\x{{{run.start():x}}}-\\x{{{run.end() - 1:x}}}" for run in runs)


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
