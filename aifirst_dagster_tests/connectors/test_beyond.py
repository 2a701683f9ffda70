"""What stands below a table that is longer than the sample: other tables and notes are set aside, no line is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.connectors import read
from aifirst_dagster.datasets.session import connect

ROWS = [f"{n},name {n},2024-01-{1 + n % 28:02},{n * 3}.5" for n in range(40_000)]
TABLE = "id,name,day,amount\n" + "\n".join(ROWS) + "\n"


def look(tmp_path: Path, text: str) -> tuple[int, list[tuple], str]:
    path = tmp_path / "data.csv"
    path.write_text(text, newline="")
    with connect() as con:
        table = read(con, [path])
        rows = con.execute(f"SELECT count(*) FROM {table.relation}").fetchall()[0][0]
        aside = con.execute(f'SELECT _source_line, reason, "text" FROM {table.rejects} ORDER BY 1').fetchall()
        assert rows + len(aside) == table.records
        return rows, aside, " ".join(table.notices)


def test_another_table_far_below_is_set_aside_though_it_is_as_wide(tmp_path):
    other = "\nshop,city,opened,staff\nA,Bern,2020-01-01,4\nB,Basel,2021-01-01,5\nC,Chur,2022-01-01,6\n"
    rows, aside, said = look(tmp_path, TABLE + other)
    assert rows == 40_000
    assert [(line, reason) for line, reason, _ in aside] == [
        (40_003 + at, "belongs to another table of the file") for at in range(4)
    ]
    assert aside[1][2] == "A,Bern,2020-01-01,4"
    assert "line 40,003" in said


def test_a_note_below_a_long_table_is_no_row_of_it(tmp_path):
    rows, aside, said = look(tmp_path, TABLE + "\nSource: the office,,,\n,,,\n")
    assert rows == 40_000
    assert [reason for _, reason, _ in aside] == ["stands apart from the table"] * 2
    assert "stand apart" in said


@pytest.mark.parametrize("gap", ["\n", "\n\n\n", "\r\n"])
def test_rows_go_on_below_blank_lines(tmp_path, gap):
    rows, aside, said = look(tmp_path, TABLE + gap + "\n".join(ROWS[:500]) + "\n")
    assert (rows, aside, said) == (40_500, [], "")


def test_a_blank_line_within_a_cell_begins_nothing(tmp_path):
    cell = '9,"a text\n\nid,name,day,amount\n1,2,3,4\n2,3,4,5\n",2024-01-01,1.5\n'
    rows, aside, _ = look(tmp_path, TABLE + cell + "\n".join(ROWS[:100]) + "\n")
    assert (rows, aside) == (40_101, [])
