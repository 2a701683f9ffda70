"""Dataset versions: published as a whole or not at all, kept for whoever reads them, swept when nobody can."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aifirst_dagster.datasets import parquet
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.datasets.store import SAFE_AGE_SECONDS, DatasetStore, Manifest, Version, VersionWriter
from aifirst_dagster.errors import InputError, StorageError

HOUR_AGO = SAFE_AGE_SECONDS + 60


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(tmp_path / "datasets")


def written(store: DatasetStore, query: str, partition: str | None = None) -> VersionWriter:
    writer = store.write("shop", "orders", partition)
    with connect() as con:
        parquet.write(con, query, writer.data_path())
    return writer


def published(store: DatasetStore, query: str, partition: str | None = None, keep: int | None = None) -> Version:
    writer = written(store, query, partition)
    return writer.publish(manifest(writer), keep)


def manifest(writer: VersionWriter) -> Manifest:
    return Manifest("shop", "orders", writer.partition, writer.version, "now", "run", rows_in=1, rows_out=1)


def values(version_or_dataset) -> list[int]:
    scan = getattr(version_or_dataset, "scan", None)
    source = scan() if scan else f"read_parquet('{version_or_dataset.parts[0]}')"
    with connect() as con:
        return [row[0] for row in con.execute(f"SELECT a FROM {source} ORDER BY a").fetchall()]


def age(folder: Path, seconds: float = HOUR_AGO) -> None:
    then = time.time() - seconds
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (then, then))


def test_a_version_is_invisible_until_it_is_published(store):
    first = published(store, "SELECT 1 AS a")
    writer = written(store, "SELECT 2 AS a")
    assert store.current("shop", "orders").manifest.version == first.manifest.version
    assert values(store.open("shop", "orders")) == [1]
    writer.publish(manifest(writer))
    assert values(store.open("shop", "orders")) == [2]


def test_a_dataset_without_a_published_version_is_a_worded_error(store):
    written(store, "SELECT 1 AS a")
    assert store.current("shop", "orders") is None
    with pytest.raises(InputError, match="shop/orders has no data yet") as caught:
        store.open("shop", "orders")
    assert "run the pipeline" in caught.value.hint


def test_a_reader_keeps_the_version_it_began_with_while_others_are_published_and_swept(store):
    published(store, "SELECT 1 AS a")
    reading = store.open("shop", "orders")
    for number in range(2, 6):
        published(store, f"SELECT {number} AS a", keep=1)
    assert values(reading) == [1]
    assert values(store.open("shop", "orders")) == [5]


def test_versions_beyond_those_kept_go_once_nobody_can_be_reading_them(store):
    old = [published(store, f"SELECT {number} AS a", keep=2) for number in range(4)]
    for version in old:
        age(version.folder)
    newest = published(store, "SELECT 9 AS a", keep=2)
    left = {path.name for path in newest.folder.parent.iterdir() if path.is_dir()}
    assert left == {old[-1].manifest.version, newest.manifest.version}


def test_how_many_versions_are_kept_is_a_setting(store, monkeypatch):
    monkeypatch.setenv("AIFIRST_KEEP_VERSIONS", "3")
    for number in range(5):
        age(published(store, f"SELECT {number} AS a").folder)
    newest = published(store, "SELECT 9 AS a")
    assert len([path for path in newest.folder.parent.iterdir() if path.is_dir()]) == 3


def test_the_current_version_is_never_swept_even_when_newer_ones_were_undone(store):
    first = published(store, "SELECT 1 AS a")
    for number in range(3):
        age(published(store, f"SELECT {number} AS a").folder)
    age(first.folder)
    pointer = first.folder.parent / "current"
    pointer.write_text(first.manifest.version)
    written(store, "SELECT 7 AS a").discard()
    from aifirst_dagster.datasets import store as module

    module._sweep(first.folder.parent, 1)
    assert values(store.open("shop", "orders")) == [1]


def test_what_a_killed_writer_left_is_swept_by_a_later_publication(store):
    script = (
        "import os, sys, pathlib\n"
        "from aifirst_dagster.datasets.store import DatasetStore\n"
        "writer = DatasetStore(pathlib.Path(sys.argv[1])).write('shop', 'orders')\n"
        "writer.data_path().write_bytes(b'half a file')\n"
        "print(writer.folder, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, store.root], capture_output=True, text=True)
    leftover = Path(done.stdout.strip())
    assert done.returncode == -9 and leftover.is_dir()
    assert store.current("shop", "orders") is None
    published(store, "SELECT 1 AS a")
    assert leftover.is_dir(), "young: somebody might still be writing it"
    age(leftover)
    published(store, "SELECT 2 AS a")
    assert not leftover.exists()


def test_a_writer_that_takes_hours_is_not_swept_while_its_files_grow(store):
    slow = written(store, "SELECT 1 AS a")
    age(slow.folder, 7200)
    slow.data_path().touch()
    published(store, "SELECT 2 AS a")
    assert slow.data_path().is_file()


def test_a_writer_that_fails_leaves_nothing(store):
    writer = written(store, "SELECT 1 AS a")
    writer.discard()
    assert not writer.folder.exists()


@pytest.mark.parametrize("key", ["2026-01-01", "in/by day/ä ö.csv", "../../escape", "日本", ".", "..", "a%2Fb", "_all"])
def test_any_partition_key_has_a_folder_of_its_own_below_the_dataset(store, key):
    version = published(store, "SELECT 5 AS a", key)
    published(store, "SELECT 6 AS a")
    assert store.root / "shop" / "orders" in version.folder.resolve().parents
    assert len(version.folder.relative_to(store.root / "shop" / "orders").parts) == 2
    assert store.partitions("shop", "orders") == [key]
    assert values(store.open("shop", "orders", [key])) == [5]
    assert values(store.open("shop", "orders")) == [6]


def test_partitions_are_read_together_and_missing_ones_are_left_out(store):
    published(store, "SELECT 1 AS a", "x")
    published(store, "SELECT 2 AS a", "y")
    assert values(store.open("shop", "orders", ["x", "y", "z"])) == [1, 2]


def test_a_damaged_manifest_is_a_worded_error_with_its_place(store):
    version = published(store, "SELECT 1 AS a")
    (version.folder / "manifest.json").write_text('{"pipeline": "shop", "step"')
    with pytest.raises(StorageError, match="is damaged") as caught:
        store.open("shop", "orders")
    assert caught.value.file == str(version.folder)
    assert "Materialise the step again" in caught.value.hint


def test_a_missing_version_behind_the_pointer_is_a_worded_error(store):
    version = published(store, "SELECT 1 AS a")
    (version.folder.parent / "current").write_text("20200101T000000000-abcdef")
    with pytest.raises(StorageError, match="20200101T000000000-abcdef is damaged"):
        store.open("shop", "orders")


def test_an_unchanged_file_is_linked_not_copied(store):
    version = published(store, "SELECT 1 AS a")
    writer = store.write("shop", "kept")
    linked = writer.link(version.parts[0])
    assert linked.stat().st_ino == version.parts[0].stat().st_ino


def test_the_content_hash_is_that_of_the_rows_in_any_order_and_of_nothing_hidden(tmp_path):
    base = "FROM (VALUES (1, 'a', NULL), (2, 'b', 3.5), (2, 'b', 3.5)) t(x, y, z)"
    with connect() as con:

        def digest(query: str) -> str:
            return parquet.content_hash(con, f"({query})")

        same = digest(f"SELECT * {base} ORDER BY x")
        assert same == digest(f"SELECT * {base} ORDER BY x DESC")
        assert same == digest(f"SELECT *, 'f.csv' AS _source, 7 AS _source_line {base}")
        assert same != digest(f"SELECT DISTINCT * {base}")
        assert same != digest(f"SELECT x, y AS why, z {base}")
        assert same != digest(f"SELECT y, x, z {base}")
        assert digest("SELECT 1 AS x, 2 AS y") != digest("SELECT 2 AS x, 1 AS y")


def test_rows_are_counted_from_the_files_themselves(store, tmp_path):
    with connect() as con:
        parquet.write(con, "FROM range(7) t(a)", tmp_path / "x.parquet")
        assert parquet.count(con, tmp_path / "x.parquet", tmp_path / "missing.parquet") == 7
        assert parquet.count(con) == 0


def test_a_folder_that_cannot_be_made_is_a_worded_error(tmp_path):
    (tmp_path / "datasets").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="Cannot write") as caught:
        DatasetStore(tmp_path / "datasets").write("shop", "orders")
    assert "AIFIRST_HOME" in caught.value.hint
