"""`aifirst costs` adds up the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import aifirst_dagster.state as state_package
from aifirst_dagster.cli.costs import command
from aifirst_dagster.project import Project
from aifirst_dagster.state.ledger import NewCall


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    monkeypatch.delenv("AIFIRST_HOME", raising=False)
    monkeypatch.setenv("AIFIRST_PROJECT", str(tmp_path))
    return Project(tmp_path)


def spend(project: Project, step: str | None, cost: float | None) -> None:
    ledger = state_package.open(project).ledger
    row = ledger.reserve(NewCall("c", 1, "r", "claude", "claude", "claude-sonnet-5-5", "f", 0.2, "[bold]p", step))
    assert isinstance(row, str)
    ledger.finish(row, "unknown" if cost is None else "settled", cost, input_tokens=10, output_tokens=2)


def costs(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_costs_are_summed_by_pipeline_step_and_model(project: Project):
    for step, cost in (("map", 0.01), ("map", 0.02), ("check", 0.05)):
        spend(project, step, cost)
    answer = costs()
    assert answer["schema_version"] == 1
    assert answer["cost_usd"] == pytest.approx(0.08)
    assert [(row["step"], row["calls"], row["cost_usd"]) for row in answer["by"]] == [
        ("check", 1, 0.05),
        ("map", 2, 0.03),
    ]  # type: ignore[attr-defined]
    assert answer["since"] is None


def test_what_may_have_been_billed_is_told_apart(project: Project):
    spend(project, "map", None)
    answer = costs()
    assert answer["cost_usd"] == 0
    assert answer["unsettled"] == {"calls": 1, "at_most_usd": 0.2}


@pytest.mark.parametrize(("since", "calls"), [("1h", 1), ("2999-01-01", 0), ("2020-01-01T00:00+02:00", 1), ("2w", 1)])
def test_since_takes_ages_and_dates(project: Project, since: str, calls: int):
    spend(project, "map", 0.01)
    assert sum(row["calls"] for row in costs("--since", since)["by"]) == calls  # type: ignore[attr-defined]


@pytest.mark.parametrize("since", ["yesterdayish", "9" * 30 + "d", ""])
def test_a_since_that_is_no_moment_is_wrong_usage(project: Project, since: str):
    assert CliRunner().invoke(command, ["--since", since]).exit_code == 2


def test_people_get_a_table(project: Project):
    spend(project, None, 0.0123)
    shown = CliRunner().invoke(command, []).output
    assert "[bold]p" in shown
    assert "$0.0123" in shown


def test_a_project_that_never_called_a_model_says_so(project: Project):
    assert "No model was called." in CliRunner().invoke(command, []).output


def test_costs_are_summed_by_what_is_asked_for(project: Project):
    for step, cost in (("map", 0.01), ("check", 0.05)):
        spend(project, step, cost)
    (day,) = costs("--by", "day")["by"]  # type: ignore[misc]
    assert (day["day"], day["calls"]) == (datetime.now(UTC).date().isoformat(), 2)
    by_task = costs("--by", "task,step")["by"]
    assert [(row["task"], row["step"]) for row in by_task] == [(None, "check"), (None, "map")]  # type: ignore[attr-defined]
    assert CliRunner().invoke(command, ["--by", "day,weather"]).exit_code == 2
    assert CliRunner().invoke(command, ["--by", ""]).exit_code == 2
    assert "check" in CliRunner().invoke(command, ["--by", "step"]).output


def test_the_ways_are_those_of_the_ledger():
    from aifirst_dagster.cli.costs import _WAYS
    from aifirst_dagster.state.spend import WAYS

    assert _WAYS == WAYS


def test_what_prompt_cache_and_batches_saved_is_told(project: Project):
    ledger = state_package.open(project).ledger
    for batch in (None, "b" * 32):
        call = NewCall("c", 1, "r", "claude", "claude", "claude-sonnet-5-5", "f", 9, "p", "s", batch_id=batch)
        row = ledger.reserve(call)
        assert isinstance(row, str)
        tokens = {"cached_input_tokens": 1_000_000, "cache_write_tokens": 100_000} if batch is None else {}
        ledger.finish(row, "settled", 0.5, **tokens)
    saved = costs()["saved"]
    assert saved == {"prompt_cache_usd": pytest.approx(1.9 - 0.05), "batches_usd": pytest.approx(0.5)}
    assert "Saved by message batches, at today's prices: $0.5000" in CliRunner().invoke(command, []).output
