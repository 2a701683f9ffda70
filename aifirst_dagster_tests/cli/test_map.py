"""`aifirst map`: a file onto a schema or another file, the SQL runs as it stands, a model's claims are tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from aifirst_dagster.cli.main import cli
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply

SOURCE = """Full Name,Birth,Amt,Hgt cm,Sex,Internal
Anna Schmidt,03/04/1980,12.50 EUR,172,F,x1
Bob Miller,13/12/1975,7.25 USD,180,M,x2
Carla de Santos,22/07/1990,99.00 EUR,165,F,x3
Dan Brown,01/02/1966,1.00 EUR,177,M,x4
"""
FIELDS = [
    {"name": "first_name"}, {"name": "last_name"}, {"name": "date_of_birth", "type": "date"},
    {"name": "birth_year", "type": "integer"}, {"name": "amount", "type": "number"}, {"name": "currency"},
    {"name": "height_m", "type": "number"}, {"name": "gender", "constraints": {"enum": ["male", "female"]}},
    {"name": "email", "format": "email"},
]  # fmt: skip
ANNA = ("Anna", "Schmidt", "1980-04-03", 1980, 12.5, "EUR", 1.72, "female", None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AIFIRST_LLM", "ANTHROPIC_API_KEY", "AIFIRST_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIFIRST_HOME", str(tmp_path / "home"))
    (tmp_path / "source.csv").write_text(SOURCE)
    (tmp_path / "target.json").write_text(json.dumps({"fields": FIELDS}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["map", *arguments], catch_exceptions=False)


def answered(*arguments: str) -> dict[str, Any]:
    done = called(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def targets(answer: dict[str, Any]) -> dict[str, str]:
    return {match["target"]: match["source"] for match in answer["matches"] if match["used"]}


def test_a_file_is_mapped_onto_a_schema_and_its_sql_runs_as_it_stands(place: Path) -> None:
    answer = answered("source.csv", "target.json", "-o", "out.sql")

    assert targets(answer) == {
        "first_name": "Full Name", "last_name": "Full Name", "date_of_birth": "Birth", "birth_year": "Birth",
        "amount": "Amt", "currency": "Amt", "height_m": "Hgt cm", "gender": "Sex",
    }  # fmt: skip
    assert answer["unmatched_source"] == ["Internal"] and answer["unmatched_target"] == ["email"]
    assert {match["source"] for match in answer["matches"]} <= set(SOURCE.splitlines()[0].split(","))
    (anna, *others) = duckdb.sql((place / "out.sql").read_text()).fetchall()
    assert (*anna[:2], str(anna[2]), *anna[3:]) == ANNA and len(others) == 3


def test_every_match_says_how_sure_it_is_and_why(place: Path) -> None:
    answer = answered("source.csv", "target.json", "--candidates", "2")

    for match in answer["matches"]:
        assert 0 < match["confidence"] <= 1 and match["evidence"] and len(match["candidates"]) <= 2
    gender = next(match for match in answer["matches"] if match["target"] == "gender")
    assert "WHEN 'F' THEN 'female'" in gender["expression"]


def test_a_file_is_mapped_onto_another_file(place: Path) -> None:
    rows = "".join(f"{first},{last},{born}\n" for first, last, born in (("Eve", "Ash", "1990-01-01"),) * 3)
    (place / "target.csv").write_text("given_name,surname,dob\n" + rows)
    (place / "source.csv").write_text("Vorname;Nachname;Geburtsdatum\nAnna;Schmidt;03.04.1980\nEve;Ash;31.12.1999\n")

    answer = answered("source.csv", "target.csv", "--apply", "out.parquet")

    assert targets(answer) == {"given_name": "Vorname", "surname": "Nachname", "dob": "Geburtsdatum"}
    rows = duckdb.sql("SELECT dob::VARCHAR FROM 'out.parquet' ORDER BY 1").fetchall()
    assert rows == [("1980-04-03",), ("1999-12-31",)] and (answer["rows_in"], answer["rows_out"]) == (2, 2)


def test_rows_that_the_target_cannot_hold_are_set_aside_with_their_text(place: Path) -> None:
    (place / "source.csv").write_text("age,city\n" + "".join(f"{i},Rome\n" for i in range(20)) + "old,Rome\n")
    (place / "target.yaml").write_text("fields: [{name: age, type: integer}, {name: town}]")

    answer = answered("source.csv", "target.yaml", "--apply", "out.csv")

    assert (answer["rows_in"], answer["rows_out"], answer["quarantined"]) == (21, 20, 1)
    aside = Path(answer["quarantine_path"]).read_text()
    assert "old" in aside and "not a whole number" in aside


EDGES = {
    "empty.csv": "", "header.csv": "a,b\n", "one.csv": "amount\n1\n2\n", "twice.csv": "a,a,a\n1,2,3\n4,5,6\n",
    "none.csv": "1,2,x\n3,4,y\n5,6,z\n", "hostile.csv": '"a""; DROP TABLE x; --","new\nline",\n1,\'x\',{{ y }}\n2,z,\n',
    "nulls.csv": "a,b\n,\n,\n",
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("side", ["source", "target", "both"])
def test_odd_files_are_mapped_on_either_side(place: Path, name: str, side: str) -> None:
    for file, text in EDGES.items():
        (place / file).write_text(text)
    source = "source.csv" if side == "target" else name
    target = "target.json" if side == "source" else name

    answer = answered(source, target, *(() if target == "empty.csv" else ("--apply", "out.csv")))

    used = [match["target"] for match in answer["matches"] if match["used"]]
    assert len(used) == len(set(used)) and not set(used) & set(answer["unmatched_target"])
    if side == "both" and name in ("one.csv", "twice.csv", "hostile.csv"):
        assert answer["unmatched_target"] == [] and all(m["confidence"] > 0.7 for m in answer["matches"])


def test_people_read_a_table_and_what_is_left_over(place: Path) -> None:
    done = called("source.csv", "target.json")

    assert done.exit_code == 0 and "date_of_birth" in done.stdout and "Internal" in done.stdout
    assert "Comparing 7 columns" in done.stderr or "Comparing 6 columns" in done.stderr


def test_a_target_that_is_no_schema_is_a_clear_error(place: Path) -> None:
    (place / "bad.yaml").write_text("fields: [{name: a, type: integre}]")
    done = CliRunner().invoke(cli, ["map", "source.csv", "bad.yaml"])

    assert done.exit_code and "Field 1" in str(done.exception)


def field(name: str, sources: list[str], expression: str = "", type_: str = "string") -> dict[str, Any]:
    return {"name": name, "sources": sources, "expression": expression, "type": type_, "description": "",
            "confidence": 0.9}  # fmt: skip


CLAUDE = [
    field("first_name", ["Full Name"], "split_part(\"Full Name\", ' ', 1)"),
    field("last_name", ["Full Name"], "regexp_extract(\"Full Name\", '\\S+$')"),
    field("date_of_birth", ["Birth"], type_="date"), field("birth_year", ["Birth"], 'year("Birth")', "integer"),
    field("amount", ["Full Name"], type_="number"), field("currency", ["Amt currency"]),
    field("height_m", ["Hgt cm"], '"Hgt cm" / 100', "number"), field("gender", ["Sex"]),
    field("email", ["Internal", "Sex"], "Internal || '@' || Sex"),
]  # fmt: skip


def test_claude_proposes_and_the_data_decides(place: Path, monkeypatch, claude_server) -> None:  # noqa: F811
    claude_server.use(monkeypatch)
    claude_server.then(*[Reply(json.dumps({"fields": CLAUDE, "repairs": []}))] * 3)

    answer = answered("source.csv", "target.json", "--provider", "claude")

    made = {match["target"]: match for match in answer["matches"] if match["used"]}
    assert made["first_name"]["expression"].startswith("split_part") and made["email"]["sources"] == ["Internal", "Sex"]
    assert made["amount"]["source"] == "Amt", "a name is no number: the engine's own match stays"
    assert "WHEN 'F'" in made["gender"]["expression"], "F and M are not what the target allows"
    failed = {claim["subject"] for claim in answer["claims"] if claim["state"] == "failed"}
    assert failed == {"amount", "gender"} and answer["proposed_by"] == "both"
    assert "nearest_fields" in claude_server.received[0].text and answer["llm"]["cost_usd"] > 0


def test_where_claude_is_down_the_engine_maps(place: Path, monkeypatch, claude_server) -> None:  # noqa: F811
    claude_server.use(monkeypatch)
    claude_server.then(*[Fail(400, "invalid_request_error", "no")] * 6)

    answer = answered("source.csv", "target.json", "--provider", "claude")

    assert answer["proposed_by"] == "offline" and targets(answer)["date_of_birth"] == "Birth"


def test_prompts_are_shown_without_a_key_and_of_a_wide_target_only_what_may_fit(place: Path) -> None:
    wide = [{"name": f"zz_{at}_{'q' * (at % 7)}"} for at in range(200)]
    (place / "wide.json").write_text(json.dumps({"fields": [*wide, *FIELDS]}))

    answer = answered("source.csv", "wide.json", "--provider", "claude", "--show-prompts")

    assert answer["sent"] is False and len(answer["prompts"]) == 1
    told = json.dumps(answer["prompts"][0]["messages"])
    assert "date_of_birth" in told and told.count("zz_") < 100
