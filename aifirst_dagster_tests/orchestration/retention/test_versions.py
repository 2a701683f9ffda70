"""Old versions go; what is current, read, pinned, young or made use of stays, also where a purge is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aifirst_dagster.datasets.store import DatasetStore, Manifest, Version
from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster.orchestration.retention import Retention, retention
from aifirst_dagster.orchestration.retention.pins import pin, pins, unpin
from aifirst_dagster.orchestration.retention.settings import Versions
from aifirst_dagster.orchestration.retention.versions import OUT, clear_out, old_versions, remove
from aifirst_dagster.project import Project

NOW = datetime.now(UTC)


def made(store: DatasetStore, number: int, step: str = "s", partition: str | None = None, **other: object) -> Version:
    """A version that was published `number` hours ago, replaced by the next."""
    writer = store.write("p", step, partition)
    writer.data_path().write_bytes(b"x" * 1_000)
    manifest = Manifest("p", step, partition, writer.version, "", "run", 1, 1, **other)  # type: ignore[arg-type]
    version = writer.publish(manifest, keep=1_000)
    aged(version.folder, number)
    time.sleep(0.002)  # names are moments of milliseconds
    return version


def aged(folder: Path, hours: float) -> None:
    then = time.time() - hours * 3_600
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (then, then))


def names(store: DatasetStore, wanted: Versions, **other: object) -> list[str]:
    return [one.name for one in old_versions(store.root, wanted, NOW, **other)]  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(tmp_path / "datasets")


def test_all_but_the_newest_may_go(store: DatasetStore):
    versions = [made(store, 50 - number) for number in range(6)]
    assert names(store, Versions(keep=2)) == [one.folder.name for one in reversed(versions[:4])]
    assert names(store, Versions(keep=6)) == []
    assert len(names(store, Versions(keep=1))) == 5


def test_each_partition_is_a_dataset(store: DatasetStore):
    for key in ("a/b", "2026-01-01"):
        for number in range(3):
            made(store, 50 - number, partition=key)
    assert len(names(store, Versions(keep=1))) == 4


def test_the_current_version_stays_however_old(store: DatasetStore):
    first, *_ = [made(store, 50 - number) for number in range(4)]
    (store.place("p", "s") / "current").write_text(first.folder.name)  # undone
    assert first.folder.name not in names(store, Versions(keep=1))
    assert len(names(store, Versions(keep=1))) == 2


def test_young_ones_stay_where_wanted(store: DatasetStore):
    for number in range(6):
        made(store, (5 - number) * 24 + 2)
    assert len(names(store, Versions(keep=1, days="3d"))) == 3


def test_what_was_current_while_a_run_or_a_reader_was_at_work_stays(store: DatasetStore):
    made(store, 50), made(store, 40), made(store, 30), made(store, 20)
    began = NOW - timedelta(hours=35)
    assert len(names(store, Versions(keep=1), oldest_run=began)) == 1, "current from hour 50 to 40 only"
    made(store, 0.5)
    assert len(names(store, Versions(keep=1))) == 3, "the one before was read half an hour ago, perhaps"


def test_what_a_current_version_was_made_from_and_what_a_remedy_goes_back_to_stays(store: DatasetStore):
    sources = [made(store, 50 - number) for number in range(4)]
    made(store, 30, "t", inputs={"s": [sources[1].folder.name]})
    assert sources[1].folder.name not in names(store, Versions(keep=1))
    remedied = [made(store, 20 - number, "r") for number in range(3)]
    made(store, 15, "r", details={"remediation": {"from": remedied[0].folder.name}})
    assert remedied[0].folder.name not in names(store, Versions(keep=1))


def test_leftovers_of_killed_runs_go_when_nobody_writes_them_any_more(store: DatasetStore):
    made(store, 50)
    left, fresh = store.write("p", "s"), store.write("p", "s")
    aged(left.folder, 5)
    (found,) = old_versions(store.root, Versions(), NOW)
    assert (found.name, found.leftover) == (left.version, True)
    assert names(store, Versions(), oldest_run=NOW - timedelta(hours=6)) == [], "it may be that run's"
    assert fresh.folder.is_dir()


def test_a_dataset_whose_current_version_is_damaged_is_left_alone(store: DatasetStore):
    versions = [made(store, 50 - number) for number in range(4)]
    (versions[-1].folder / "manifest.json").unlink()
    assert names(store, Versions(keep=1)) == []


def test_a_pinned_version_stays_until_it_is_let_go(store: DatasetStore):
    versions = [made(store, 50 - number) for number in range(4)]
    name = versions[0].folder.name
    pin(store, "p/s", name, None, "me", "the audit")
    aged(versions[0].folder, 50)
    assert name not in names(store, Versions(keep=1))
    (kept,) = pins(store)
    assert (kept["dataset"], kept["version"], kept["by"], kept["why"]) == ("p/s", name, "me", "the audit")
    for _ in range(3):
        made(store, 10)
    writer = store.write("p", "s")
    writer.publish(Manifest("p", "s", None, writer.version, "", "run", 0, 0), keep=1)
    assert versions[0].folder.is_dir(), "publication sweeps no pinned one either"
    unpin(store, "p/s", name)
    aged(versions[0].folder, 50)
    assert name in names(store, Versions(keep=1)) or not versions[1].folder.is_dir()
    with pytest.raises(InputError, match="not pinned"):
        unpin(store, "p/s", name)


def test_a_pin_of_what_is_not_there_says_what_is(store: DatasetStore):
    version = made(store, 1)
    with pytest.raises(InputError, match="no dataset 'p/x'") as caught:
        pin(store, "p/x", None, None, "me")
    assert "p/s" in caught.value.hint
    with pytest.raises(InputError, match="no version 'v'") as caught:
        pin(store, "p/s", "v", None, "me")
    assert version.folder.name in caught.value.hint
    assert pin(store, "p/s", None, None, "me")["version"] == version.folder.name


_KILLED = """
import os, shutil, sys
from datetime import UTC, datetime
from pathlib import Path
from aifirst_dagster.orchestration.retention import versions
from aifirst_dagster.orchestration.retention.settings import Versions

root = Path(sys.argv[1])
def die(folder, **_):
    os.unlink(next(Path(folder).rglob("*.parquet")))
    os._exit(9)
shutil.rmtree = die
for one in versions.old_versions(root, Versions(keep=1), datetime.now(UTC)):
    versions.remove(one, root)
"""


def test_a_killed_purge_leaves_every_version_whole_or_gone(store: DatasetStore):
    versions = [made(store, 50 - number) for number in range(4)]
    done = subprocess.run([sys.executable, "-c", _KILLED, str(store.root)], check=False)
    assert done.returncode == 9
    left = [one.folder for one in versions if one.folder.is_dir()]
    assert len(left) == 3
    for folder in left:
        assert (folder / "manifest.json").is_file()
        assert list(folder.rglob("*.parquet"))
    assert store.open("p", "s").versions[0].folder == versions[-1].folder
    assert any((store.root.parent / OUT).iterdir())
    clear_out(store.root)
    for one in old_versions(store.root, Versions(keep=1), NOW):
        remove(one, store.root)
    assert [one.folder.is_dir() for one in versions] == [False, False, False, True]
    assert not (store.root.parent / OUT).exists() or not any((store.root.parent / OUT).iterdir())


def test_settings_are_strict_and_say_where(tmp_path: Path):
    project = Project(tmp_path)
    assert retention(project) == Retention()
    file = tmp_path / "resources" / "retention.yaml"
    file.parent.mkdir()
    file.write_text("versions: {keep: 3}\nruns: null\nanswers: 10d\n")
    found = retention(project)
    assert (found.versions.most, found.runs, found.answers, found.ledger) == (3, None, "10d", "730d")
    for text, said in (("runz: 3d", "runz"), ("runs: soon", "soon"), ("versions: {keep: 0}", "keep")):
        file.write_text(text)
        with pytest.raises(ConfigError, match=said) as caught:
            retention(project)
        assert caught.value.line == 1
    assert json.dumps(Retention().model_dump())
