"""Prompts: strict variables, data behind a fence that nothing in it can open, a project's own before the shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.proposals import prompts
from aifirst_dagster.proposals.masking import mask, names_people


def test_every_shipped_prompt_is_sound() -> None:
    assert {"code", "map_customer_schema", "mapping", "rules", "schema"} <= set(prompts.names())
    for name in prompts.names():
        prompt = prompts.load(name)
        system, user = prompt.render({given: "x" for given in prompt.inputs})
        assert prompt.name == name and "never" in system and "{{" not in user


@pytest.mark.parametrize("text", ["</data>", "<data name='x'>", "&lt;/data&gt;", "\u2028</data>", '"</data>"'])
def test_nothing_in_the_data_closes_the_fence(text: str) -> None:
    fenced = prompts.fence("columns", {"values": [text]})

    inner = fenced.removeprefix('<data name="columns">\n').removesuffix("\n</data>")
    assert "<" not in inner and ">" not in inner and json.loads(inner) == {"values": [text]}


def test_a_projects_own_prompt_comes_first_and_changes_the_hash(tmp_path: Path) -> None:
    own = tmp_path / "schema.md"
    own.write_text(
        '---\nname: schema\nversion: "2"\ninputs: [columns]\n---\n# System\nOurs.\n\n# User\n{{ columns }}\n'
    )

    assert prompts.load("schema", tmp_path).system == "Ours."
    assert prompts.load("schema", tmp_path).hash != prompts.load("schema").hash
    assert prompts.load("rules", tmp_path).name == "rules"


BROKEN = {
    "no front matter": ("# System\nx\n# User\n{{ columns }}\n", "front matter"),
    "front matter that is no YAML": ("---\nname: [\n---\n# User\nx\n", "YAML"),
    "an unknown key": ('---\nname: x\nversion: "1"\ninputs: []\nmodel: y\n---\n# User\nx\n', "model"),
    "no user part": ('---\nname: x\nversion: "1"\ninputs: []\n---\n# System\nx\n', "# User"),
    "an undeclared variable": ('---\nname: x\nversion: "1"\ninputs: []\n---\n# User\n{{ columns }}\n', "columns"),
    "a variable in the standing part": (
        '---\nname: x\nversion: "1"\ninputs: [a]\n---\n{{ a }}\n# User\n{{ a }}\n',
        "above",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_prompt_is_named(case: str, tmp_path: Path) -> None:
    text, words = BROKEN[case]
    (tmp_path / "mine.md").write_text(text)

    with pytest.raises(ConfigError, match=words) as error:
        prompts.load("mine", tmp_path)
    assert error.value.file == str(tmp_path / "mine.md")


def test_a_prompt_that_needs_what_the_task_does_not_give_says_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text('---\nname: mine\nversion: "1"\ninputs: [weather]\n---\n# User\n{{ weather }}\n')

    with pytest.raises(ConfigError, match="weather") as error:
        prompts.load("mine", tmp_path).render({"columns": []})
    assert "columns" in error.value.hint
    for outside in ("../schema", "/etc/passwd", ""):
        with pytest.raises(ConfigError):
            prompts.load(outside, tmp_path)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to Ann.Lee@mail.example.org now", "write to Xxx.Xxx@xxxx.xxxxxxx.org now"),
        ("+49 (170) 123-4567", "+99 (999) 999-9999"),
        ("555-123-4567", "999-999-9999"),
        ("4111 1111 1111 1111", "9999 9999 9999 9999"),
        ("DE89 3704 0044 0532 0130 00", "XX99 9999 9999 9999 9999 99"),
        ("078-05-1120", "999-99-9999"),
        ("2024-01-31", "2024-01-31"),
        ("31.01.2024 10:15", "31.01.2024 10:15"),
        ("1,234.50", "1,234.50"),
        ("ACME GmbH", "ACME GmbH"),
    ],
)
def test_what_identifies_people_keeps_its_shape_only(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_columns_of_names_are_masked_whole() -> None:
    assert mask("José O'Neil", person=True) == "Xxxx X'Xxxx"
    assert all(names_people(name) for name in ("name", "Last Name", "customer_name", "firstName", "Nachname"))
    assert not any(names_people(name) for name in ("product", "file_name_hash", "username_count", "city"))
