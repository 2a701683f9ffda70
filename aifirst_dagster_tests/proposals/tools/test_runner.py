"""A proposal with tools in hand, on the wire: the same design, tested as any other; what was said is kept."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from aifirst_dagster.cli.main import cli
from aifirst_dagster.proposals import mapping, rules, schema
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster_tests.loopback.replies import Fail, Reply, ToolUse
from aifirst_dagster_tests.proposals.conftest import INJECTION, SOURCE_COLUMNS, column, engine, schema_answer
from aifirst_dagster_tests.proposals.test_rules import AGE, answer, people  # noqa: F401

WITH_TOOLS = Wish(tools=True)
LOOK = Reply(
    tools=(
        ToolUse("query", {"sql": 'SELECT "E-Mail", note FROM input WHERE "Cust No" = \'00007\''}),
        ToolUse("column_profile", {"column": "note"}),
    )
)


def run(con, store, llm, wish=WITH_TOOLS):
    return schema.design(con, "customers", SOURCE_COLUMNS, store=store, llm=llm, wish=wish)


def test_a_model_looks_first_and_its_proposal_is_tested_as_any_other(con, store, claude, claude_server) -> None:
    wrong = schema_answer(c4=column("note", "number"))
    claude_server.then(LOOK, Reply(wrong), Reply(schema_answer()))

    outcome = run(con, store, claude())

    assert [request.status for request in claude_server.received] == [200, 200, 200]
    assert outcome.status == "accepted" and outcome.verdict.failed == [] and outcome.usage.calls == 3
    assert outcome.summary()["transcripts"] == outcome.transcripts and len(outcome.transcripts) == 2
    fed_back = claude_server.received[2].body["messages"]
    assert [turn["role"] for turn in fed_back] == ["user", "assistant", "user", "assistant", "user"]
    assert "failed_claims" in json.dumps(fed_back[-1])


def test_what_tools_show_is_masked_and_fenced(con, store, claude, claude_server) -> None:
    claude_server.then(LOOK, Reply(schema_answer()))

    run(con, store, claude())

    results = json.dumps(claude_server.received[1].body["messages"][-1]["content"])
    assert "person." not in results and "+49 170 1" not in results and INJECTION not in results
    assert "xxxxxx.9@xxxxxxx.xxx" in results


def test_a_second_run_asks_nothing_and_without_tools_none_are_offered(con, store, claude, claude_server) -> None:
    claude_server.then(LOOK, Reply(schema_answer()), Reply(schema_answer()))

    run(con, store, claude())
    again = run(con, DesignStore(store.folder), claude())
    plain = run(con, DesignStore(store.folder), claude(), Wish())

    assert again.reused and not plain.reused, "a design made with tools is another design"
    assert "tools" in claude_server.received[0].body and "tools" not in claude_server.received[2].body


FAILURES = {
    "calls for ever": lambda body: LOOK,
    "is down": lambda body: Fail(400, "invalid_request_error"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_model_that_gives_no_answer_leaves_the_engines_and_its_transcript(
    case, con, store, claude, claude_server
) -> None:
    claude_server.answer_with(FAILURES[case])

    outcome = run(con, store, claude())

    assert outcome.status == "provisional" and outcome.proposed_by == "offline"
    assert [c.type for c in outcome.answer] == [c.type for c in engine(con)]
    assert any("gave no answer" in note for note in outcome.notes) and len(outcome.transcripts) == 1
    assert outcome.usage.calls == len(claude_server.received)


def test_rules_are_looked_for_only_in_the_half_that_is_not_tested_on(
    con, people, store, claude, claude_server  # noqa: F811
) -> None:  # fmt: skip
    count = Reply(tools=(ToolUse("query", {"sql": "SELECT count(*) AS n FROM input"}),))
    claude_server.then(count, answer(AGE))

    outcome = rules.design(con, "people", people, store=store, llm=claude(), wish=WITH_TOOLS)

    seen = json.dumps(claude_server.received[1].body["messages"][-1])
    (rows,) = con.execute("SELECT count(*) FROM people WHERE hash(_source_line) % 2 = 0").fetchone()
    assert str(rows) in seen and rows < 1_000
    assert any(rule.kwargs.get("max_value") == 130 for rule in outcome.answer.rules)


def test_a_mapping_looks_at_the_repaired_rows(con, store, claude, claude_server) -> None:
    columns = engine(con)
    look = Reply(tools=(ToolUse("column_profile", {"column": "signed_up"}), ToolUse("sample_rows", {
        "rows": 2, "seed": 1, "columns": ["signed_up"]})))  # fmt: skip
    field = {"sources": ["signed_up"], "expression": "", "confidence": 1.0, "description": ""}
    said = {"fields": [{"name": "since", "type": "date", **field}], "repairs": []}
    claude_server.then(look, Reply(json.dumps(said)))

    outcome = mapping.design(con, "typed", columns, store=store, llm=claude(), wish=WITH_TOOLS)

    told = json.dumps(claude_server.received[1].body["messages"][-1])
    assert "DATE" in told and "2023-" in told and '"is_error": true' not in told
    assert any(field.name == "since" for field in outcome.answer.fields) and len(outcome.transcripts) == 1


def test_a_transcript_that_cannot_be_kept_loses_no_design(con, store, claude, claude_server) -> None:
    claude_server.then(LOOK, Reply(schema_answer()))
    llm = claude()
    with llm.state().write() as connection:
        connection.exec_driver_sql("ALTER TABLE transcripts RENAME TO elsewhere")

    outcome = run(con, store, llm)

    assert outcome.status == "accepted" and outcome.transcripts == []
    assert any("could not be kept" in note for note in outcome.notes)


def test_people_can_read_what_was_said(con, store, claude, claude_server, project, monkeypatch) -> None:
    claude_server.then(LOOK, Reply(schema_answer()))
    (ident,) = run(con, store, claude()).transcripts
    monkeypatch.setenv("AIFIRST_PROJECT", str(project.root))

    listed = json.loads(CliRunner().invoke(cli, ["prompts", "transcript", "--json"]).stdout)["transcripts"]
    whole = CliRunner().invoke(cli, ["prompts", "transcript", ident]).stdout

    assert [(entry["id"], entry["step"], entry["task"], entry["ended"]) for entry in listed] == [
        (ident, "step", "schema", "answered")
    ]
    assert "assistant calls query" in whole and "query says" in whole and '"Cust No"' in whole
    assert CliRunner().invoke(cli, ["prompts", "transcript", "nothing"]).exit_code != 0
