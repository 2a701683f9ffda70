"""The schema that editors use is made from the models, is current, and agrees with what loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from aifirst_dagster.pipelines import docs, json_schema
from aifirst_dagster.pipelines.document import parse
from aifirst_dagster.pipelines.load import Loaded, load_text
from aifirst_dagster_tests.pipelines.scenarios import BROKEN, FULL, HEAD, SEED

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "resources" / "pipelines").glob("*.yaml"))
REMEDY = "run: python -m aifirst_dagster.pipelines.docs"

#: Only the whole pipeline, the tz database or arithmetic tells that these are wrong.
BEYOND_A_SCHEMA = (
    "needs", "circle", "same key", "two steps", "no time zone", "is no", "never comes", "has 5 fields", "be blank",
    "cannot be shown", "takes no input", "takes one input", "mode upsert", "is not set", "stands twice", "document",
    "a finite number", "twice", "merges mappings", "contains itself", "a key must be", "must be a date",
)  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(json_schema.schema())
    return Draft202012Validator(json_schema.schema())


def test_the_committed_schema_and_reference_are_current():
    written = ROOT / "resources" / "pipelines" / json_schema.FILE
    assert written.read_text(encoding="utf-8") == json_schema.text(), REMEDY
    assert (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8") == docs.text(), REMEDY


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_samples_are_accepted(validator, path):
    assert [error.message for error in validator.iter_errors(parse(path.read_text(), "").value)] == []


@pytest.mark.parametrize(
    "text",
    [
        SEED, FULL, HEAD + "schedule: '@daily'\n", HEAD + "schedule: {env: WHEN}\n", HEAD + "version: 1.0\n",
        HEAD + "budget: {env: B, default: 1}\n", HEAD + "drift: {}\n", HEAD + "description:\n",
        HEAD + "partitions: {type: per_file}\n", HEAD + "tags: {a: {env: B, default: c}}\n",
        "name: A\nsteps:\n  - {name: L, type: connector, config: {type: {env: T}, types: {a: {env: U}}}}\n",
        "name: A\nsteps:\n  - {name: L, type: connector, config: {path: [{env: P}]}}\n",
        "name: A\nsteps:\n  - {name: L, type: connector, config: }\n",
    ],
)  # fmt: skip
def test_what_loads_is_accepted(validator, text):
    found = load_text(text, "p.yaml", environ={"WHEN": "@daily"})
    assert isinstance(found, Loaded), found.problems
    assert [error.message for error in validator.iter_errors(found.document.value)] == []


def test_what_has_the_wrong_form_is_refused(validator):
    refused = 0
    for case in BROKEN:
        document = parse(case.text, "p.yaml")
        if (
            case.id in ("not a number", "a default of the wrong kind")
            or document.problems
            or any(word in case.message for word in BEYOND_A_SCHEMA)
        ):
            continue
        assert not validator.is_valid(document.value), case.id
        refused += 1
    assert refused > 40


def test_an_editor_learns_a_steps_settings_from_its_type(validator):
    data = parse(SEED, "").value
    data["steps"][2]["config"]["treshold"] = 1
    found = [deep for error in validator.iter_errors(data) for deep in error.context or [error]]
    (error,) = [error for error in found if error.message.endswith("('treshold' was unexpected)")]
    assert list(error.absolute_path) == ["steps", 2, "config"]


def test_every_setting_says_what_it_is_for():
    made = json_schema.schema()
    bare = [
        f"{name}.{key}"
        for name, model in {"pipeline": made, **made["$defs"]}.items()
        for key, field in model.get("properties", {}).items()
        if not field.get("description") and "$ref" not in field
    ]
    assert bare == []


def test_the_schema_is_written_on_its_own(tmp_path):
    json_schema.write(tmp_path / "new" / "s.json")
    assert json.loads((tmp_path / "new" / "s.json").read_text())["title"] == "Pipeline"
