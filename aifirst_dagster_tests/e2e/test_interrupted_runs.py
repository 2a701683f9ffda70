"""Runs that do not end well: killed, interrupted, on a full disk. What was there stays, and the next run is whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from aifirst_dagster.datasets.store import DatasetStore
from aifirst_dagster_tests.e2e import scenes, workplace
from aifirst_dagster_tests.e2e.graphql import until
from aifirst_dagster_tests.e2e.workplace import Workplace

pytestmark = pytest.mark.e2e

ROWS = 400_000


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    made = workplace.make(tmp_path)
    yield made
    assert not made.processes(), "no process is left behind"


def big(place: Workplace, rows: int = ROWS, name: str = "big.csv") -> Path:
    """A file whose load takes long enough to be killed in."""
    path = place.root / "in" / name
    path.parent.mkdir(exist_ok=True)
    query = f"SELECT i AS id, 'person ' || i AS name, i % 90 AS age, md5(i::VARCHAR) AS code FROM range({rows}) t(i)"
    with duckdb.connect() as con:
        con.execute(f"COPY ({query}) TO '{path}' (HEADER)")
    return path


def one(query: str) -> tuple[int, ...]:
    """The only row of a query."""
    with duckdb.connect() as con:
        (row,) = con.execute(query).fetchall()
        return row


def begun(place: Workplace, step: str, seen: set[str]) -> Path | None:
    """The folder of a version that is being written."""
    home = place.home / "datasets" / "big" / step / "_all"
    new = [path for path in home.glob("*-*") if path.name not in seen] if home.is_dir() else []
    return new[0] if new else None


def rows_in(place: Workplace, step: str) -> int:
    """Rows that a reader sees now."""
    version = DatasetStore(place.home / "datasets").open("big", step).versions[0]
    return int(one(f"SELECT count(*) FROM read_parquet({[str(part) for part in version.parts]})")[0])


def statuses(place: Workplace) -> list[str]:
    """The status of every run in the instance, oldest first."""
    database = place.home / "dagster" / "history" / "runs.db"
    import sqlite3

    with sqlite3.connect(database) as connection:
        return [row[0] for row in connection.execute("SELECT status FROM runs ORDER BY id")]


def test_a_run_killed_in_the_middle_of_a_step_leaves_what_was_there_and_runs_again(place: Workplace) -> None:
    big(place, 1000, "a.csv")
    place.pipeline(
        "big",
        [
            scenes.load("in/*.csv", load="new_files"),
            scenes.query("SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM raw"),
        ],
    )
    first = place.aifirst("run", "big")
    assert first.code == 0, first.said
    reader = DatasetStore(place.home / "datasets").open("big", "raw")
    big(place, ROWS, "b.csv")

    seen = {path.name for path in (place.home / "datasets/big/raw/_all").iterdir()}
    process = place.start("run", "big")
    begun_folder = until(lambda: begun(place, "raw", seen), 60, "the step to begin", pause=0.005)
    time.sleep(random.uniform(0.05, 0.5))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert begun_folder.is_dir(), "it was killed while it wrote"
    assert not (begun_folder / "manifest.json").exists()
    assert rows_in(place, "raw") == 1000, "readers see the version before, whole"
    assert one(f"SELECT count(*) FROM {reader.scan()}") == (1000,)

    again = place.aifirst("run", "big")
    assert again.code == 0, again.said
    assert rows_in(place, "raw") == 1000 + ROWS, "both files once"
    version = DatasetStore(place.home / "datasets").open("big", "kept").versions[0]
    counts = one(f"SELECT rows, ids FROM read_parquet('{version.parts[0]}')")
    assert counts == (1000 + ROWS, ROWS), "no row twice but those that both files hold"
    files = DatasetStore(place.home / "datasets").open("big", "raw").versions[0].manifest.details["files"]
    assert sorted(Path(path).name for path in files) == ["a.csv", "b.csv"]
    assert one(f"SELECT count(*) FROM {reader.scan()}") == (1000,), "a pinned reader is not disturbed"
    assert statuses(place) == ["SUCCESS", "FAILURE", "SUCCESS"], "the killed run does not count as running for ever"


def test_ctrl_c_ends_a_run_with_130_and_publishes_nothing(place: Workplace) -> None:
    big(place)
    place.pipeline("big", [scenes.load("in/big.csv"), scenes.query("SELECT * FROM raw")])
    process = place.start("run", "big")
    until(lambda: begun(place, "raw", set()), 60, "the step to begin", pause=0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    home = place.home / "datasets/big/raw/_all"
    assert not (home / "current").exists()
    assert not [path for path in home.iterdir() if path.is_dir()], "what was begun is removed"
    assert statuses(place)[0] in ("CANCELED", "FAILURE")


@pytest.fixture
def small_disk(place: Workplace) -> Iterator[Path]:
    """A file system of 12 MB for datasets."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    folder = place.root / "disk"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder], capture_output=True, text=True)
    if mount.returncode != 0:
        pytest.skip(f"cannot mount here: {mount.stderr}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_worded_and_the_version_before_stays(place: Workplace, small_disk: Path) -> None:
    big(place, 1000)
    place.pipeline("big", [scenes.load("in/big.csv")])
    (place.home / "dagster").mkdir(parents=True)
    shutil.copy(place.root / "dagster.yaml", place.home / "dagster")
    (place.home / "datasets").symlink_to(small_disk)
    first = place.aifirst("run", "big")
    assert first.code == 0, first.said
    big(place, 1_500_000)
    full = place.aifirst("run", "big")
    assert full.code == 2, full.said
    assert "Traceback" not in full.said
    assert "space" in full.said.lower(), full.said
    assert rows_in(place, "raw") == 1000
    home = place.home / "datasets/big/raw/_all"
    assert len([path for path in home.iterdir() if path.is_dir()]) == 1, "the half-written version is gone"
    third = big(place, 2000) and place.aifirst("run", "big")
    assert third.code == 0, third.said
    assert rows_in(place, "raw") == 2000
