"""`aifirst lint`: all errors of all files, and warnings for what looks unintended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from aifirst_dagster.cli.lint import command
from aifirst_dagster.pipelines.lint import Report, lint
from aifirst_dagster.project import Project
from aifirst_dagster_tests.pipelines.scenarios import SEED


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AIFIRST_LANDING", raising=False)
    (tmp_path / "workspace.yaml").write_text("{}\n")
    (tmp_path / "resources" / "pipelines").mkdir(parents=True)
    (tmp_path / "a.csv").write_text("id\n1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(root: Path, *steps: str, top: str = "") -> Report:
    path = root / "resources" / "pipelines" / "p.yaml"
    lines = "".join(f"  - {step}\n" for step in steps)
    path.write_text(f"name: P\n{top}steps:\n  - {{name: L, type: connector, config: {{path: a.csv}}}}\n{lines}")
    return lint([path], Project(root), environ={})


def said(problems) -> str:
    return "\n".join(map(str, problems))


VALIDATE = "{name: V, type: llm_validation}"
SAVE = "{name: O, type: output}"


def test_a_sound_pipeline_has_nothing_to_say(root):
    report = checked(root, VALIDATE, SAVE)
    assert report.valid
    assert said(report.warnings) == ""


def test_all_errors_of_all_files_are_found(root):
    folder = root / "resources" / "pipelines"
    (folder / "a.yaml").write_text("name: A\nstepz: []\n")
    (folder / "b.yaml").write_text("name: B\nsteps:\n  - {name: L, type: conector}\n  - {name: M, typ: sql}\n")
    (folder / "c.yaml").write_text(SEED)
    report = lint([], Project(root))
    assert not report.valid
    assert [problem.file.rpartition("/")[2] for problem in report.errors] == ["a.yaml"] * 2 + ["b.yaml"] * 3
    assert len(report.files) == 3


@pytest.mark.parametrize(
    ("step", "line", "column", "message", "hint"),
    [
        ("{name: S, type: sql, config: {file: q.sql}}", 4, 41, "there is no file 'q.sql'", "Looked for"),
        ("{name: S, type: sql, config: {query: SELEC 1}}", 4, 42, "DuckDB cannot read the query", ""),
        ("{name: S, type: sql, config: {query: DROP TABLE l}}", 4, 42, "not one SELECT", ""),
        ("{name: S, type: sql, config: {query: SELECT 1; SELECT 2}}", 4, 42, "not one SELECT", ""),
        ("{name: S, type: sql, config: {query: SELECT * FROM M}}", 4, 42, "reads 'M'", "Inputs: l"),
        ("{name: V, type: llm_validation, config: {rules: r.yaml}}", 4, 53, "there is no rule set 'r.yaml'", "Looked"),
        ("{name: V, type: llm_validation, config: {rules: autogenerate}}", 4, 53, "no rule set", "auto_generate?"),
        ("{name: V, type: llm_validation, config: {rules: [{type: expect_x}]}}", 4, 54, "expect_x", ""),
        ("{name: V, type: llm_validation, config: {rules: [{typ: expect_x}]}}", 4, 54, "`type` is missing", ""),
        ("{name: T, type: llm_transform, config: {target: t.json}}", 4, 53, "no target schema 't.json'", "Looked"),
        ("{name: T, type: llm_transform, config: {target: bad.json}}", 4, 53, "is no JSON", "fields"),
        ("{name: T, type: llm_transform, config: {target: [{name: a, type: intger}]}}", 4, 70, "'intger'", "`integer`"),
        ("{name: T, type: llm_transform, config: {target: [{name: a}, {name: A}]}}", 4, 65, "stands twice", ""),
        ("{name: T, type: llm_transform, config: {prompt_template: mappin}}", 4, 62, "no prompt 'mappin'", "mapping"),
    ],
)
def test_what_a_step_refers_to_has_to_be_there(root, step, line, column, message, hint):
    (root / "bad.json").write_text("{")
    report = checked(root, step)
    assert report.errors, said(report.warnings)
    first = report.errors[0]
    assert message in first.message
    assert hint in first.hint
    assert (first.line, first.column) == (line, column)


def test_queries_may_use_every_view_that_a_run_gives_them(root):
    for query in (
        "SELECT * FROM input", "SELECT * FROM L", "SELECT * FROM l__rows", "WITH x AS (FROM input) SELECT * FROM x",
        "SELECT * FROM range(3)", "FROM input",
    ):  # fmt: skip
        assert checked(root, f"{{name: S, type: sql, config: {{query: '{query}'}}}}").valid, query


def test_a_rule_set_that_is_wrong_is_reported_in_its_own_file(root):
    (root / "r.yaml").write_text("rules:\n  - type: expect_nothing\n")
    (problem,) = checked(root, "{name: V, type: llm_validation, config: {rules: r.yaml}}").errors
    assert problem.file.endswith("r.yaml")
    assert problem.line == 2


def test_an_llm_resource_has_to_exist(root):
    (problem,) = checked(root, VALIDATE, SAVE, top="llm: claud\n").errors
    assert (problem.line, problem.column) == (2, 6)
    assert "'claude'" in problem.hint


def test_time_partitions_need_something_to_go_by(root):
    top = "partitions: {type: daily, start: 2026-01-01}\n"
    (problem,) = checked(root, VALIDATE, SAVE, top=top).errors
    assert "nothing says which rows" in problem.message
    assert checked(root, VALIDATE, SAVE, top=top.replace("}", ", column: day}")).valid


@pytest.mark.parametrize(
    ("steps", "top", "message"),
    [
        ([VALIDATE], "", "no step writes the result out"),
        (["{name: M, type: connector, config: {path: a.csv}}", VALIDATE, SAVE], "", "nothing reads the result of 'L'"),
        ([SAVE], "", "'O' writes rows that no step has checked"),
        (["{name: V, type: llm_validation, config: {threshold: 0}}", SAVE], "", "a threshold of 0 never fails"),
        ([VALIDATE, "{name: O, type: output, config: {path: {env: OUT}}}"], "", "OUT is not set here"),
        ([VALIDATE, "{name: O, type: output, config: {format: postgres, url: 'postgresql://me:x@h/d'}}"], "",
         "`url` seems to hold a secret"),
        (["{name: M, type: connector, config: {path: no/*.csv}}", VALIDATE, SAVE], "", "no file 'no/*.csv' yet"),
        (["{name: M, type: connector}", VALIDATE, SAVE], "", "does not exist yet"),
        (["{name: V, type: llm_validation, config: {model: claude-sonnet-4}}", SAVE], "", "was retired"),
        (["{name: V, type: llm_validation, config: {model: gpt-9}}", SAVE], "", "'gpt-9'"),
        ([VALIDATE, SAVE], "budget: 0\nllm: claude\n", "a budget of 0"),
        ([VALIDATE, SAVE], "partitions: {type: daily, start: 2999-01-01, column: d}\n", "no partitions before 2999"),
        ([VALIDATE, "{name: O, type: output, config: {path: x.csv}}",
          "{name: Q, type: output, needs: V, config: {path: x.csv}}"], "", "'Q' writes over what 'O' wrote"),
    ],
)  # fmt: skip
def test_what_looks_unintended_is_a_warning(root, steps, top, message):
    report = checked(root, *steps, top=top)
    assert report.valid, said(report.errors)
    assert message in said(report.warnings)


def test_no_secret_is_repeated_in_what_is_printed(root):
    report = checked(root, VALIDATE, "{name: O, type: output, config: {format: postgres, url: 'pg://me:hunter2@h/d'}}")
    assert "hunter2" not in said((*report.errors, *report.warnings))


def test_the_command_prints_the_contracts_object_and_exits_with_2(root):
    (root / "resources" / "pipelines" / "bad.yaml").write_text("name: 5\nsteps: []\n")
    done = CliRunner().invoke(command, ["--json"])
    assert done.exit_code == 2
    answer = json.loads(done.stdout)
    assert answer["valid"] is False
    assert answer["errors"][0].keys() == {"file", "line", "column", "message", "hint"}
    assert answer["errors"][0]["file"] == "resources/pipelines/bad.yaml"
    text = CliRunner().invoke(command, ["resources/pipelines"])
    assert text.exit_code == 2
    assert "resources/pipelines/bad.yaml:1:7: error: `name` must be text" in text.stdout
    assert "1 file: 2 errors, 0 warnings" in text.stdout


def test_the_command_writes_the_schema(root):
    done = CliRunner().invoke(command, ["--schema", "s/pipeline.schema.json"], catch_exceptions=False)
    assert done.exit_code == 0
    assert json.loads((root / "s" / "pipeline.schema.json").read_text())["title"] == "Pipeline"


def test_an_empty_folder_is_no_success(root):
    report = lint([], Project(root))
    assert not report.valid
    assert "no pipeline files" in report.errors[0].message


def test_a_projects_prompts_are_checked_with_their_places(root):
    folder = root / "resources" / "prompts"
    folder.mkdir()
    front = "name: {}\nversion: '1'\ninputs: [columns]"
    (folder / "mine.md").write_text(
        f"---\n{front.format('mine')}\n---\n# User\nDo {{{{ columns }}}}.\n{{{{ weather }}}}\n"
    )
    (folder / "odd.md").write_text(f"---\n{front.format('odd')}\noutput: Poem\n---\n# User\n{{{{ columns }}}}\n")

    report = checked(root, VALIDATE)

    places = [(problem.file.rpartition("/")[2], problem.line, problem.column) for problem in report.errors]
    assert places == [("mine.md", 7, 4), ("mine.md", 8, 1), ("odd.md", 5, 1)]
    assert "your words" in said(report.errors) and "'weather' is not declared" in said(report.errors)
    assert "there is no output 'Poem'" in said(report.errors)


def test_a_prompt_of_another_task_is_refused_where_it_is_named(root):
    report = checked(root, "{name: T, type: llm_transform, config: {prompt_template: rules}}")

    assert "RulesProposal" in said(report.errors) and report.errors[0].line == 4
