"""A program's edit changes what it was asked to change, and not a byte more."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError, StorageError
from aifirst_dagster.pipelines import edit
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.pipelines.problems import PipelineErrors
from aifirst_dagster.pipelines.rewrite import rewrite
from aifirst_dagster_tests.pipelines.scenarios import FULL, SEED

HOSTILE = """\
# top of the file

name:   A     # aligned     comment
version: 1.10
  # oddly indented
steps:

# before the first step
- name: L    # the loader
  type:    connector
  config:  {type: csv,   path: "a/*.csv",}   # flow, trailing comma


# before the second
#   two lines
-   name: "S"
    type: sql
    # inside
    config:
        query: |2
            SELECT 1
              -- c
            # not a comment

        load: full   # how

# before the third
- name: 'V'
  needs:
  - S   # the query
  type: llm_validation
  config: {threshold: 0.95}   # strict
# end

"""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "p.yaml"
    path.write_text(HOSTILE)
    return path


def changes(before: str, path: Path) -> list[str]:
    """The lines that went and came."""
    lines = unified_diff(before.splitlines(), path.read_text().splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize("text", [HOSTILE, FULL, SEED, HOSTILE.rstrip("\n"), HOSTILE.replace("\n", "\r\n")])
def test_a_file_that_is_not_edited_stays_the_same_to_the_byte(text):
    assert rewrite(text, lambda data: None) == text


def test_the_samples_stay_the_same_to_the_byte():
    for path in sorted((Path(__file__).parents[2] / "resources" / "pipelines").glob("*.yaml")):
        text = path.read_text()
        assert rewrite(text, lambda data: None) == text


def test_setting_a_value_changes_its_line_only(hostile):
    spec = edit.set_value(hostile, ("steps", "V", "config", "threshold"), 0.5).spec
    assert spec.step("v").config == {"threshold": 0.5}
    assert [line.split("#")[0].rstrip() for line in changes(HOSTILE, hostile)] == [
        "-  config: {threshold: 0.95}",
        "+  config: {threshold: 0.5}",
    ]
    assert "# strict" in hostile.read_text()


def test_quotes_stay_as_they_were(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(SEED)
    edit.set_value(path, ("version",), "2.0")
    edit.set_value(path, ("steps", 2, "config", "rules"), "my/rules.yaml")
    assert changes(SEED, path) == [
        '-version: "1.0"', '+version: "2.0"',
        '-    config: {rules: "auto_generate", threshold: 0.95}',
        '+    config: {rules: "my/rules.yaml", threshold: 0.95}',
    ]  # fmt: skip


def test_a_key_that_was_not_there_is_added(hostile):
    assert edit.set_value(hostile, ("budget",), 2).spec.budget == 2
    assert edit.set_value(hostile, ("steps", "s", "retry", "max_retries"), 2).spec.step("s").retry.max_retries == 2
    edit.set_value(hostile, ("steps", "s", "config", "query"), "SELECT 2\nFROM l\n")
    edit.set_value(hostile, ("steps", "l", "config", "path"), {"env": "SHOP", "default": "x.csv"})
    text = hostile.read_text()
    for comment in (
        "# top of the file",
        "# aligned",
        "# oddly",
        "#   two lines",
        "# inside",
        "# how",
        "# strict",
        "# end",
    ):
        assert comment in text
    assert load(hostile).step("l").config["path"] == {"env": "SHOP", "default": "x.csv"}


def test_text_that_yaml_would_take_for_something_else_comes_back_as_it_was(hostile):
    for text in (
        "yes",
        "no",
        "12:30",
        "1.0",
        "null",
        "~",
        "# x",
        "a: b",
        "{x}",
        "'",
        '"',
        "\\",
        " x ",
        "",
        "é 顧客",
        "a\n b\n",
    ):
        assert edit.set_value(hostile, ("description",), text).spec.description == text


def test_an_edit_that_would_break_the_pipeline_is_refused_and_the_file_untouched(hostile):
    with pytest.raises(PipelineErrors) as caught:
        edit.set_value(hostile, ("steps", "v", "config", "threshold"), "high")
    assert "must be a number" in caught.value.message
    with pytest.raises(PipelineErrors):
        edit.add_step(hostile, {"name": "X", "type": "nothing"})
    with pytest.raises(PipelineErrors):
        edit.remove_step(hostile, "L")
    with pytest.raises(ConfigError, match="no step"):
        edit.remove_step(hostile, "W")
    with pytest.raises(ConfigError, match="there is no"):
        edit.set_value(hostile, ("steps", 9, "name"), "X")
    with pytest.raises(ConfigError, match="there is no"):
        edit.remove_value(hostile, ("owner",))
    assert hostile.read_text() == HOSTILE
    assert [path.name for path in hostile.parent.iterdir()] == ["p.yaml"]


def test_a_file_that_is_broken_already_is_not_edited(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("name: A\nstepz: []\n")
    with pytest.raises(PipelineErrors):
        edit.set_value(path, ("name",), "B")


def test_a_value_goes_with_its_own_comments_only(hostile):
    edit.set_value(hostile, ("owner",), "team:x")
    edit.remove_value(hostile, ("owner",))
    edit.remove_value(hostile, ("version",))
    edit.remove_value(hostile, ("steps", "s", "config", "load"))
    assert load(hostile).step("s").config.keys() == {"query"}
    assert [line for line in changes(HOSTILE, hostile) if line.strip("+-").strip()] == [
        "-version: 1.10",
        "-        load: full   # how",
    ]


def test_a_step_is_added_where_it_was_asked_for(hostile):
    step = {"name": "T", "type": "sql", "needs": ["S"], "config": {"query": "SELECT *\nFROM s\n"}}
    spec = edit.add_step(hostile, step, after="S").spec
    assert [step.key for step in spec.steps] == ["l", "s", "t", "v"]
    assert spec.step("v").inputs == ("s",)
    assert all(line.startswith("+") for line in changes(HOSTILE, hostile))
    text = hostile.read_text()
    assert text.index("name: T") < text.index("# before the third") < text.index("name: 'V'")
    assert edit.add_step(hostile, {"name": "Out", "type": "output"}).spec.step("out").inputs == ("v",)
    assert hostile.read_text().index("name: Out") < hostile.read_text().index("# end")


def test_a_new_step_does_not_come_between_steps_unasked(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(SEED)
    spec = edit.add_step(path, {"name": "Side", "type": "output"}, after="Load Customer CSV").spec
    assert spec.step("schema_mapping").inputs == ("load_customer_csv",)
    assert spec.step("side").inputs == ("load_customer_csv",)


def test_what_read_a_removed_step_reads_what_it_read(hostile):
    spec = edit.remove_step(hostile, "S").spec
    assert spec.step("v").inputs == ("l",)
    text = hostile.read_text()
    assert "# before the second" not in text
    assert "# before the third" in text
    assert "# flow, trailing comma" in text


def test_removing_from_a_chain_needs_no_needs(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(SEED)
    edit.remove_step(path, "schema_mapping")
    assert "needs" not in path.read_text()
    assert all(line.startswith("-") for line in changes(SEED, path))


def test_a_renamed_step_is_followed_and_keeps_its_asset(hostile):
    spec = edit.rename_step(hostile, "S", "Select").spec
    assert spec.step("Select").key == "s"
    assert spec.step("v").inputs == ("s",)
    came = [line for line in changes(HOSTILE, hostile) if line.startswith("+")]
    assert came == ['+-   name: "Select"', "+    key: s", "+  - Select # the query"]
    again = edit.rename_step(hostile, "L", "Load", keep_key=False).spec
    assert again.step("load").inputs == ()


def test_an_edit_through_an_alias_does_not_reach_other_steps(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(FULL)
    with pytest.raises(ConfigError, match="shared by an alias"):
        edit.set_value(path, ("steps", "Shop B", "retry", "delay"), 5)
    assert path.read_text() == FULL
    assert edit.set_value(path, ("steps", "Shop B", "on_failure"), "stop").spec.step("shop_a").on_failure == "stop"


def test_line_ends_byte_order_mark_and_rights_stay(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SEED.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    edit.set_value(path, ("budget",), 3)
    edit.add_step(path, {"name": "Out", "type": "output"})
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfname")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_folder_that_is_gone_is_a_clear_error(tmp_path):
    from aifirst_dagster.pipelines.replace import replace_file

    with pytest.raises(StorageError, match="cannot be written"):
        replace_file(tmp_path / "gone" / "p.yaml", "x")
