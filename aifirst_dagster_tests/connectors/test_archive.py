"""Archives of many files, and what hostile ones may not do."""

from __future__ import annotations

import gzip
import io
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest

from aifirst_dagster.connectors import bounds
from aifirst_dagster.errors import InputError, UnsureError
from aifirst_dagster_tests.connectors.reading import Seen, look, seen

A, B = "id,name\n1,Ada\n2,Bo\n", "id,name\n3,Cy\n"
Files = dict[str, str | bytes]


def zipped(files: Files, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: Files, mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            held = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(name)
            info.size = len(held)
            archive.addfile(info, io.BytesIO(held))
    return out.getvalue()


def sources(got: Seen, folder: Path) -> list[str]:
    return [name.removeprefix(f"{folder}/") for name in got.table.files]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("all.zip", zipped({"a.csv": A, "in/b.csv": B})),
        ("all.tar", tarred({"a.csv": A, "in/b.csv": B}, "w")),
        ("all.tar.gz", tarred({"a.csv": A, "in/b.csv": B})),
        ("all.tgz", tarred({"./a.csv": A, "./in/b.csv": B})),
        ("all.tar.xz", tarred({"a.csv": A, "in/b.csv": B}, "w:xz")),
    ],
)
def test_all_data_files_are_read_as_one_table(tmp_path: Path, name: str, content: bytes) -> None:
    got = seen(tmp_path, content, name=name)
    assert got.rows == [("1", "Ada"), ("2", "Bo"), ("3", "Cy")]
    assert sources(got, tmp_path) == [f"{name}#a.csv", f"{name}#in/b.csv"]
    assert got.lines == [2, 3, 2]


def test_files_are_chosen_by_name_or_pattern(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped({"a.csv": A, "in/b.csv": B, "in/deep/c.csv": "other\n9\n8\n"}))
    assert look([Path(f"{tmp_path}/x.zip#in/*.csv")]).rows == [("3", "Cy")]
    assert look([Path(f"{tmp_path}/x.zip#in/deep/c.csv")]).rows == [("9",), ("8",)]
    assert look([Path(f"{tmp_path}/x.zip#a.csv")]).table.files == [f"{tmp_path}/x.zip#a.csv"]
    with pytest.raises(InputError, match="no file 'nope") as caught:
        look([Path(f"{tmp_path}/x.zip#nope.csv")])
    assert "in/b.csv" in caught.value.hint


def test_what_is_no_data_is_left_out_and_said(tmp_path: Path) -> None:
    held: Files = {"a.csv": A, "README.txt": "hello", "LICENSE": "x", "logo.png": b"\x89PNG", "__MACOSX/._a.csv": "x"}
    got = seen(tmp_path, zipped(held), name="x.zip")
    assert len(got.rows) == 2
    assert "README.txt" in got.table.notices[0]
    assert "x.zip#LICENSE" in got.table.notices[0]


def test_different_tables_in_one_archive_are_not_mixed_unasked(tmp_path: Path) -> None:
    content = zipped({"people.csv": A, "prices.csv": "item,eur\ntea,3\n"})
    with pytest.raises(UnsureError, match="different tables") as caught:
        seen(tmp_path, content, name="x.zip")
    assert "x.zip#prices.csv" in caught.value.hint
    got = seen(tmp_path, content, name="x.zip", accept_unsure=True)
    assert len(got.rows) == 3


def test_any_format_may_be_inside_and_packed_again(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.db") as con:
        con.execute("CREATE TABLE t AS SELECT 4 AS id, 'Di' AS name")
    con.close()
    held: Files = {
        "a.csv.gz": gzip.compress(A.encode()),
        "b.json": '[{"id": 3, "name": "Cy"}]',
        "d.db": (tmp_path / "d.db").read_bytes(),
        "e.zip": zipped({"f.csv": "id,name\n5,Ed\n", "g.csv": "id,name\n6,Fi\n"}),
    }
    got = seen(tmp_path, zipped(held), name="x.zip")
    assert sorted(str(row[1]) for row in got.rows) == ["Ada", "Bo", "Cy", "Di", "Ed", "Fi"]
    assert f"{tmp_path}/x.zip#e.zip#f.csv" in got.table.files


def test_a_table_of_a_database_in_an_archive_is_named_through_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.db") as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
        con.execute("CREATE TABLE u AS SELECT 2 AS b UNION SELECT 3")
    con.close()
    (tmp_path / "x.zip").write_bytes(zipped({"d.db": (tmp_path / "d.db").read_bytes(), "y.csv": A}))
    assert look([Path(f"{tmp_path}/x.zip#d.db#t")]).rows == [(1,)]


def test_names_that_climb_write_nowhere(tmp_path: Path) -> None:
    names = ["../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "a\x1b[31m\n.csv"]
    for content in (zipped(dict.fromkeys(names, A)), tarred(dict.fromkeys(names, A))):
        got = seen(tmp_path, content, name="x.archive", bounds=bounds.Bounds(members=10))
        assert len(got.rows) == 8
        assert not any("\n" in name or "\x1b" in name for name in got.table.files)
    assert [one.name for one in tmp_path.iterdir()] == ["x.archive"]
    assert not list(tmp_path.parent.glob("evil*"))


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, to in (("l.csv", tarfile.SYMTYPE, "/etc/passwd"), ("h.csv", tarfile.LNKTYPE, "/etc/passwd")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, to
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("pipe.csv"))
        info = tarfile.TarInfo("a.csv")
        info.size = len(A)
        archive.addfile(info, io.BytesIO(A.encode()))
    got = seen(tmp_path, out.getvalue(), name="x.tar")
    assert not any("l.csv" in name or "h.csv" in name for name in got.table.files)
    assert len(got.rows) == 2


def test_a_zip_bomb_is_stopped(tmp_path: Path) -> None:
    few = bounds.Bounds(free=1 << 20)
    big = "0" * (64 << 20)
    for name, content in (("b.zip", zipped({"a.csv": big})), ("b.csv.gz", gzip.compress(big.encode(), 9))):
        with pytest.raises(InputError, match="zip bomb"):
            seen(tmp_path, content, name=name, bounds=few)
    nested = zipped({"a.csv": big})
    for _ in range(3):
        nested = zipped({"n.zip": nested})
    with pytest.raises(InputError, match=r"zip bomb|Archives in archives"):
        seen(tmp_path, nested, name="n.zip", bounds=few)


def test_the_limit_may_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bounds.LIMIT, "1000")
    with pytest.raises(InputError, match="more than 1,000 bytes"):
        seen(tmp_path, zipped({"a.csv": A * 100, "b.csv": A}), name="b.zip")


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    for content in (zipped({f"{n}.csv": A for n in range(11)}), tarred({f"{n}.csv": A for n in range(11)})):
        with pytest.raises(InputError, match="at most 10"):
            seen(tmp_path, content, name="x.archive", bounds=bounds.Bounds(members=10))


def test_locked_damaged_and_empty_ones_are_worded(tmp_path: Path) -> None:
    locked = bytearray(zipped({"a.csv": A, "b.csv": B}))
    for at in range(len(locked) - 4):
        if locked[at : at + 4] == b"PK\x01\x02":
            locked[at + 8] |= 1
    with pytest.raises(InputError, match="locked with a password"):
        seen(tmp_path, bytes(locked), name="x.zip")
    whole = zipped({"a.csv": A * 1000, "b.csv": B}, zipfile.ZIP_STORED)
    for content in (whole[:-30], whole[:3000], whole[:500] + b"\xff" * 20 + whole[520:]):
        with pytest.raises(InputError, match="damaged"):
            seen(tmp_path, content, name="x.zip")
    with pytest.raises(InputError, match="damaged"):
        seen(tmp_path, tarred({"a.csv": A * 100, "b.csv": B}, "w")[:1000], name="x.tar")
    with pytest.raises(InputError, match="no data files"):
        seen(tmp_path, zipped({}), name="x.zip")
    with pytest.raises(InputError, match="7z archive"):
        seen(tmp_path, b"7z\xbc\xaf\x27\x1c" + bytes(100), name="x.7z")
