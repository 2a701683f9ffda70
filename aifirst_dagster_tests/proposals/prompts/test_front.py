"""Front matter: strict, with places; hints and output; what a design records of its template."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.proposals import prompts, schema
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.prompts.outputs import outputs, task_of
from aifirst_dagster_tests.loopback.replies import Reply
from aifirst_dagster_tests.proposals.conftest import SOURCE_COLUMNS, schema_answer

TEMPLATE = """---
name: schema
version: "{version}"
inputs: [columns]
{more}---
# System
Ours.

# User
{{{{ columns }}}}
"""


def own(tmp_path: Path, more: str = "", version: str = "7", name: str = "schema") -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(TEMPLATE.format(more=more, version=version))
    return folder


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("hint: {thinking: off}\n", 5, "Did you mean 'hints'"),
        ("hints: {thinkng: off}\n", 5, "Did you mean 'thinking'"),
        ("hints: {thinking: maybe}\n", 5, "hints.thinking"),
        ("hints:\n  effort: enormous\n", 6, "hints.effort"),
        ("hints: {max_tokens: 0}\n", 5, "max_tokens"),
        ("output: [\n", 5, "YAML"),
    ],
)
def test_front_matter_is_strict_and_says_where(more: str, line: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        prompts.load("schema", own(tmp_path, more))

    assert words in f"{error.value.message} {error.value.hint}"
    assert error.value.line in (line, line + 1)


def test_yaml_off_is_a_word_and_hints_are_read(tmp_path: Path) -> None:
    prompt = prompts.load("schema", own(tmp_path, "hints: {thinking: off, effort: low, max_tokens: 900}\n"))

    assert (prompt.hints.thinking, prompt.hints.effort, prompt.hints.max_tokens) == ("off", "low", 900)


def test_a_template_whose_name_is_not_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="calls itself 'schema'"):
        prompts.load("mine", own(tmp_path, name="mine"))


def test_every_task_has_its_output_and_every_shipped_template_names_it() -> None:
    assert {task for task, _ in outputs().values()} >= {"schema", "mapping", "rules"}
    for name in prompts.names():
        prompt = prompts.load(name)
        assert prompt.output in outputs() and task_of(prompt) is not None


def test_a_template_of_another_task_is_refused(con, tmp_path) -> None:
    with pytest.raises(ConfigError, match="MappingProposal"):
        schema.design(con, "customers", SOURCE_COLUMNS, wish=Wish(prompt="mapping"))


def test_hints_decide_where_nothing_else_does(con, store, claude, claude_server, tmp_path) -> None:
    folder = own(tmp_path, "hints: {thinking: adaptive, effort: low, max_tokens: 1234}\n")
    claude_server.then(Reply(schema_answer()))

    schema.design(con, "customers", SOURCE_COLUMNS, store=store, llm=claude(), wish=Wish(prompts=folder))

    (request,) = claude_server.received
    assert request.body["thinking"]["type"] == "adaptive"
    assert request.body["output_config"]["effort"] == "low" and request.body["max_tokens"] == 1234


def test_a_pipelines_mode_and_a_resources_settings_beat_hints(con, store, claude, claude_server, tmp_path) -> None:
    folder = own(tmp_path, "hints: {thinking: adaptive, effort: low, max_tokens: 9000}\n")
    claude_server.then(Reply(schema_answer()))
    llm = claude(effort="medium", max_output_tokens=800)

    wish = Wish(prompts=folder, mode="standard")
    schema.design(con, "customers", SOURCE_COLUMNS, store=store, llm=llm, wish=wish)

    (request,) = claude_server.received
    assert request.body.get("thinking", {}).get("type") != "adaptive"
    assert request.body["output_config"]["effort"] == "medium" and request.body["max_tokens"] == 800


def test_a_design_records_which_template_it_was_asked_for_with(con, store, claude, claude_server, tmp_path) -> None:
    folder = own(tmp_path, version="7")
    claude_server.then(Reply(schema_answer()))

    wish = Wish(prompts=folder)
    first = schema.design(con, "customers", SOURCE_COLUMNS, store=store, llm=claude(), wish=wish)
    again = schema.design(con, "customers", SOURCE_COLUMNS, store=DesignStore(store.folder), llm=claude(), wish=wish)

    told = {"name": "schema", "version": "7", "hash": prompts.load("schema", folder).hash, "source": "project"}
    assert first.summary()["prompt"] == again.summary()["prompt"] == told and again.reused
    assert store.variants("schema.yaml")[0].meta.prompt == told


def test_where_no_model_was_asked_no_template_is_recorded(con, store) -> None:
    outcome = schema.design(con, "customers", SOURCE_COLUMNS, store=store)

    assert outcome.summary()["prompt"] == {} and store.variants("schema.yaml")[0].meta.prompt == {}


def test_a_change_of_hints_changes_the_hash(tmp_path: Path) -> None:
    plain = prompts.load("schema", own(tmp_path)).hash

    assert prompts.load("schema", own(tmp_path, "hints: {effort: low}\n")).hash != plain
    assert prompts.load("schema", own(tmp_path, version="8")).hash == plain, "a label changes nothing that is sent"
