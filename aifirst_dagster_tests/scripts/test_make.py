"""`make` explains itself, and says what to do where it cannot set up."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def test_help_lists_every_target_that_people_call() -> None:
    said = make(ROOT, "help").stdout
    named = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named
    assert all(f"make {target} " in said for target in named[1].split())


def test_without_python_the_message_names_the_way_out(fresh: Path) -> None:
    done = make(fresh, "run", "PYTHON=python-that-is-not-here")
    assert done.returncode == 2
    assert "3.11" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (fresh / ".venv").exists()


def test_an_old_python_is_refused_with_its_version(fresh: Path) -> None:
    old = fresh / "old-python"
    old.write_text('#!/bin/sh\ntest "$1" = -V && echo "Python 3.9.2" || exit 1\n')
    old.chmod(0o755)
    done = make(fresh, "run", f"PYTHON={old}")
    assert done.returncode == 2
    assert "Python 3.9.2" in done.stderr
    assert not (fresh / ".venv").exists()


def test_constraints_pin_versions_and_nothing_else() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", line) for line in lines)


def test_the_ci_script_ends_in_the_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "make test"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
