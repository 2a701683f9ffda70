"""Values from the environment: symbolic until the run, checked before it as far as can be."""

from __future__ import annotations

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.pipelines.env import resolve_env
from aifirst_dagster.pipelines.load import Broken, Loaded, load_text
from aifirst_dagster_tests.pipelines.scenarios import FULL, HEAD

SECRET = "postgresql://me:hunter2@db/x"


def loaded(text: str, **environ: str) -> Loaded:
    found = load_text(text, "p.yaml", environ=environ)
    assert isinstance(found, Loaded), [str(problem) for problem in found.problems]
    return found


def test_a_secret_is_not_in_the_spec_and_is_in_the_resolved_step():
    spec = loaded(FULL, WAREHOUSE_URL=SECRET).spec
    assert "hunter2" not in repr(spec) + spec.model_dump_json()
    step = spec.step("publish")
    assert step.config["url"] == {"env": "WAREHOUSE_URL"}
    assert step.env_names == ("WAREHOUSE_URL",)
    assert step.resolve({"WAREHOUSE_URL": SECRET}).url == SECRET
    assert loaded(FULL).spec.content_hash == spec.content_hash


def test_a_missing_variable_names_itself_and_its_place():
    with pytest.raises(ConfigError) as caught:
        loaded(FULL).spec.step("publish").resolve({})
    assert "WAREHOUSE_URL is not set" in caught.value.message
    assert "Warehouse: config.url" in caught.value.message
    assert caught.value.where == "p.yaml:33:5"


def test_an_empty_variable_counts_as_missing():
    assert resolve_env({"a": {"env": "A", "default": "x"}}, {"A": ""}) == {"a": "x"}
    with pytest.raises(ConfigError, match="A is not set"):
        resolve_env({"a": [{"env": "A"}]}, {"A": ""})


def test_a_variables_text_becomes_what_the_setting_takes():
    step = loaded(FULL).spec.steps[3]
    assert step.resolve({}).threshold == 0.9
    assert step.resolve({"THRESHOLD": "0.5"}).threshold == 0.5


def test_a_variable_that_does_not_fit_is_named_and_its_value_is_not_shown():
    step = loaded(FULL).spec.steps[3]
    with pytest.raises(ConfigError) as caught:
        step.resolve({"THRESHOLD": "hunter2"})
    assert "THRESHOLD does not fit" in caught.value.message
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "config",
    ["{path: {env: X}}", "{path: [a, {env: X}]}", "{header: {env: X}}", "{type: {env: X}}", "{types: {a: {env: X}}}"],
)
def test_a_reference_may_stand_for_a_setting_of_any_kind(config):
    step = loaded(f"name: A\nsteps:\n  - {{name: L, type: connector, config: {config}}}\n").spec.steps[0]
    assert step.env_names == ("X",)


def test_what_stands_beside_a_reference_is_still_checked():
    text = "name: A\nsteps:\n  - {name: L, type: connector, config: {header: {env: X}, typ: csv, encoding: 5}}\n"
    found = load_text(text, "p.yaml")
    assert isinstance(found, Broken)
    assert len(found.problems) == 2


def test_settings_that_shape_definitions_are_read_when_the_file_loads():
    text = HEAD + "schedule: {env: WHEN}\nbudget: {env: BUDGET, default: 2}\nowner: {env: WHO, default: team:x}\n"
    spec = loaded(text, WHEN="@hourly", BUDGET="0.25").spec
    assert (spec.schedule.cron, spec.budget, spec.owner) == ("@hourly", 0.25, "team:x")
    assert loaded(text, WHEN="0 1 * * *").spec.budget == 2
    broken = load_text(text, "p.yaml", environ={"WHEN": "never", "BUDGET": "much"})
    assert isinstance(broken, Broken)
    assert [(problem.line, problem.column) for problem in broken.problems] == [(4, 11), (5, 9)]
