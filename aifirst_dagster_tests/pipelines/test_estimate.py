"""An estimate is made from the prompts that a run would send, asks no model and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from aifirst_dagster.cli.estimate import command
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.catalogue import resolve
from aifirst_dagster.pipelines.estimate import estimate
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.pipelines.rehearsal import rehearse
from aifirst_dagster.project import Project

PIPELINE = """\
name: Shops
budget: 0.3
steps:
  - {name: Load, type: connector, config: {path: in/*.csv, llm_enhanced: true}}
  - {name: Clean, type: llm_transform, config: {mode: extended_thinking}}
  - {name: Check, type: llm_validation}
  - {name: Save, type: output, config: {format: csv, path: out/shops.csv}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("AIFIRST_LLM", "AIFIRST_HOME", "ANTHROPIC_API_KEY", "AIFIRST_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "workspace.yaml").write_text("{}\n")
    (tmp_path / "in").mkdir()
    rows = "".join(f"{n},shop {n % 7},2026-01-{n % 28 + 1:02d},{n * 1.5}\n" for n in range(200))
    (tmp_path / "in" / "a.csv").write_text("id,shop,opened,sales\n" + rows)
    (tmp_path / "resources" / "pipelines").mkdir(parents=True)
    (tmp_path / "resources" / "pipelines" / "shops.yaml").write_text(PIPELINE)
    return Project(tmp_path)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def spec_of(project: Project):
    return load(project.pipelines / "shops.yaml")


def test_offline_costs_nothing(project):
    made = estimate(spec_of(project), project)
    assert made.cost_usd == (0, 0)
    assert [step.name for step in made.steps] == ["Load", "Clean", "Check"]
    assert all(step.calls == 0 for step in made.steps)
    assert "offline" in made.basis


def test_each_step_that_asks_is_priced_by_its_own_prompt(project):
    made = estimate(spec_of(project), project, "claude")
    assert [step.calls for step in made.steps] == [1, 1, 1], made.basis
    assert [step.most_calls for step in made.steps] == [3, 3, 3]
    assert "assumed" not in made.basis
    model = resolve("claude-sonnet-5-5")[0].prices[-1]
    load_ = made.steps[0]
    assert load_.cost_usd[0] == pytest.approx(
        (load_.input_tokens * model.input + load_.output_tokens * model.output) / 1e6, abs=1e-6
    )
    assert all(0 < step.cost_usd[0] < step.cost_usd[1] < 1 for step in made.steps)
    assert made.cost_usd[1] == pytest.approx(sum(step.cost_usd[1] for step in made.steps))


def test_more_columns_cost_more(project):
    before = estimate(spec_of(project), project, "claude").cost_usd
    header = ",".join(f"column_{n}" for n in range(40))
    (project.root / "in" / "a.csv").write_text(header + "\n" + f"{','.join(['some text'] * 40)}\n" * 50)
    after = estimate(spec_of(project), project, "claude").cost_usd
    assert after[0] > 2 * before[0]


def test_nothing_is_left_behind_and_no_output_is_written(project):
    before = files(project.root)
    estimate(spec_of(project), project, "claude")
    assert files(project.root) == before


def test_what_is_accepted_and_current_costs_nothing(project):
    from aifirst_dagster import connectors
    from aifirst_dagster.datasets.session import connect
    from aifirst_dagster.llm.resource import choose
    from aifirst_dagster.proposals import schema
    from aifirst_dagster.proposals.designs import DesignStore
    from aifirst_dagster.proposals.fingerprint import Fingerprint
    from aifirst_dagster.proposals.prompts import load as template
    from aifirst_dagster.proposals.variants import Variant

    con = connect()
    table = connectors.read(con, [project.root / "in" / "a.csv"], "auto", connectors.ReadOptions())
    store = DesignStore(project.designs / "shops" / "load", frozen=False)
    schema.design(con, table.relation, table.columns, store=store)
    (offline,) = store.variants("schema.yaml")
    asked = str(choose("claude", project).asked)
    mark = Fingerprint(
        dict.fromkeys(table.columns, "VARCHAR"), template("schema").hash, asked, {"types": {}, "instructions": ""}
    )
    store.put("schema.yaml", Variant.new(mark, offline.body, proposed_by=asked, model=asked, status="accepted"))
    load_, clean, _ = estimate(spec_of(project), project, "claude").steps
    assert (load_.calls, load_.cached_calls, load_.cost_usd) == (0, 1, (0.0, 0.0))
    assert clean.calls == 1


def test_data_that_is_not_there_yet_is_assumed_and_said(project):
    (project.root / "in" / "a.csv").unlink()
    made = estimate(spec_of(project), project, "claude")
    assert [step.calls for step in made.steps] == [1, 1, 1]
    assert "Load: assumed, with 20 columns (no files yet" in made.basis


def test_thinking_and_the_steps_own_model_count(project):
    path = project.pipelines / "shops.yaml"
    plain = estimate(spec_of(project), project, "claude").steps[1].cost_usd
    path.write_text(PIPELINE.replace("mode: extended_thinking", "model: claude-opus-5-5, mode: extended_thinking"))
    opus = estimate(spec_of(project), project, "claude").steps[1]
    assert opus.model == "claude-opus-5-5"
    assert opus.cost_usd[0] > 1.5 * plain[0]
    path.write_text(PIPELINE.replace("mode: extended_thinking", "mode: standard"))
    assert estimate(spec_of(project), project, "claude").steps[1].cost_usd[1] < plain[1]


def test_rules_that_a_person_wrote_ask_nobody(project):
    text = PIPELINE.replace("type: llm_validation}", "type: llm_validation, config: {rules: []}}")
    (project.pipelines / "shops.yaml").write_text(text.replace(", llm_enhanced: true", ""))
    assert [step.name for step in estimate(spec_of(project), project, "claude").steps] == ["Clean"]


def test_an_unknown_model_or_provider_is_a_clear_error(project):
    with pytest.raises(ConfigError, match="claud"):
        estimate(spec_of(project), project, "claud")
    path = project.pipelines / "shops.yaml"
    path.write_text(PIPELINE.replace("mode: extended_thinking", "model: gpt-9"))
    with pytest.raises(ConfigError, match="gpt-9"):
        estimate(spec_of(project), project, "claude")


def test_the_meter_lets_nothing_through(project):
    from aifirst_dagster.llm.resource import choose

    found = rehearse(spec_of(project), project, choose("claude", project))
    assert all(one.input_tokens > 100 for step in found.values() for one in step.prompts)
    assert found["clean"].prompts[0].thinking == "adaptive"


def test_the_command_prints_the_contracts_object(project, monkeypatch):
    monkeypatch.setenv("AIFIRST_LLM", "claude")
    done = CliRunner().invoke(command, [str(project.pipelines / "shops.yaml"), "--json"], catch_exceptions=False)
    answer = json.loads(done.stdout)
    assert {"schema_version", "steps", "cost_usd", "basis"} <= set(answer)
    names = {"name", "calls", "input_tokens", "output_tokens", "cached_calls", "cost_usd"}
    assert all(names <= set(step) for step in answer["steps"])
    assert answer["cost_usd"][0] > 0
