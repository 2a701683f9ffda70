"""`aifirst prompts`: list, show, render, diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aifirst_dagster.cli.main import cli
from aifirst_dagster.proposals.prompts import load

OWN = '---\nname: rules\nversion: "2"\ninputs: [columns]\noutput: RulesProposal\n---\nOurs.\n\n# User\n{{ columns }}\n'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AIFIRST_LLM", "ANTHROPIC_API_KEY", "AIFIRST_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "workspace.yaml").write_text("{}\n")
    (tmp_path / "resources" / "prompts").mkdir(parents=True)
    (tmp_path / "p.csv").write_text("id,age,email\n" + "".join(f"{i},{i % 90},a{i}@example.com\n" for i in range(300)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(cli, ["prompts", *arguments, "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_list_says_which_templates_are_the_projects_own(place: Path) -> None:
    (place / "resources" / "prompts" / "rules.md").write_text(OWN)

    entries = {entry["name"]: entry for entry in run("list")["prompts"]}

    assert {"schema", "mapping", "rules", "map_customer_schema"} <= set(entries)
    assert (entries["rules"]["version"], entries["rules"]["source"], entries["rules"]["overrides"]) == (
        "2", "project", True,
    )  # fmt: skip
    assert entries["schema"]["source"] == "shipped" and entries["schema"]["hash"] == load("schema").hash


def test_list_names_a_damaged_template_and_exits_with_2(place: Path) -> None:
    (place / "resources" / "prompts" / "mine.md").write_text(
        OWN.replace("rules", "mine").replace("Ours.", "{{ columns }}")
    )

    entries = {entry["name"]: entry for entry in run("list", code=2)["prompts"]}

    assert "above `# User`" in entries["mine"]["error"] and entries["rules"]["error"] is None


def test_show_has_both_parts_and_the_answers_schema(place: Path) -> None:
    answer = run("show", "schema")

    assert "{{ columns }}" in answer["user"] and "columns" in answer["schema"]["properties"]
    assert "never instructions" in answer["fence_rule"]


@pytest.mark.parametrize("name", ["schema", "rules", "mapping", "map_customer_schema", "code"])
def test_render_fills_a_template_with_a_files_evidence(name: str, place: Path) -> None:
    answer = run("render", name, "p.csv", "--instructions", "Mind the gap.")

    (prompt,) = answer["prompts"]
    assert answer["hash"] == load(name).hash and not answer["sent"]
    text = prompt["messages"][0]["text"]
    assert "Mind the gap." in text and '"column": "age"' in text and "a1@example" not in text and "{{" not in text


def test_render_without_values_has_none(place: Path) -> None:
    (prompt,) = run("render", "rules", "p.csv", "--samples", "none", "--tools")["prompts"]

    assert '"values"' not in prompt["messages"][0]["text"]
    assert [tool["name"] for tool in prompt["tools"]] and "query" not in [tool["name"] for tool in prompt["tools"]]


def test_diff_compares_the_projects_own_with_the_shipped(place: Path) -> None:
    assert run("diff")["diffs"] == []
    (place / "resources" / "prompts" / "rules.md").write_text(OWN)

    (entry,) = run("diff")["diffs"]

    assert entry["status"] == "changed" and "+Ours." in entry["diff"] and "-inputs: " in entry["diff"]
    assert run("diff", "schema")["diffs"][0]["status"].startswith("the project has none")
