"""What Claude says of meanings is tested by the values: told apart as tested, corroborated, untested and failed."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.proposals import schema
from aifirst_dagster_tests.loopback.replies import Reply
from aifirst_dagster_tests.proposals.conftest import claude, claude_server, column, project  # noqa: F401

IBANS = ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606"]


@pytest.fixture
def table():
    con = connect()
    con.execute("CREATE TABLE t (a VARCHAR, b VARCHAR, c VARCHAR, d VARCHAR, _source VARCHAR, _source_line BIGINT)")
    for line in range(60):
        cells = [IBANS[line % 3], f"x{line:03}@example.org", f"word {line % 7} of {line % 5}", f"{line / 7:.3f}"]
        con.execute("INSERT INTO t VALUES (?, ?, ?, ?, 't.csv', ?)", [*cells, line + 2])
    return con


def test_each_claim_about_a_meaning_carries_its_state(table, claude, claude_server):  # noqa: F811
    said = {"a": "iban", "b": "phone", "c": "sentiment", "d": "email"}
    types = {"d": "number"}
    answer = {"columns": [column(name, types.get(name, "string"), semantic_type=word) for name, word in said.items()]}
    claude_server.answer_with(lambda body: Reply(json.dumps(answer)))
    outcome = schema.design(table, "t", list(said), llm=claude())
    states = {claim.subject: claim.state for claim in outcome.verdict.claims if claim.what == "semantic_type"}
    assert states == {"a": "tested", "b": "failed", "c": "untested", "d": "failed"}
    meanings = {each.name: each.semantic_type for each in outcome.answer}
    assert (meanings["a"], meanings["b"]) == ("iban", "email")
    assert meanings["d"] != "email"
