"""A pipeline file can be used as a component of another Dagster project."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster.components.testing import create_defs_folder_sandbox

from aifirst_dagster.orchestration import PipelineComponent

PIPELINE = """name: Orders
steps:
  - {name: load, type: connector, config: {path: orders.csv}}
  - {name: count, type: sql, config: {query: SELECT count(*) AS n FROM input}}
"""


def build(text: str) -> dg.Definitions:
    """Definitions of a sandbox project that uses `text` as its pipeline."""
    with create_defs_folder_sandbox() as sandbox:
        folder = sandbox.scaffold_component(
            component_cls=PipelineComponent,
            defs_yaml_contents={
                "type": "aifirst_dagster.orchestration.component.PipelineComponent",
                "attributes": {"path": "orders.yaml"},
            },
        )
        Path(folder, "orders.yaml").write_text(text)
        with sandbox.build_all_defs() as defs:
            defs.resolve_asset_graph()
            return defs


def test_a_component_gives_the_assets_and_checks_of_its_pipeline_file():
    graph = build(PIPELINE).resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {"orders/load", "orders/count"}
    assert {key.name for key in graph.asset_check_keys} >= {"row_reconciliation", "design_current"}


def test_a_broken_file_gives_a_placeholder_that_says_what_is_wrong():
    graph = build(PIPELINE.replace("type: sql", "type: sqll")).resolve_asset_graph()
    (key,) = graph.get_all_asset_keys()
    assert key.path[0] == "broken"
    assert "sqll" in (graph.get(key).description or "")
