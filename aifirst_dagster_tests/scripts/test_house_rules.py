"""The house-rule scripts name what breaks a rule, and let the rest pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def run(script: str, root: Path) -> tuple[int, str]:
    code = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import {script}, pathlib; "
    code += f"sys.exit({script}.main(pathlib.Path({str(root)!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "orders.py").write_text('"""Orders."""\n\nTOTAL = 1\n')
    inside = "/".join(["work", "plan.md"])
    (tmp_path / "notes.md").write_text(f"See https://duckdb.org/docs and ./{inside}, <root>/{inside}.\n")
    (tmp_path / "picture.bin").write_bytes(b"\xff\xfe\x00\x80")
    return tmp_path


@pytest.mark.parametrize("script", ["check_files", "check_addresses"])
def test_a_tidy_tree_passes(script: str, tree: Path) -> None:
    assert run(script, tree)[0] == 0


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("big.py", '"""Big."""\n' + "x = 1\n" * 400, "401 lines"),
        ("utils.py", '"""Things."""\n', "says nothing"),
        ("bare.py", "x = 1\n", "no docstring"),
        ("wrong.py", '"""Wrong."""\nx = (\n', "line 2"),
    ],
)
def test_a_file_that_is_not_one_idea_is_named(name: str, text: str, says: str, tree: Path) -> None:
    (tree / name).write_text(text)
    code, said = run("check_files", tree)
    assert code == 1
    assert name in said
    assert says in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\nsee https://" + "py" + "pi.org/simple", "notes.txt:2: a registry's address"),
        ("pip install --extra-index" + "-url x", "an index option"),
        ("open('/" + "root/secret')", "a machine's path"),
        ("cd /" + "home/ada/project", "a machine's path"),
    ],
)
def test_an_address_is_named_with_its_line(text: str, says: str, tree: Path) -> None:
    (tree / "notes.txt").write_text(text)
    code, said = run("check_addresses", tree)
    assert code == 1
    assert says in said


def test_files_that_git_ignores_are_not_looked_at(tree: Path) -> None:
    (tree / ".gitignore").write_text("local/\n")
    (tree / "local").mkdir()
    (tree / "local" / "utils.py").write_text("x = 1\n")
    assert run("check_files", tree)[0] == 0
