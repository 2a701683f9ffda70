"""Bare-file commands with a model behind them: asked only where the user says so, tested on the data, counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aifirst_dagster.cli.clean import Wishes, clean_files
from aifirst_dagster.cli.infer import infer_file
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply


def said(name: str, type_: str, **more: str) -> dict[str, object]:
    """What the model says of one column."""
    plain = {"column": name, "type": type_, "format": "default", "null_tokens": [], "semantic_type": "", "unit": ""}
    return {**plain, "description": f"About {name}.", **more}


ANSWER = json.dumps({"columns": [said("id", "integer"), said("spend", "number", unit="EUR"), said("note", "date")]})


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claude_server) -> Path:  # noqa: F811
    monkeypatch.setenv("AIFIRST_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    claude_server.use(monkeypatch)
    path = tmp_path / "spend.csv"
    path.write_text("id,spend,note\n" + "".join(f"{i},{i * 1.5},said {i}\n" for i in range(60)))
    return path


def test_a_key_alone_asks_nobody(file: Path, claude_server) -> None:  # noqa: F811
    answer = infer_file(str(file))
    assert (answer["proposed_by"], answer["llm"]["calls"], claude_server.received) == ("offline", 0, [])


def test_infer_takes_what_stands_and_drops_what_the_data_denies(file: Path, claude_server) -> None:  # noqa: F811
    claude_server.then(*[Reply(ANSWER)] * 3)
    answer = infer_file(str(file), provider="claude")
    columns = {column["name"]: column for column in answer["columns"]}
    assert columns["spend"]["unit"] == "EUR" and columns["spend"]["description"] == "About spend."
    assert columns["note"]["type"] == "string", "the data denies that it is a date"
    states = {(claim["column"], claim["what"]): claim["state"] for claim in answer["claims"]}
    assert (states["note", "type"], states["spend", "type"], states["spend", "unit"]) == (
        "failed",
        "tested",
        "untested",
    )
    assert answer["proposed_by"] == "both" and answer["llm"]["cost_usd"] > 0
    assert answer["llm"]["calls"] == len(claude_server.received)


def test_clean_goes_on_with_the_engine_where_the_provider_is_down(file: Path, claude_server) -> None:  # noqa: F811
    claude_server.then(*[Fail(400, "invalid_request_error", "no")] * 6)
    out = file.with_name("out.csv")
    answer = clean_files([str(file)], Wishes(output=out), provider="claude")
    assert (answer["rows_in"], answer["rows_out"]) == (60, 60)
    assert len(out.read_text().splitlines()) == 61
