"""Patterns mean what Python's `re` makes of them, by whatever engine they are run."""

import re

import duckdb
import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.quality.engines import python_functions
from aifirst_dagster.quality.engines.patterns import matches

PATTERNS = (
    r"^[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,24}$", "a$", r"^\d+$", r"[\d.]+x", r"^\s*$", r"a\$", r"[]\s]x", r"[^]\d]+$",
    r"[\[\d]$", r"[\]\d]$", r"\\d$", "(a|b$)", "^a|b$", r"\S", r"[\s\S]", r"(?i)a\d$", r"(?:\d|x)$", "[$]", r"[$\d]$",
    r"a\\$", r"\d{3}-?\s?\d{4}$", r"(\d)$", r"x[\[]\d$", "^$", "$", r"\s+$", r"[a\]\s]+$", r"(?m)a$", r"\D$", r"\w\b",
)  # fmt: skip
TEXTS = (
    "", "\n", "a", "a\n", "a\nb", "a$", "$", "b\n", "1", "1\n", "x1\n", "\u0663", "x\u0663", "\x0b", "\x1c", "\xa0",
    "\x85", "y\x85", "\u2028", " ", "a]x", "]x", "\\d", "d", "[1", "]", "x[5", "a\\", "123 4567", "123\u30004567\n",
    "a@b.de", "a\xa0@b.de", "a@b.de\n", "a@b\x1c.de", "1.x", "A1", "\u0130", "\U0001d7d9",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_finds_in_sql_what_it_finds_in_python(pattern):
    with connect() as con:
        con.execute("CREATE TABLE t AS SELECT unnest(?::VARCHAR[]) AS t", [list(TEXTS)])
        sql = f"SELECT t, {matches('t', pattern)} FROM t"
        python_functions.register(con, sql)
        assert {text: held for text, held in con.execute(sql).fetchall()} == {
            text: re.search(pattern, text) is not None for text in TEXTS
        }


@pytest.mark.parametrize("escape", [r"\s", r"\d"])
def test_blanks_and_digits_are_those_of_python_for_every_character(escape):
    sql = matches("chr(i::INTEGER)", f"^{escape}$")
    with duckdb.connect() as con:
        found = con.execute(f"SELECT i FROM range(1, 1114112) r(i) WHERE i NOT BETWEEN 55296 AND 57343 AND {sql}")
        surrogates = range(0xD800, 0xE000)
        python = {i for i in range(1, 0x110000) if i not in surrogates and re.search(f"^{escape}$", chr(i))}
        assert {row[0] for row in found.fetchall()} == python


def test_the_usual_patterns_do_without_functions_of_python():
    assert python_functions.PREFIX not in matches("t", r"^[^@\s]+@[a-z]+\.[a-z]{2,}$") + matches("t", r"^A-\d+$")
    assert python_functions.PREFIX in matches("t", r"\bword\b")
