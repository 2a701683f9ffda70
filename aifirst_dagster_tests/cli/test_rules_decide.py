"""Deciding about rules: in the terminal one by one, and by commands; each decision is in the file at once."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from aifirst_dagster.cli.main import cli
from aifirst_dagster.cli.output import run_safely
from aifirst_dagster.quality.rules import RuleSet

RULES = """# the rules of the shop
rules:
  - id: positive
    type: expect_column_values_to_be_between
    kwargs: {column: amount, min_value: 0}   # never negative
    rationale: Nobody is paid for taking goods.
  - id: filled
    type: expect_column_values_to_not_be_null
    kwargs: {column: name}
    status: proposed
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "r.yaml").write_text(RULES)
    (tmp_path / "o.csv").write_text("name,amount\nAnn,3\nBob,-5\nCid,7\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, *arguments, code=0, keys: str | None = None, monkeypatch=None):
    if keys is not None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    assert run_safely(cli, ["rules", *map(str, arguments)]) == code
    out = capsys.readouterr()
    return json.loads(out.out) if "--json" in arguments else out


def status(file: Path) -> dict[str, str]:
    return {rule.id: rule.status for rule in RuleSet.load(file)}


def test_rules_of_a_file_are_proposed_as_ever(shop, capsys):
    rows = "".join(f"n{number},{number * 7 % 100}\n" for number in range(300))
    (shop / "list.csv").write_text("name,amount\n" + rows)
    answer = said(capsys, shop / "list.csv", "--json")
    assert {"rules", "proposed_by", "rejected", "seconds"} <= answer.keys() and answer["rules"]
    assert said(capsys, "--json", shop / "list.csv")["rules"] == answer["rules"], "options may come first"


def test_a_rule_is_muted_and_unmuted_with_who_and_why(shop, capsys):
    answer = said(capsys, "mute", "positive", "--in", "r.yaml", "--by", "ann", "--why", "refunds", "--json")
    (entry,) = answer["decisions"]
    assert (entry["before"], entry["rule"]["status"]) == ("active", "muted")
    assert entry["rule"]["decision"]["by"] == "ann" and entry["rule"]["decision"]["why"] == "refunds"
    text = (shop / "r.yaml").read_text()
    assert "# the rules of the shop" in text and "# never negative" in text
    said(capsys, "unmute", "positive", "--in", "r.yaml", "--json")
    assert status(shop / "r.yaml")["positive"] == "active"
    refused = said(capsys, "unmute", "positive", "--in", "r.yaml", "--json", code=2)
    assert "not muted" in refused["error"]["message"]


def test_muted_and_proposed_rules_are_told_and_do_not_fail_a_check(shop, capsys):
    said(capsys, "mute", "positive", "--in", "r.yaml", "--json")
    assert run_safely(cli, ["check", "o.csv", "--rules", "r.yaml", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    found = {rule["id"]: (rule["status"], rule["success"], rule["unexpected_count"]) for rule in answer["rules"]}
    assert found == {"positive": ("muted", False, 1), "filled": ("proposed", True, 0)}
    assert answer["success"] is True and answer["score"] == 1.0


def test_a_rejected_rule_is_not_evaluated(shop, capsys):
    said(capsys, "reject", "positive", "--in", "r.yaml", "--json")
    assert run_safely(cli, ["check", "o.csv", "--rules", "r.yaml", "--json"]) == 0
    assert [rule["id"] for rule in json.loads(capsys.readouterr().out)["rules"]] == ["filled"]


def test_a_limit_is_changed_and_a_wrong_one_is_refused(shop, capsys):
    said(capsys, "edit", "positive", "min_value=-10", "mostly=0.9", "--severity", "error", "--in", "r.yaml", "--json")
    (rule,) = (rule for rule in RuleSet.load(shop / "r.yaml") if rule.id == "positive")
    assert rule.kwargs == {"column": "amount", "min_value": -10, "mostly": 0.9} and rule.severity == "error"
    before = (shop / "r.yaml").read_text()
    wrong = said(capsys, "edit", "positive", "mostly=7", "--in", "r.yaml", "--json", code=2)
    assert "from 0 to 1" in wrong["error"]["message"] and (shop / "r.yaml").read_text() == before


def test_an_unknown_rule_names_the_nearest(shop, capsys):
    wrong = said(capsys, "mute", "positiv", "--in", "r.yaml", "--json", code=2)
    assert "'positive'" in wrong["error"]["hint"]


def test_the_review_shows_reason_and_failing_rows_and_keeps_each_decision(shop, capsys, monkeypatch):
    out = said(capsys, "review", "r.yaml", "--data", "o.csv", "--by", "bob", keys="a\nm\nrefunds\n",
               monkeypatch=monkeypatch)  # fmt: skip
    assert "Nobody is paid for taking goods." in out.err and "1 of 3 values against it" in out.err
    assert "-5" in out.err and "3" in out.err
    assert status(shop / "r.yaml") == {"positive": "muted", "filled": "active"}
    assert "2 decided" in out.out


def test_an_interrupted_review_has_kept_what_was_decided(shop, capsys, monkeypatch):
    class Interrupted(io.StringIO):
        def readline(self, *_):
            line = super().readline()
            if not line:
                raise KeyboardInterrupt
            return line

    monkeypatch.setattr(sys, "stdin", Interrupted("r\nno need\n"))
    assert run_safely(cli, ["rules", "review", "r.yaml", "--json"]) == 130
    answer = json.loads(capsys.readouterr().out)
    assert [(one["rule"], one["status"]) for one in answer["decisions"]] == [("filled", "rejected")]
    assert status(shop / "r.yaml") == {"positive": "active", "filled": "rejected"}


def test_two_rule_files_are_compared_rule_by_rule(shop, capsys):
    (shop / "old.yaml").write_text(RULES)
    said(capsys, "edit", "positive", "min_value=5", "--in", "r.yaml", "--json")
    answer = said(capsys, "diff", "old.yaml", "r.yaml", "--json")
    assert answer["changes"] == [{"rule": "positive", "change": "changed", "fields": {"min_value": [0, 5]}}]
