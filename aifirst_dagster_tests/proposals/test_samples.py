"""What leaves the machine: by default people are masked; where values are forbidden no cell is told, in no round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference import casts, infer
from aifirst_dagster.proposals import mapping, rules, schema
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.masking import told
from aifirst_dagster_tests.loopback.replies import Reply
from aifirst_dagster_tests.proposals.conftest import column
from aifirst_dagster_tests.proposals.test_rules import answer, rule

COLUMNS = ["Full Name", "mail", "phone", "card", "iban", "colour", "weight", "joined"]
#: Words and numbers that stand in cells only.
CELLS = [
    "Zephyrine", "Quillfeather", "zephyrine.q", "555-018-", "4111 1111", "DE89 3704", "chartreuse", "vermilion",
    "kilostone", "31/12/1899", "keine Ahnung",
]  # fmt: skip
#: Those of them that tell who somebody is.
PEOPLE = CELLS[:6]


@pytest.fixture
def con():
    con = connect()
    con.execute("""CREATE TABLE people AS SELECT 'Zephyrine Quillfeather' AS "Full Name",
        'zephyrine.q' || i || '@example.org' AS mail, '555-018-' || (1000 + i) AS phone,
        '4111 1111 1111 ' || (1000 + i) AS card, 'DE89 3704 0044 0532 0130 ' || (10 + i % 80) AS iban,
        CASE WHEN i % 11 = 0 THEN 'keine Ahnung' WHEN i % 2 = 0 THEN 'chartreuse' ELSE 'vermilion' END AS colour,
        (i * 2.5)::VARCHAR || ' kilostone' AS weight,
        CASE WHEN i = 3 THEN '31/12/1899' ELSE strftime(DATE '2023-01-01' + i::INTEGER, '%Y-%m-%d') END AS joined,
        'p.csv' AS _source, i + 2 AS _source_line FROM range(300) r(i)""")
    columns = infer.verify(con, "people", infer.propose(con, "people", COLUMNS))
    con.execute(f"CREATE TABLE typed AS {casts.select(columns, 'people')}")
    yield con, columns
    con.close()


def sent(server) -> str:
    """Everything that the server was told, in every round."""
    return json.dumps([request.body for request in server.received], ensure_ascii=False)


WRONG_SCHEMA = json.dumps({"columns": [column(name, "integer") for name in COLUMNS]})
WRONG_RULES = [
    rule("expect_column_values_to_be_in_set", column="colour", value_set=["puce"]),
    rule("expect_column_values_to_match_regex", column="mail", regex="^x$"),
    rule("expect_column_max_to_be_between", column="weight", min_value=0, max_value=1),
    rule("expect_column_values_to_be_in_set", column="Full Name", value_set=["Ann"]),
]
WRONG_MAPPING = json.dumps({
    "fields": [
        {"name": "n", "type": "integer", "sources": ["full_name"], "expression": "CAST(full_name AS INTEGER)",
         "confidence": 1.0, "description": ""},
        {"name": "c", "type": "integer", "sources": ["colour"], "expression": "", "confidence": 1.0, "description": ""},
    ],
    "repairs": [],
})  # fmt: skip


def everything(con: Any, columns: Any, llm: Any, server: Any, wish: Wish) -> str:
    """Three tasks, each with answers that the data denies, so that every round of feedback is sent."""
    server.then(*[Reply(WRONG_SCHEMA)] * 3, *[answer(*WRONG_RULES)] * 3, *[Reply(WRONG_MAPPING)] * 3)
    schema.design(con, "people", COLUMNS, llm=llm, wish=wish)
    rules.design(con, "typed", columns, llm=llm, wish=wish)
    mapping.design(con, "typed", columns, llm=llm, wish=wish)
    assert len(server.received) == 9 and {request.status for request in server.received} == {200}
    return sent(server)


def test_by_default_nothing_tells_who_somebody_is(con, claude, claude_server) -> None:
    text = everything(*con, claude(), claude_server, Wish())

    assert [word for word in PEOPLE if word in text] == []
    assert "chartreuse" in text and "999-999-9999" in text and "Xxxxxxxxx Xxxxxxxxxxxx" in text


@pytest.mark.parametrize("by", ["pipeline", "resource"])
def test_where_values_are_forbidden_no_cell_is_told_in_any_round(by: str, con, claude, claude_server) -> None:
    llm = claude(samples="none") if by == "resource" else claude()
    wish = Wish(samples="none") if by == "pipeline" else Wish()

    text = everything(*con, llm, claude_server, wish)

    assert [word for word in CELLS if word in text] == []
    assert "Xxxx" not in text and "9999" not in text, "no shapes of values either"
    assert '\\"distinct\\"' in text and "failed_claims" in text and "cells parse as" in text


def test_values_that_are_forbidden_make_another_design(con, store, claude, claude_server, tmp_path: Path) -> None:
    connection, _ = con
    good = json.dumps({"columns": [column(name, "string") for name in COLUMNS]})
    claude_server.answer_with(lambda body: Reply(good))

    first = schema.design(connection, "people", COLUMNS, store=store, llm=claude())
    second = schema.design(connection, "people", COLUMNS, store=store, llm=claude(), wish=Wish(samples="none"))
    third = schema.design(connection, "people", COLUMNS, store=store, llm=claude(), wish=Wish(samples="none"))

    assert not first.reused and not second.reused and third.reused


@pytest.mark.parametrize(
    ("samples", "words"),
    [(True, "Could not convert string 'Xxx Xxx' to INT"), (False, "Could not convert string '...' to INT")],
)
def test_an_errors_quotes_lose_what_they_say(samples: bool, words: str) -> None:
    assert told("Could not convert string 'Ann Lee' to INT", samples) == words
    assert told("no column 'Ann Lee'", samples, said=["Ann Lee"]) == "no column 'Ann Lee'"
