"""Text of fixed width: columns told by the places that are blank in every line."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.errors import InputError
from aifirst_dagster_tests.connectors.reading import seen

REPORT = """\
SALES BY TOWN AND MONTH, ALL OFFICES TOGETHER
printed by the night job

Town            Month      Units   Net amount
--------------  -------  -------  -----------
Bad Homburg     2020-01       12     1,200.50
Köln            2020-02        7        99.00
Sankt Augustin  2020-03      133    12,000.10
Bonn            2020-04       40        12.00
Town            Month      Units   Net amount
Ulm             2020-05        1         1.00

Total                        193    13,312.60
Source: the office for numbers, figures are provisional and may change at any time
"""


def test_columns_names_and_notes_are_told_apart(tmp_path: Path) -> None:
    got = seen(tmp_path, REPORT, name="report.txt")
    assert got.table.format == "fixed"
    assert got.table.columns == ["Town", "Month", "Units", "Net amount"]
    assert got.rows[0] == ("Bad Homburg", "2020-01", "12", "1,200.50")
    assert got.lines[:5] == [6, 7, 8, 9, 11]
    assert [(line, reason) for line, reason, _ in got.rejects] == [
        (10, "repeated header"),
        (14, "a word stands across the edge of two columns"),
    ]
    assert any("2 lines above" in text for text in got.table.notices)


def test_a_file_without_names_gets_made_up_ones(tmp_path: Path) -> None:
    text = "".join(f"A{n:03d}  {n * 37:>6}  2020-01-{n:02d}\n" for n in range(1, 20))
    got = seen(tmp_path, text, name="report.txt")
    assert got.table.columns == ["column_1", "column_2", "column_3"]
    assert got.rows[1] == ("A002", "74", "2020-01-02")


@pytest.mark.parametrize("pad", ["characters", "bytes", "cells"])
def test_columns_stand_right_however_letters_are_counted(tmp_path: Path, pad: str) -> None:
    rows = [
        ("東京", "田中", 9),
        ("大阪市", "Smith", 1200),
        ("Kobe", "鈴木一郎", 35),
        ("Nara", "Ito", 7),
        ("京都", "Lee", 80),
    ]

    def places(text: str) -> int:
        return {"characters": len(text), "bytes": len(text.encode()), "cells": len(text.encode("gb18030"))}[pad]

    lines = ["City" + " " * 10 + "Name" + " " * 12 + "   Pop"]
    lines += [f"{c}{' ' * (14 - places(c))}{n}{' ' * (16 - places(n))}{p:>6}" for c, n, p in rows]
    got = seen(tmp_path, "\n".join(lines), name="report.txt")
    assert got.table.columns == ["City", "Name", "Pop"]
    assert got.rows == [(city, name, str(people)) for city, name, people in rows]


def test_dates_in_words_stay_in_one_column(tmp_path: Path) -> None:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"]
    text = "symbol  date        price\n" + "".join(
        f"MSFT    {month} 1 2000  {at * 11:5.2f}\n" for at, month in enumerate(months, 1)
    )
    got = seen(tmp_path, text, name="stocks.prn")
    assert got.table.columns == ["symbol", "date", "price"]
    assert got.rows[0] == ("MSFT", "Jan 1 2000", "11.00")


def test_prose_is_no_table(tmp_path: Path) -> None:
    text = (
        "It was a dark night.  The rain fell.\nNobody  was about, as far as one could see.\nThen, a light.  A door.\n"
        * 4
    )
    assert seen(tmp_path, text, name="story.txt", accept_unsure=True).table.format == "csv"


def test_delimited_text_with_aligned_columns_stays_delimited(tmp_path: Path) -> None:
    text = "id   ; name      ; qty\n1    ; bolt      ;   7\n22   ; long nail ;  12\n333  ; nut       ; 120\n"
    assert seen(tmp_path, text).table.format == "csv"


def test_what_has_no_columns_is_refused_in_words(tmp_path: Path) -> None:
    from aifirst_dagster.connectors import read
    from aifirst_dagster.datasets.session import connect

    path = tmp_path / "x.txt"
    path.write_text("abc\nde\nfghij\n")
    with connect() as con, pytest.raises(InputError, match="No columns of fixed width"):
        read(con, [path], "fixed")
