"""What good pipeline files mean."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.pipelines.load import Loaded, find, load, load_folder, load_text
from aifirst_dagster.pipelines.slugs import slug
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec, WindowPartitions
from aifirst_dagster_tests.pipelines.scenarios import FULL, HEAD, SEED


def spec_of(text: str, **environ: str) -> PipelineSpec:
    found = load_text(text, "p.yaml", environ=environ)
    assert isinstance(found, Loaded), [str(problem) for problem in found.problems]
    return found.spec


def test_the_seed_example_loads_unchanged(tmp_path):
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    spec = load(path)
    assert spec.slug == "customer_data_enrichment"
    assert spec.order == ("load_customer_csv", "schema_mapping", "data_quality_check")
    assert [step.inputs for step in spec.steps] == [(), ("load_customer_csv",), ("schema_mapping",)]
    assert [(step.place.file, step.place.line, step.place.column) for step in spec.steps] == [
        (str(path), 4, 5), (str(path), 7, 5), (str(path), 10, 5),
    ]  # fmt: skip
    assert spec.budget == 0.5


def test_everything_that_a_pipeline_may_say_is_understood():
    spec = spec_of(FULL)
    assert spec.version == "1.10"  # as written: no number that loses its zero
    assert (spec.schedule.cron, spec.schedule.timezone) == ("0 6 * * 1-5", "Europe/Berlin")
    assert isinstance(spec.partitions, WindowPartitions)
    assert spec.partitions.start == date(2026, 1, 31)
    assert spec.drift.on_drift == "rematerialize"
    assert [step.key for step in spec.steps] == ["shop_a", "shop_b", "both", spec.steps[3].key, "publish"]
    assert spec.step("both").inputs == ("shop_a", "shop_b")
    assert spec.step("Shop B").retry.backoff == "exponential"  # through the merge
    assert spec.step("Shop B").inputs == ()  # a connector does not read the step before
    assert spec.step("publish").inputs == (spec.steps[3].key,)


def test_short_forms_mean_what_the_long_ones_do():
    short = spec_of(HEAD + "schedule: '@daily'\n")
    long = spec_of(HEAD + "schedule: {cron: '@daily', timezone: UTC}\n")
    assert short == long
    assert spec_of(HEAD.replace("connector", "sql, needs: [], config: {query: q}", 0)).steps


def test_yaml_1_2_scalars_stay_text_where_1_1_would_guess():
    spec = spec_of("name: no\nsteps:\n  - {name: on, type: connector, config: {delimiter: y, path: 12:30}}\n")
    assert (spec.name, spec.steps[0].name) == ("no", "on")
    assert spec.steps[0].config == {"delimiter": "y", "path": "12:30"}


def test_names_in_any_script_become_distinct_stable_keys():
    names = ["Kunden Übersicht", "Kunden Ubersicht", "顧客", "客户", "!!!", "a" * 300, "a" * 299 + "b", "2024 load"]
    keys = [slug(name) for name in names]
    assert len(set(keys)) == len(names)
    assert all(key.isascii() and key.replace("_", "a").isalnum() and len(key) <= 60 for key in keys)
    assert keys[1] == "kunden_ubersicht"
    assert keys[0].startswith("kunden_ubersicht_")
    assert slug("Cafe\u0301") == slug("Caf\u00e9")  # the same text, composed or not


def test_the_content_hash_follows_the_work_and_nothing_else():
    base = spec_of(SEED)
    same = SEED.replace("steps:", "# note\nowner: team:x\nschedule: '@daily'\nbudget: 3\nsteps:").replace(
        '"1.0"', '"9"'
    )
    assert spec_of(same).content_hash == base.content_hash
    reordered = SEED.replace('{type: "csv", llm_enhanced: true}', "{llm_enhanced: true, type: csv}")
    assert spec_of(reordered).content_hash == base.content_hash
    for changed in (
        SEED.replace("0.95", "0.9"),
        SEED.replace('"csv"', '"json"'),
        SEED.replace("Schema Mapping", "Map"),
    ):
        assert spec_of(changed).content_hash != base.content_hash
    assert spec_of(SEED.replace("0.95", "0.9")).steps[1].code_hash == base.steps[1].code_hash


def test_the_order_puts_inputs_first_whatever_the_file_says():
    spec = spec_of(
        "name: A\nsteps:\n"
        "  - {name: last, type: output, needs: mid}\n"
        "  - {name: mid, type: sql, needs: [b, a], config: {query: q}}\n"
        "  - {name: a, type: connector}\n  - {name: b, type: connector}\n"
    )
    assert spec.order == ("a", "b", "mid", "last")
    assert spec.step("mid").inputs == ("b", "a")


def test_a_spec_made_in_python_is_checked_the_same_way():
    step = StepSpec(name="L", type="connector")
    assert PipelineSpec(name="A", steps=(step, StepSpec(name="O", type="output"))).steps[1].inputs == ("l",)
    with pytest.raises(ValidationError, match="there is no step type 'conector'"):
        StepSpec(name="L", type="conector")
    with pytest.raises(ValidationError, match="circle"):
        PipelineSpec(name="A", steps=(StepSpec(name="S", type="sql", needs=("S",), config={"query": "q"}),))


def test_an_unknown_step_is_named_with_the_nearest_one():
    with pytest.raises(ConfigError) as caught:
        spec_of(SEED).step("schema_maping")
    assert "schema_mapping" in caught.value.hint


def test_a_pipeline_is_found_by_path_stem_name_or_slug(tmp_path):
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    for name in (path, "seed", "Customer Data Enrichment", "customer_data_enrichment"):
        assert find(name, tmp_path) == path
    with pytest.raises(ConfigError, match="no pipeline") as caught:
        find("sed", tmp_path)
    assert "seed" in caught.value.hint


def test_a_hundred_pipelines_of_eight_steps_load_well_within_a_second(tmp_path):
    middle = "".join(
        f"  - name: Step {number}\n    type: sql\n    config: {{query: SELECT * FROM input}}\n" for number in range(7)
    )
    for number in range(100):
        (tmp_path / f"{number}.yaml").write_text(
            f"name: P {number}\nsteps:\n  - {{name: L, type: connector}}\n{middle}"
        )
    gc.freeze()  # what the tests before left in memory is no garbage of this one
    start = time.process_time()  # of this process: what else the machine does is not its fault
    found = load_folder(tmp_path)
    spent = time.process_time() - start
    gc.unfreeze()
    assert spent < 1
    assert len(found) == 100
    assert all(isinstance(item, Loaded) for item in found)


def test_loading_imports_nothing_heavy():
    code = (
        "import sys; from aifirst_dagster.pipelines.load import load; load(sys.argv[1]);"
        "heavy = {'dagster', 'pandas', 'anthropic', 'great_expectations', 'sqlalchemy', 'pyarrow'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    path = Path(__file__).parents[2] / "resources" / "pipelines"
    for file in sorted(path.glob("*.yaml")):
        done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
