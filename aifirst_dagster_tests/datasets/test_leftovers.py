"""What killed processes leave in the temporary folder goes with the next large read; what others use stays."""

import os
import subprocess
import sys
import time

import pytest

from aifirst_dagster.datasets.leftovers import sweep

DAY = 24 * 3600


@pytest.fixture
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def made(folder, name, age, inner=None):
    path = folder / name
    if inner is None:
        path.write_text("x")
    else:
        path.mkdir()
        (path / "spill").write_text("x")
        os.utime(path / "spill", (time.time() - inner,) * 2)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_what_dead_processes_left_goes_once_a_day_old(tmp_path, dead):
    left = [
        made(tmp_path, f"aifirst-duckdb-{dead}-ab1_.duckdb.wal", 2 * DAY),
        made(tmp_path, f"aifirst-duckdb-{dead}", 2 * DAY, inner=2 * DAY),
        made(tmp_path, f"aifirst-read-{dead}-q2", 2 * DAY, inner=2 * DAY),
    ]
    kept = [
        made(tmp_path, f"aifirst-duckdb-{dead}-young.duckdb", 60),
        made(tmp_path, f"aifirst-duckdb-{dead}-still", 2 * DAY, inner=60),
        made(tmp_path, f"aifirst-duckdb-{os.getpid()}", 2 * DAY, inner=2 * DAY),
        made(tmp_path, "aifirst-duckdb-notes", 2 * DAY),
        made(tmp_path, f"duckdb-{dead}", 2 * DAY),
    ]
    assert sorted(sweep(tmp_path)) == sorted(left)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    assert sweep(tmp_path) == []
