"""How a command's process ends: its output whole, its scratch files gone, a full disk said in words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "aifirst_dagster.cli.main"]


def ended(arguments: list[str], tmp_path: Path, **given: object) -> subprocess.CompletedProcess[str]:
    """A command run to its end, with a folder of its own for temporary files."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    environment = os.environ | {"TMPDIR": str(scratch)}
    return subprocess.run([*COMMAND, *arguments], text=True, env=environment, **given)  # type: ignore[call-overload]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A table that is not UTF-8, so that reading it takes a scratch file."""
    path = tmp_path / "prices.csv"
    path.write_bytes("name,price\nJürgen,1\nInés,2\n".encode("cp1252"))
    return path


def test_nothing_is_left_behind_and_nothing_is_missing(file: Path, tmp_path: Path):
    done = ended(["infer", str(file), "--json"], tmp_path, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("}\n")
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_an_output_that_is_full_is_said(file: Path, tmp_path: Path, arguments: list[str]):
    with Path("/dev/full").open("w") as full:
        done = ended(["infer", str(file), *arguments], tmp_path, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "error: No space left on device"
    assert "Traceback" not in done.stderr


def test_closed_outputs_are_no_trouble(file: Path, tmp_path: Path):
    shut = f'exec "{sys.executable}" -m aifirst_dagster.cli.main infer "{file}" --json >&- 2>&-'
    assert subprocess.run(["sh", "-c", shut]).returncode == 0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that takes a second or two."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    with path.open("w") as file:
        file.write("id,day,town,note\n")
        file.writelines(f"{at},2024-01-{at % 28 + 1:02},town {at % 41},{'x' * 60}\n" for at in range(700_000))
    return path


@pytest.mark.parametrize("after", [0.6, 0.9, 1.2, 1.5])
def test_ctrl_c_is_no_defect_whatever_is_at_work(large: Path, tmp_path: Path, after: float):
    process = subprocess.Popen(
        [*COMMAND, "profile", str(large)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.lstrip()) == (130, "error: Interrupted.\n  Run the same command again.\n")


def test_a_bad_input_keeps_its_exit_code(tmp_path: Path):
    done = ended(["infer", str(tmp_path / "missing.csv")], tmp_path, capture_output=True)
    assert done.returncode == 2
    assert "There is no such file" in done.stderr
