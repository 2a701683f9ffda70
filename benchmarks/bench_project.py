"""Throw-away projects to measure: one pipeline over a big file, or a hundred pipelines that only have to load."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

RULE_TYPES = (
    "expect_column_values_to_not_be_null", "expect_column_values_to_be_unique", "expect_column_values_to_be_in_set",
    "expect_column_values_to_be_between", "expect_column_values_to_match_regex",
    "expect_column_value_lengths_to_be_between",
    "expect_column_mean_to_be_between", "expect_column_values_to_be_of_type",
)  # fmt: skip
ARGUMENTS = (
    {}, {}, {"value_set": ["a", "b"]}, {"min_value": 0, "max_value": 9}, {"regex": "^a"},
    {"min_value": 1, "max_value": 9},
    {"min_value": 0, "max_value": 9}, {"type_": "BIGINT"},
)  # fmt: skip


WORKSPACE = """load_from:
  - python_module: {module_name: aifirst_dagster.definitions, location_name: aifirst_dagster}
"""


@contextmanager
def project(pipelines: dict[str, dict[str, object]]) -> Iterator[tuple[Path, dict[str, str]]]:
    """A project folder with `pipelines` (file name -> content), and the environment that makes it the current one."""
    with TemporaryDirectory(prefix="aifirst-bench-") as folder:
        root = Path(folder)
        (root / "resources" / "pipelines").mkdir(parents=True)
        (root / "workspace.yaml").write_text(WORKSPACE)
        for name, content in pipelines.items():
            (root / "resources" / "pipelines" / name).write_text(yaml.safe_dump(content, sort_keys=False))
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIFIRST_", "DAGSTER_", "ANTHROPIC_"))
        }
        yield root, environment | {"AIFIRST_PROJECT": str(root), "DO_NOT_TRACK": "1"}


def orders(source: Path) -> dict[str, object]:
    """The pipeline that does the whole job on the big file, as four assets."""
    return {
        "name": "Orders",
        "steps": [
            {"name": "Load", "type": "connector", "config": {"type": "csv", "path": str(source)}},
            {"name": "Clean", "type": "llm_transform", "config": {}},
            {"name": "Check", "type": "llm_validation", "config": {"rules": "auto_generate", "threshold": 0.5}},
            {"name": "Save", "type": "output", "config": {"format": "parquet", "path": "out/orders.parquet"}},
        ],
    }


def many(pipelines: int = 100, steps: int = 8, rules_each: int = 6) -> dict[str, dict[str, object]]:
    """Pipelines of a connector and `steps - 1` validations in a row, each with `rules_each` rules of its own.

    With the fixed checks that comes to some eight checks a step.
    """
    rules = [
        {"type": kind, "kwargs": {"column": f"column_{at}", **ARGUMENTS[at % 8]}}
        for at, kind in ((at, RULE_TYPES[at % 8]) for at in range(rules_each))
    ]
    first = {"name": "Load", "type": "connector", "config": {"type": "csv", "path": "landing/*.csv"}}
    rest = [{"name": f"Check {at}", "type": "llm_validation", "config": {"rules": rules}} for at in range(1, steps)]
    return {
        f"pipeline_{number:03}.yaml": {"name": f"Pipeline {number}", "schedule": "0 6 * * *", "steps": [first, *rest]}
        for number in range(pipelines)
    }
