"""The sample pipelines are valid, say where their data comes from, and the seed example is as it was given."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from aifirst_dagster.connectors import expand
from aifirst_dagster.pipelines.load import load

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = ROOT / "resources" / "pipelines"
PENGUINS = ROOT / "resources" / "samples" / "penguins"


@pytest.mark.parametrize("name", ["customers", "penguins", "customer_data_enrichment"])
def test_each_sample_pipeline_is_valid(name: str) -> None:
    assert load(PIPELINES / f"{name}.yaml").slug == name


def test_the_customer_pipeline_reads_the_three_files_and_nothing_else() -> None:
    paths = load(PIPELINES / "customers.yaml").step("raw").config["path"]
    found = {path.name for pattern in paths for path in expand(pattern, ROOT)}
    assert found == {"crm_export_2026-01.csv", "shop_kunden.csv", "partner_feed.txt"}


def test_the_seed_example_says_what_it_was_given_to_say() -> None:
    assert yaml.safe_load((PIPELINES / "customer_data_enrichment.yaml").read_text()) == {
        "name": "Customer Data Enrichment",
        "version": "1.0",
        "steps": [
            {"name": "Load Customer CSV", "type": "connector", "config": {"type": "csv", "llm_enhanced": True}},
            {
                "name": "Schema Mapping",
                "type": "llm_transform",
                "config": {
                    "model": "claude-sonnet-4",
                    "mode": "extended_thinking",
                    "prompt_template": "map_customer_schema",
                },
            },
            {
                "name": "Data Quality Check",
                "type": "llm_validation",
                "config": {"rules": "auto_generate", "threshold": 0.95},
            },
        ],
    }


def test_the_penguins_are_unchanged_and_have_their_licence_beside_them() -> None:
    content = (PENGUINS / "penguins.json").read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    assert blob in (PENGUINS / "README.md").read_text()
    assert len(json.loads(content)) == 344
    assert "CC0 1.0 Universal" in (PENGUINS / "LICENSE").read_text()
