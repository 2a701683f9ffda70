"""Listing, unpacking and telling files apart."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pytest

from aifirst_dagster.connectors import content_hash, expand
from aifirst_dagster.errors import InputError
from aifirst_dagster_tests.connectors.reading import look, seen

CSV = b"a,b\n1,2\n3,4\n"


def test_half_copied_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden.csv", "~$a.csv", "c.csv.part", "d.tmp", "e.crdownload"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in expand("", tmp_path)] == ["a.csv", "b.csv"]
    assert [path.name for path in expand("*.csv", tmp_path)] == ["a.csv", "b.csv"]


def test_a_name_with_brackets_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "[a].csv").write_text("x")
    assert [path.name for path in expand("[a].csv", tmp_path)] == ["[a].csv"]


def test_a_missing_file_is_worded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        expand("nope.csv", tmp_path)
    with pytest.raises(InputError, match="no such file"):
        look([tmp_path / "nope.csv"])


def test_contents_alone_tell_hashes_apart(tmp_path: Path) -> None:
    for name, text in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).write_text(text)
    assert content_hash(tmp_path / "a") == content_hash(tmp_path / "b") != content_hash(tmp_path / "c")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compression_is_seen_through_whatever_the_name(tmp_path: Path, pack: object) -> None:
    assert seen(tmp_path, pack(CSV), name="data.bin").rows == [("1", "2"), ("3", "4")]  # type: ignore[operator]


def test_zstd_is_seen_through(tmp_path: Path) -> None:
    import pyarrow

    with pyarrow.output_stream(str(tmp_path / "x.csv.zst"), compression="zstd") as out:
        out.write(CSV)
    assert look([tmp_path / "x.csv.zst"]).rows == [("1", "2"), ("3", "4")]


def test_a_zip_of_one_file_is_seen_through(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("folder/data.csv", CSV)
        archive.writestr("__MACOSX/._data.csv", b"\0")
    assert look([tmp_path / "one.zip"]).rows == [("1", "2"), ("3", "4")]


def test_a_cut_off_archive_is_worded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="damaged"):
        seen(tmp_path, gzip.compress(CSV * 1000)[:40], name="data.csv.gz")


def test_a_workbook_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.csv", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(InputError, match="workbook cannot be read"):
        look([tmp_path / "book.csv"])
