"""`python`: columns made by a function; every row comes out or is set aside with its reason."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster.errors import ConfigError, DesignError, QualityError
from aifirst_dagster.llm.resource import choose
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.scenario import Place, aside, rows, step

PEOPLE = (
    "name,born,address\nAda,1815-12-10,12 St James's Sq\nGrace,1906-12-09,no house\nAlan,1912-06-23,2 Warrington Cr\n"
)
RAW = step("raw", "connector", path="in/people.csv")
HOUSE = (
    "def transform(row):\n    number, street = row['address'].split(' ', 1)\n"
    "    return {'house': int(number), 'street': street}\n"
)
MADE = {"house": "integer", "street": "string"}


@pytest.fixture
def town(place: Place) -> Place:
    place.write("in/people.csv", PEOPLE)
    return place


def result(town: Place, **config):
    config.setdefault("output", MADE)
    return town.run(town.pipeline(RAW, step("made", "python", **config)))


def test_new_columns_stand_beside_the_old_and_a_row_that_fails_is_set_aside(town):
    made = result(town, code=HOUSE)
    assert rows(made, "name, house, street") == [("Ada", 12, "St James's Sq"), ("Alan", 2, "Warrington Cr")]
    assert [(one["reason"], one["_source_line"]) for one in aside(made)] == [
        ("python: ValueError: invalid literal for int() with base 10: 'no'", 3)
    ]
    assert (made.manifest.rows_in, made.manifest.rows_out, made.manifest.quarantined) == (3, 2, 1)
    assert [column["name"] for column in made.manifest.columns] == ["name", "born", "address", "house", "street"]


def test_typed_values_go_in_and_come_out(town):
    code = (
        "from datetime import date, timedelta\n"
        "def transform(row):\n"
        "    born = row['born']\n"
        "    return {'age': 1950 - born.year, 'next': born + timedelta(days=1), 'old': born.year < 1900}\n"
    )
    made = result(town, code=code, output={"age": "integer", "next": "date", "old": "boolean"})
    assert [(row[0], str(row[1]), row[2]) for row in rows(made, "age, next, old", "name")] == [
        (135, "1815-12-11", True), (38, "1912-06-24", False), (44, "1906-12-10", False),
    ]  # fmt: skip


def test_a_column_that_is_replaced_keeps_the_files_text_in_reach(town):
    made = result(town, code="def transform(row): return row['name'].upper()", output={"name": "string"})
    assert rows(made, "name, _raw['name']") == [("ADA", "Ada"), ("ALAN", "Alan"), ("GRACE", "Grace")]
    again = result(town, code="def transform(row): return {'name': row['name']}", output={"name": "string"})
    assert rows(again, "_raw") == [(None,)] * 3


def test_a_value_of_the_wrong_type_is_a_reason(town):
    made = result(town, code="def transform(row): return {'n': row['name']}", output={"n": "integer"})
    assert rows(made) == []
    assert [one["reason"] for one in aside(made)] == [
        "n: not a integer: Ada", "n: not a integer: Grace", "n: not a integer: Alan",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "returned, reason",
    [
        ("{'nosuch': 1}", "python: it returned 'nosuch', which is no output column"),
        ("[1, 2]", "python: it returned a list, not a dict of the output columns"),
        ("{'house': {1, 2}}", "python: house: a set is no value of a column"),
    ],
)
def test_what_is_no_row_is_a_reason(town, returned, reason):
    made = result(town, code=f"def transform(row): return {returned}")
    assert {one["reason"] for one in aside(made)} == {reason}


def test_rows_may_be_kept_without_the_columns_or_end_the_step(town):
    assert len(rows(result(town, code=HOUSE, on_error="null"))) == 3
    with pytest.raises(QualityError, match="fails on 1 of 3 rows"):
        result(town, code=HOUSE, on_error="fail")


def test_code_from_a_file_of_which_a_change_is_a_change_of_the_data(town):
    town.write("resources/house.py", HOUSE)
    before = result(town, file="resources/house.py")
    town.write("resources/house.py", HOUSE.replace("int(number)", "int(number) + 1"))
    after = result(town, file="resources/house.py")
    assert rows(after, "house") == [(3,), (13,)]
    assert before.manifest.design_hash != after.manifest.design_hash


def test_the_function_runs_once_for_each_different_input(town):
    town.write("in/people.csv", "name\n" + "Ada\nAlan\n" * 20_000)
    made = result(town, code="def transform(row): return len(row['name'])", inputs=["name"], output={"n": "integer"})
    assert made.manifest.rows_out == 40_000
    assert rows(made, "DISTINCT n", "n") == [(3,), (4,)]


@pytest.mark.parametrize(
    "config, words",
    [
        ({"code": HOUSE, "file": "x.py"}, "exactly one of"),
        ({}, "exactly one of"),
        ({"code": HOUSE, "output": {}}, "`output` is needed"),
        ({"code": HOUSE, "output": {"_raw": "string"}}, "underscore"),
        ({"file": "nosuch.py"}, "Cannot read the code"),
        ({"code": HOUSE, "inputs": ["nosuch"]}, "a column that is not there"),
        ({"code": "import socket"}, "No module named 'socket'"),
    ],
)
def test_mistakes_are_errors_in_words(town, config, words):
    with pytest.raises(ConfigError, match=words):
        result(town, **config)


def test_without_a_model_a_described_function_says_what_is_missing(town):
    with pytest.raises(DesignError, match="no function for this step") as error:
        result(town, instructions="split the address")
    assert "AIFIRST_LLM" in error.value.hint


def proposal(code: str, **more) -> Reply:
    said = {"inputs": ["address"], "code": code, "explanation": "Splits the address."}
    outputs = [{"name": name, "type": kind, "description": ""} for name, kind in MADE.items()]
    return Reply(json.dumps({**said, "outputs": outputs, **more}))


CAREFUL = (
    "def transform(row):\n    number, _, street = (row['address'] or '').partition(' ')\n"
    "    if not number.isdigit():\n        return {'house': None, 'street': row['address']}\n"
    "    return {'house': int(number), 'street': street}\n"
)


def asked(town: Place, server: ClaudeServer, monkeypatch: pytest.MonkeyPatch, **config):
    server.use(monkeypatch)
    pipeline = town.pipeline(RAW, step("made", "python", instructions="split the address", **config))
    town.run(pipeline, "raw")
    return town.run(pipeline, "made", llm=choose("claude", town.project))


def test_claude_writes_the_function_and_the_data_tries_it(town, monkeypatch):
    with ClaudeServer([proposal(HOUSE), proposal(CAREFUL)]) as server:
        made = asked(town, server, monkeypatch)
        first, second = server.received
        assert "split the address" in first.text
        assert "66.7% of 3 rows come to an end" in second.text and "invalid literal" in second.text
    assert rows(made, "house, street", "name") == [(12, "St James's Sq"), (2, "Warrington Cr"), (None, "no house")]
    design = (town.project.designs / "shop" / "made" / "code.yaml").read_text()
    assert "def transform(row):" in design and "claude-sonnet-5-5" in design


def test_an_accepted_function_runs_again_without_a_call(town, monkeypatch):
    with ClaudeServer([proposal(CAREFUL)]) as server:
        asked(town, server, monkeypatch)
        again = asked(town, server, monkeypatch)
        assert len(server.received) == 1
    assert again.manifest.rows_out == 3


def test_a_function_that_reaches_out_never_runs_here_and_is_no_design(town, monkeypatch):
    evil = (
        "import os\ndef transform(row):\n    os.system('touch stolen')\n"
        "    return {'house': 1, 'street': open('/etc/passwd').read()}"
    )
    with ClaudeServer([proposal(evil)] * 3) as server, pytest.raises(DesignError, match="no function for this step"):
        asked(town, server, monkeypatch)
    assert not (town.root / "stolen").exists()


def test_a_provider_that_is_down_leaves_no_half_design(town, monkeypatch):
    with ClaudeServer([Fail(400, message="no")] * 4) as server, pytest.raises(DesignError, match="gave no answer"):
        asked(town, server, monkeypatch)
