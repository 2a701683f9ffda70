"""Several tables in one text: the largest is read, each can be named, no line is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster_tests.connectors.reading import look, seen

STACKED = """\
Staff
name,age
Ann,30
Bo,41

Sales of the year
month,units,net
2020-01,5,1.50
2020-02,6,2.50
2020-03,7,3.50

Source: the office
"""


def test_the_largest_table_is_read_and_the_others_are_named_and_set_aside(tmp_path: Path) -> None:
    got = seen(tmp_path, STACKED)
    assert got.table.columns == ["month", "units", "net"]
    assert got.lines == [8, 9, 10]
    assert [line for line, _, _ in got.rejects] == [1, 2, 3, 4, 12]
    assert got.rejects[0][1] == "belongs to another table of the file"
    assert any("2 tables" in text and '1 "Staff"' in text and "data.csv#1" in text for text in got.table.notices)


@pytest.mark.parametrize("name", ["1", "Staff", "staff"])
def test_a_table_is_chosen_by_number_or_title(tmp_path: Path, name: str) -> None:
    (tmp_path / "data.csv").write_text(STACKED)
    got = look([tmp_path / f"data.csv#{name}"])
    assert got.rows == [("Ann", "30"), ("Bo", "41")]
    assert not got.rejects
    assert look([tmp_path / "data.csv"], sheet=name).rows == got.rows


def test_a_table_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no table '7'.*Sales of the year"):
        seen(tmp_path, STACKED, sheet="7")


def test_tables_without_a_blank_line_are_told_by_names_and_width(tmp_path: Path) -> None:
    got = seen(tmp_path, "a,b,c\n1,2,3\n4,5,6\n7,8,9\n1,1,1\nid,price\n1,2.5\n2,3.5\n")
    assert got.table.columns == ["a", "b", "c"]
    assert len(got.rows) == 4 and [line for line, _, _ in got.rejects] == [6, 7, 8]


def test_blank_lines_and_names_that_come_again_are_one_table(tmp_path: Path) -> None:
    got = seen(tmp_path, "id,price\n1,2.5\n2,3.5\n\nid,price\n3,4.5\n\n4,5.5\n")
    assert len(got.rows) == 4
    assert [(line, reason) for line, reason, _ in got.rejects] == [(5, "repeated header")]


def test_blank_rows_and_notes_at_the_end_stand_apart(tmp_path: Path) -> None:
    got = seen(tmp_path, "museum,jan,feb\nTate,1,2\nMoma,3,4\nTotal,4,6\n,,\nNotes,,\n1. Rounded,,\n")
    assert got.lines == [2, 3, 4]
    assert [(line, reason) for line, reason, _ in got.rejects] == [
        (line, "stands apart from the table") for line in (5, 6, 7)
    ]


def test_a_last_row_with_one_cell_is_a_row_where_nothing_parts_it(tmp_path: Path) -> None:
    assert len(seen(tmp_path, "id,a,b\n1,2,3\n2,3,4\n3,,\n").rows) == 3
