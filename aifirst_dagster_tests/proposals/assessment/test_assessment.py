"""What is wrong with a table: counted offline; with a model, each issue tried on all rows before it stands."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference import casts, infer
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.assessment import Assessment, assess, gather, markdown
from aifirst_dagster.quality.drift import baseline, compare
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster_tests.llm.conftest import claude, project  # noqa: F401
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply

NAMES = ["id", "age", "city", "full name", "ended"]


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """200 people: three impossible ages, ten cities with blanks around them, a column that is mostly empty."""
    con = connect()
    con.execute("""CREATE TABLE source AS SELECT
        i::VARCHAR AS id,
        CASE i WHEN 5 THEN '412' WHEN 50 THEN '733' WHEN 150 THEN '871' ELSE (20 + i % 60)::VARCHAR END AS age,
        CASE WHEN i % 20 = 0 THEN ' Bern ' ELSE ['Bern', 'Basel', 'Chur'][i % 3 + 1] END AS city,
        'Ann Lee' || i AS "full name",
        CASE WHEN i % 10 = 0 THEN '2024-01-05' END AS ended,
        'p.csv' AS _source, i + 2 AS _source_line FROM range(200) r(i)""")
    con.execute(f"CREATE TABLE people AS {casts.select(columns(con), 'source')}")
    return con


def columns(con: duckdb.DuckDBPyConnection) -> list[Column]:
    found = infer.verify(con, "source", infer.propose(con, "source", NAMES))
    return [column.model_copy(update={"name": column.source_name}) for column in found]


def assessed(con: duckdb.DuckDBPyConnection, llm: Any = None, wish: Wish = Wish(), **more: Any) -> Any:
    rules = [Rule(type="expect_column_values_to_be_between", kwargs={"column": "age", "min_value": 0, "max_value": 120},
                  severity="error")]  # fmt: skip
    findings = gather(con, "people", columns(con), evaluate(con, "people", rules), **more)
    return assess(con, "people", columns(con), findings, llm=llm, wish=wish)


def issue(column: str, kind: str, rows: int = -1, **more: Any) -> dict[str, Any]:
    """An issue as the model writes it."""
    plain = {
        "severity": "warn",
        "evidence": "seen",
        "rule_type": "",
        "rule_kwargs": "",
        "repair": "",
        "action": "review",
    }
    return {"column": column, "kind": kind, "rows": rows, **plain, **more}


def between(column: str, low: float, high: float) -> dict[str, str]:
    kwargs = json.dumps({"column": column, "min_value": low, "max_value": high})
    return {"rule_type": "expect_column_values_to_be_between", "rule_kwargs": kwargs}


def said(*issues: dict[str, Any]) -> Reply:
    return Reply(json.dumps({"summary": "Not fit for use.", "issues": list(issues)}))


def by_place(answer: Assessment) -> dict[tuple[str | None, str], Any]:
    return {(one.column, one.kind): one for one in answer.issues}


def test_without_a_model_everything_that_was_counted_is_told(con) -> None:
    before = baseline(con, "(SELECT * FROM people WHERE age < 40)", columns(con))
    after = baseline(con, "people", columns(con), like=before)
    outcome = assessed(con, drift=compare(before, after), set_aside=[("a quote is not closed", 4)])
    found = by_place(outcome.answer)
    age = found["age", "invalid"]
    assert (age.rows_affected, age.severity, age.action, age.state) == (3, "error", "quarantine", "tested")
    assert found["city", "whitespace"].rows_affected == 10 and found["city", "whitespace"].repair == "trim_whitespace"
    assert found["ended", "missing"].rows_affected == 180
    assert found[None, "quarantined"].rows_affected == 4 and ("age", "drift") in found
    assert outcome.proposed_by == "offline" and outcome.usage.calls == 0
    assert outcome.answer.issues[0] == age, "what is serious comes first"


def test_a_models_issues_stand_where_the_data_bears_them_out(con, claude, claude_server) -> None:  # noqa: F811
    good = [
        issue("age", "invalid", 3, **between("age", 0, 110), severity="error", action="quarantine"),
        issue("city", "whitespace", 10, repair="trim_whitespace", action="repair"),
        issue("ended", "missing"),
        issue("id", "meaning"),
    ]
    claude_server.then(said(*good))
    outcome = assessed(con, claude())
    found = by_place(outcome.answer)
    assert [found[key].state for key in (("age", "invalid"), ("city", "whitespace"), ("ended", "missing"))] == [
        "tested", "tested", "corroborated",
    ]  # fmt: skip
    assert found["id", "meaning"].state == "untested", "a model's word alone is called that"
    assert found["age", "invalid"].rows_affected == 3 and found["age", "invalid"].proposed_by == "claude-sonnet-5-5"
    assert outcome.answer.summary == "Not fit for use." and len(claude_server.received) == 1


def test_what_the_data_contradicts_goes_back_and_is_then_rejected(con, claude, claude_server) -> None:  # noqa: F811
    wrong = [
        issue("age", "invalid", **between("age", 0, 1000)),
        issue("id", "invalid", **between("id", -5, -1)),
        issue("id", "encoding", repair="fix_encoding", action="repair"),
        issue("no such", "missing"),
        issue("city", "other", rule_type="expect_nonsense", rule_kwargs="{}"),
        issue("city", "whitespace", 150, repair="trim_whitespace", action="repair"),
    ]
    claude_server.then(*[said(*wrong)] * 3)
    outcome = assessed(con, claude())
    assert len(claude_server.received) == 3 and "All 200 values keep the rule" in claude_server.received[1].text
    assert len(outcome.answer.rejected) == 5
    reasons = " ".join(one["reason"] for one in outcome.answer.rejected)
    assert "it is the rule that is wrong" in reasons and "change nothing" in reasons and "no such column" in reasons
    city = by_place(outcome.answer)["city", "whitespace"]
    assert city.rows_affected == 10, "the data's count, not the model's"
    assert by_place(outcome.answer)["age", "invalid"].proposed_by == "offline"


def test_a_model_that_is_down_leaves_the_counted_assessment(con, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(Fail(529, "overloaded_error"))
    outcome = assessed(con, claude(retry={"attempts": 1}))
    assert outcome.status == "provisional" and outcome.answer == assessed(con).answer
    assert "gave no answer" in outcome.notes[0]


def test_it_may_think_first_and_what_it_thought_is_kept(con, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(Reply(said().text, thinking="Ages of 999 look like a code."))
    llm = claude()
    assessed(con, llm, Wish(mode="extended_thinking"))
    body = claude_server.received[0].body
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    (call,) = llm.state().ledger.rows()
    assert call["task"] == "assessment" and call["thinking"] == "Ages of 999 look like a code."


def test_names_go_out_masked_and_values_not_at_all_where_that_is_forbidden(con, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(said(), said())
    assessed(con, claude())
    assessed(con, claude(), Wish(samples="none"))
    masked, none = (request.text for request in claude_server.received)
    assert "Ann" not in masked and "Xxx Xxx" in masked and "Basel" in masked
    assert "Basel" not in none and "Bern" not in none and "999" not in none


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_no_or_one_row_is_assessed(rows: int) -> None:
    con = connect()
    con.execute(f"""CREATE TABLE source AS SELECT 'x' AS "a""b; --", NULL::VARCHAR AS n, 'f' AS _source,
                    1::BIGINT AS _source_line FROM range({rows})""")
    found = infer.verify(con, "source", infer.propose(con, "source", ['a"b; --', "n"]))
    con.execute(f"CREATE TABLE typed AS {casts.select(found, 'source')}")
    outcome = assess(con, "typed", found, gather(con, "typed", found))
    assert outcome.answer.rows == rows and outcome.answer.summary


def test_the_report_cannot_be_broken_out_of() -> None:
    hostile = "a|b`c<script>\n| x | [y](z)"
    issues = [{**issue(hostile, "other"), "evidence": hostile, "rows_affected": 3, "state": "untested", "repair": None}]
    text = markdown({"summary": hostile, "issues": issues, "rejected": []})
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 3 and "<script" not in text and "](" not in text.replace("\\[y](", "")
