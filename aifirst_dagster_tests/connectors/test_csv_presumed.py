"""Large files are taken for what their beginning is; where their end differs, they read as if it had been known."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster import connectors
from aifirst_dagster.connectors.base import ReadOptions
from aifirst_dagster.datasets import session
from aifirst_dagster.errors import InputError

ROW, ROWS = b"%07d,Berlin,1.50\n", 220_000
HEAD = b"id,city,price\n"


@pytest.fixture(scope="module")
def body() -> bytes:
    """Some 4.4 MB of plain rows."""
    return HEAD + b"".join(ROW % number for number in range(ROWS))


def read(path: Path, encoding: str | None = None) -> tuple[object, ...]:
    """What reading `path` gives: counts, dialect, the last rows, and what was set aside."""
    with session.connect() as con:
        table = connectors.read(con, [path], options=ReadOptions(encoding=encoding))
        last = con.execute(
            f'SELECT id, city, price, _source_line FROM "{table.relation}" ORDER BY _source_line DESC LIMIT 4'
        ).fetchall()
        aside = con.execute(f'SELECT _source_line, text FROM "{table.rejects}"').fetchall()
        assert table.dialect is not None
        return table.records, table.rejected, table.dialect.model_dump(), last, aside


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"x,\xc3\x9alm,2",
        b"x,Ulm,2\r\n",
        b'x,"two\nlines",2\n',
        b"x,Ulm,2,too many\n",
        b"x,Ulm\n",
        b'x,"never closed,2\n',
        b"\n\n",
        b"x,U\x00lm,2\n",
    ],
    ids=["regular", "unended", "return", "two lines", "wide", "narrow", "open", "blank", "nul"],
)
def test_an_odd_end_reads_as_if_it_had_been_known(body: bytes, end: bytes, tmp_path: Path):
    path = tmp_path / "large.csv"
    path.write_bytes(body + end)
    assert read(path) == read(path, "utf-8")


def test_other_line_ends_and_marks(body: bytes, tmp_path: Path):
    path = tmp_path / "large.csv"
    path.write_bytes(b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n"))
    found = read(path)
    assert found == read(path, "utf-8")
    assert found[0] == ROWS
    path.write_bytes(body.replace(b"\n", b"\r\n") + b"x,Ulm,2\n")
    assert read(path) == read(path, "utf-8")


def test_an_end_in_another_encoding_decides_for_the_whole(body: bytes, tmp_path: Path):
    path = tmp_path / "large.csv"
    path.write_bytes(body + "x,Köln,2\ny,Zürich,3\n".encode("cp1252"))
    records, rejected, dialect, last, aside = read(path)
    assert (records, rejected, aside) == (ROWS + 2, 0, [])
    assert dialect["encoding"] == "cp1252"  # type: ignore[index]
    assert last[0] == ("y", "Zürich", "3", ROWS + 3)  # type: ignore[index]


def test_one_damaged_line_of_a_large_file_is_set_aside(body: bytes, tmp_path: Path):
    path = tmp_path / "large.csv"
    path.write_bytes(body + "x,Köln,2\n".encode() * 50 + b"y,Z\xfcrich,3\n")
    records, rejected, _, _, aside = read(path)
    assert (records, rejected) == (ROWS + 51, 1)
    assert aside[0][0] == ROWS + 52  # type: ignore[index]


def test_a_table_below_many_blank_lines_is_not_taken_for_nothing(tmp_path: Path):
    path = tmp_path / "blank.csv"
    path.write_bytes(b"\n" * 700_000)
    with session.connect() as con:
        assert connectors.read(con, [path]).records == 0
        path.write_bytes(b"\n" * 700_000 + b"a,b\n1,2\n")
        with pytest.raises(InputError, match="begins with more than 512 KB of blank lines"):
            connectors.read(con, [path])
