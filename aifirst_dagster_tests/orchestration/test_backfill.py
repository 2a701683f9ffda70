"""Dagster's tag of a backfill reaches the ledger, so that its cap counts over all of its runs."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import BACKFILL_ID_TAG

from aifirst_dagster import state
from aifirst_dagster.orchestration.assets import BACKFILL_TAG
from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.project import Project
from aifirst_dagster.proposals.prompts import load
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Reply

PIPELINE = """\
name: Shops
llm: claude
backfill_budget: {cap}
steps:
  - {{name: Load, type: connector, config: {{path: in/*.csv, llm_enhanced: true}}}}
"""
ANSWER = Reply(
    '{"columns": [{"column": "id", "type": "integer", "format": "default", "null_tokens": [], "semantic_type": "", '
    '"unit": "", "description": "Numbers."}]}'
)


def run(root: Path, cap: float, backfill: str) -> dg.ExecuteInProcessResult:
    (root / "resources" / "pipelines" / "shops.yaml").write_text(PIPELINE.format(cap=cap))
    job = definitions(Project(root)).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(instance=instance, tags={BACKFILL_ID_TAG: backfill})


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AIFIRST_LLM", "AIFIRST_HOME", "AIFIRST_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "workspace.yaml").write_text("{}\n")
    (tmp_path / "resources" / "pipelines").mkdir(parents=True)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(50)))
    return tmp_path


def test_the_tag_is_dagsters_own() -> None:
    assert BACKFILL_TAG == BACKFILL_ID_TAG


def test_calls_of_a_backfills_run_count_for_it_and_stop_at_its_cap(root: Path, claude_server) -> None:  # noqa: F811
    claude_server.then(ANSWER)
    assert run(root, 0.0, "spring").success, "without money the deterministic engine serves"
    assert claude_server.received == []

    result = run(root, 1.0, "autumn")
    assert result.success

    (row,) = state.open(Project(root)).ledger.rows()
    (made,) = result.asset_materializations_for_node("shops__load")
    assert made.metadata["prompt"].value == f"schema, version 1 ({load('schema').hash})"
    assert (row["backfill"], row["status"]) == ("autumn", "settled") and len(claude_server.received) == 1
