"""A model explains a drift; what it claims is tried on sketches and rows, and what they refute costs the words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.drift import explain
from aifirst_dagster.quality.drift import baseline, compare, traced
from aifirst_dagster.steps.columns import described
from aifirst_dagster_tests.llm.conftest import claude, project  # noqa: F401
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.orchestration.test_drift import delivery
from aifirst_dagster_tests.scenario import aifirst, furnished, place, step  # noqa: F401

ROWS = """SELECT i AS id, 100 + i * 37 % 80 / 10.0 AS price, ['EUR', 'GBP'][1 + i % 2] AS currency,
    (i * 13 % 97)::DOUBLE AS weight, 'Ann ' || i % 5 AS customer_name FROM range({0}) r(i)"""


class Compared:
    """A delivery in which prices of a third of the rows came in yen, and weights in grams under another name."""

    def __init__(self, con: Any) -> None:
        self.con = con
        con.execute(f"CREATE TABLE before AS {ROWS.format(900)}")
        con.execute(f"""CREATE TABLE now AS SELECT id, CASE WHEN id % 3 = 0 THEN price * 160 ELSE price END AS price,
            CASE WHEN id % 3 = 0 THEN 'JPY' ELSE currency END AS currency, weight * 1000 AS weight,
            customer_name AS client_name FROM ({ROWS.format(900)})""")
        self.base = baseline(con, "before")
        self.new = baseline(con, "now", like=self.base)
        self.report = traced(con, "now", self.look("now"), self.look)

    def look(self, relation: str) -> Any:
        return compare(self.base, baseline(self.con, relation, like=self.base))

    def explained(self, llm: Any = None, wish: Wish = Wish()) -> Any:
        columns = described(self.con, "now")
        return explain(
            self.con, "now", columns, (self.base, self.new), self.report, self.look, llm=llm, wish=wish,
        )  # fmt: skip


@pytest.fixture
def compared():
    with connect() as con:
        yield Compared(con)


def claim(kind: str, column: str, amount: float = 0.0, to: str = "", columns: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"kind": kind, "column": column, "amount": amount, "to": to, "columns": list(columns)}


RIGHT = (
    claim("rows", "currency", to="JPY", columns=("price",)),
    claim("scaled", "weight", 1000),
    claim("renamed", "customer_name", to="client_name"),
)


def reply(*claims: dict[str, Any]) -> Reply:
    said = {"cause": "a Japanese shop", "explanation": "A shop in Japan came in.", "todo": ["Convert yen."]}
    return Reply(json.dumps({**said, "claims": list(claims)}))


def test_without_a_model_the_templates_words_stand(compared) -> None:
    outcome = compared.explained()
    assert outcome.answer == compared.report and outcome.usage.calls == 0


def test_words_stand_where_every_claim_holds(compared, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(reply(*RIGHT))
    answer = compared.explained(claude()).answer
    told = answer.explanation
    assert (told.cause, told.by, told.state) == ("a Japanese shop", "claude-sonnet-5-5", "tested")
    assert answer.insight.startswith("A shop in Japan came in. ") and "Column 'customer_name' is gone" in answer.insight
    assert any("x 1000" in line for line in told.evidence) and told.todo == ["Convert yen."]
    assert answer.findings == compared.report.findings, "what was measured stays"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (claim("scaled", "weight", 100), "went x 1000"),
        (claim("scaled", "currency", 2), "does not hold numbers"),
        (claim("moved", "weight", 7), "went +"),
        (claim("scaled", "no such", 2), "no such column before"),
        (claim("renamed", "id", to="client_name"), "in both deliveries"),
        (claim("rows", "currency", to="EUR", columns=("price",)), "no column would not have drifted"),
        (claim("rows", "currency", to="JPY", columns=("price", "weight")), "Without these rows price"),
    ],
)
def test_what_the_data_refutes_goes_back_and_then_costs_the_words(compared, claude, claude_server, wrong, why) -> None:  # noqa: F811
    claude_server.then(*[reply(RIGHT[0], wrong)] * 3)
    outcome = compared.explained(claude())
    assert len(claude_server.received) == 3 and why in claude_server.received[1].text
    assert outcome.answer == compared.report


def test_words_without_claims_are_said_to_be_untested(compared, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(reply())
    assert compared.explained(claude()).answer.explanation.state == "untested"


def test_a_model_that_is_down_costs_nothing_but_its_words(compared, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(Fail(529, "overloaded_error"))
    outcome = compared.explained(claude(retry={"attempts": 1}))
    assert outcome.answer == compared.report and "gave no answer" in outcome.notes[0]


def test_values_are_masked_or_not_shown_at_all(compared, claude, claude_server) -> None:  # noqa: F811
    claude_server.then(reply(), reply())
    compared.explained(claude())
    shown = claude_server.received[0].text
    assert "JPY" in shown and "Ann " not in shown
    compared.explained(claude(), Wish(samples="none"))
    hidden = json.dumps(claude_server.received[1].body)
    assert "JPY" not in hidden and "159.9" not in hidden and "price" in hidden


def test_nobody_is_asked_where_nothing_changed(compared, claude, claude_server) -> None:  # noqa: F811
    compared.report = compared.look("before")
    assert not compared.explained(claude()).answer.drifted and claude_server.received == []


def test_a_pipeline_lets_its_model_explain_where_the_drift_came_in(place, claude_server, aifirst_of) -> None:  # noqa: F811
    place.write(
        "resources/llm/claude.yaml",
        "provider: claude\nmodel: claude-sonnet-5-5\nbase_url: {env: ANTHROPIC_BASE_URL}\ntimeout: 5\n",
    )
    pipeline = place.file(
        step("raw", "connector", path="in.csv"), step("same", "sql", query="SELECT * FROM raw"),
        llm="claude", drift={"ignore": ["id"], "explain": True},
    )  # fmt: skip
    place.write("in.csv", delivery(1))
    aifirst_of(pipeline)
    place.write("in.csv", delivery(2, mean=1000))
    claude_server.then(reply())
    aifirst_of(pipeline)
    raw, same = (place.store.current("shop", key) for key in ("raw", "same"))
    report = raw.read_json("drift.json")
    assert report["explanation"]["text"] == "A shop in Japan came in."
    assert report["insight"].startswith("A shop in Japan came in. ")
    assert raw.manifest.details["llm"]["calls"] == 1, "the step says what it took"
    assert same.read_json("drift.json")["drifted"] and same.read_json("drift.json")["explanation"] is None
    assert len(claude_server.received) == 1


def test_the_command_line_asks_whom_it_is_told_to(place, aifirst, claude_server) -> None:  # noqa: F811
    place.write("resources/llm/claude.yaml",
                "provider: claude\nmodel: claude-sonnet-5-5\nbase_url: {env: ANTHROPIC_BASE_URL}\n")  # fmt: skip
    files = [place.write("june.csv", delivery(1)), place.write("july.csv", delivery(2, mean=1000))]
    shown = aifirst("drift", *files, "--provider", "claude", "--show-prompts", "--json")
    assert shown.code == 0 and "amount" in json.dumps(shown.json) and claude_server.received == []
    claude_server.then(reply(claim("moved", "amount", 900)))
    said = aifirst("drift", *files, "--explain", "--provider", "claude", "--json")
    assert said.code == 1 and said.json["explanation"]["state"] == "tested" and said.json["llm"]["calls"] == 1
    plain = aifirst("drift", *files, "--explain", "--json")
    assert plain.json["explanation"] is None and "No --provider was named" in plain.err


@pytest.fixture
def aifirst_of(place):  # noqa: F811
    from aifirst_dagster.llm.resource import choose
    from aifirst_dagster.pipelines.load import load

    def run(path: Any) -> None:
        place.run(load(path), llm=choose("claude", place.project))

    return run
