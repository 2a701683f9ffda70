"""Delimited text: what is read, what is rejected, and that nothing is lost between."""

from __future__ import annotations

from pathlib import Path

import pytest

from aifirst_dagster.errors import InputError, UnsureError
from aifirst_dagster_tests.connectors.reading import look, seen


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "||", "|~|", ", ", "\x01", "§"])
def test_any_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "name", "price"], ["1", "Ann Lee", "2.50"], ["2", "Bob", "13.00"], ["3", "Cyd", "7.25"]]
    got = seen(tmp_path, "\n".join(map(delimiter.join, rows)) + "\n")
    assert got.table.columns == rows[0]
    assert [list(row) for row in got.rows] == rows[1:]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"]
)
def test_any_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    got = seen(tmp_path, "Straße,Größe\nMüllerweg,3\nÖsterreich,4\n".encode(encoding))
    assert got.table.columns == ["Straße", "Größe"]
    assert got.rows == [("Müllerweg", "3"), ("Österreich", "4")]


def test_legacy_encodings_of_other_scripts_are_found(tmp_path: Path) -> None:
    lines = ["имя,город"] + [
        f"{name},{city}" for name in ("Иван", "Ольга", "Сергей") for city in ("Москва", "Казань", "Самара")
    ]
    got = seen(tmp_path, ("\n".join(lines) + "\n").encode("cp1251"))
    assert got.table.columns == ["имя", "город"]
    assert ("Ольга", "Казань") in got.rows


def test_a_regular_file_keeps_its_lines(tmp_path: Path) -> None:
    got = seen(tmp_path, "a,b\n" + "".join(f"{i},{i}\n" for i in range(2, 50_002)))
    assert all(int(row[0]) == line for row, line in zip(got.rows, got.lines, strict=True))


def test_notes_above_and_below_the_table_are_no_rows(tmp_path: Path) -> None:
    got = seen(
        tmp_path, "Report of 2020\nprinted, 3 May\n\nname,age,city\nAnn,3,Rome\nBob,4,Oslo\n\nCyd,5,Bonn\nSource: us\n"
    )
    assert got.table.columns == ["name", "age", "city"]
    assert got.lines == [5, 6, 8]
    assert [(line, text) for line, _, text in got.rejects] == [(9, "Source: us")]
    assert got.table.dialect is not None
    assert got.table.dialect.skip_rows == 3


def test_cells_of_several_lines_keep_text_and_line(tmp_path: Path) -> None:
    got = seen(tmp_path, 'name;age\r\n"An\r\nn, ""x""";3\r\nBob;4\r\n')
    assert got.rows == [('An\r\nn, "x"', "3"), ("Bob", "4")]
    assert got.lines == [2, 4]


def test_names_of_several_lines_each_are_one_row(tmp_path: Path) -> None:
    text = '"Kreis\n(Name)";"Einwohner\n(Anzahl)";"Fläche\nin km²"\n' + "".join(
        f"Ort {n};{n * 977};{n},5\n" for n in range(9)
    )
    got = seen(tmp_path, text)
    assert got.table.columns == ["Kreis\n(Name)", "Einwohner\n(Anzahl)", "Fläche\nin km²"]
    assert len(got.rows) == 9


def test_names_over_several_rows_are_joined(tmp_path: Path) -> None:
    got = seen(tmp_path, "2019,,2020,\nQ1,Q2,Q1,Q2\n1,2,3,4\n5,6,7,8\n2,3,4,5\n")
    assert got.table.source_names == ["2019 Q1", "Q2", "2020 Q1", "Q2"]
    assert got.table.columns == ["2019 Q1", "Q2", "2020 Q1", "Q2_2"]


def test_blank_repeated_and_hidden_names_become_unique(tmp_path: Path) -> None:
    got = seen(tmp_path, "a,A,,_source,a_2\n1,2,3,4,5\n")
    assert got.table.columns == ["a", "A_3", "column_3", "_source_2", "a_2"]
    assert got.table.source_names == ["a", "A", "", "_source", "a_2"]
    assert got.rows == [("1", "2", "3", "4", "5")]


def test_a_table_without_names_gets_made_up_ones(tmp_path: Path) -> None:
    got = seen(tmp_path, "1,2.5,x\n3,4.5,y\n5,6.5,x\n")
    assert got.table.columns == ["column_1", "column_2", "column_3"]
    assert len(got.rows) == 3


def test_years_as_names_are_names(tmp_path: Path) -> None:
    got = seen(tmp_path, "country,2000,2001,2002\nFrance,1.5,2,3\nItaly,2.5,3,4\n")
    assert got.table.columns == ["country", "2000", "2001", "2002"]


def test_wide_and_short_rows_are_rejected_with_their_line(tmp_path: Path) -> None:
    body = "".join(f"{i},n{i},{i}.5\n" for i in range(100))
    got = seen(tmp_path, f"id,name,x\n{body}1,2,3,4\n5,6\n{body}")
    assert [(line, reason) for line, reason, _ in got.rejects] == [
        (102, "expected 3 cells, found 4"),
        (103, "expected 3 cells, found 2"),
    ]
    assert len(got.rows) == 200


def test_short_rows_are_filled_up_where_full_rows_end_empty(tmp_path: Path) -> None:
    got = seen(tmp_path, "id,name,note\n1,Ann,\n2,Bob\n3,Cyd,x\n")
    assert got.rows == [("1", "Ann", None), ("2", "Bob", None), ("3", "Cyd", "x")]
    assert any("fewer cells" in notice for notice in got.table.notices)


def test_a_row_that_slipped_sideways_is_no_row(tmp_path: Path) -> None:
    body = "".join(f"{i},2024-01-{i % 28 + 1:02},{i}.5,\n" for i in range(50))
    got = seen(tmp_path, f"id,day,x,note\n{body}7,,2024-01-01,7.5,\n")
    assert [line for line, _, _ in got.rejects] == [52]
    assert len(got.rows) == 50


def test_a_header_in_the_middle_is_rejected(tmp_path: Path) -> None:
    got = seen(tmp_path, "name,age\nAnn,3\nname,age\nBob,4\n")
    assert got.rows == [("Ann", "3"), ("Bob", "4")]
    assert got.rejects == [(3, "repeated header", "name,age")]


def test_a_lone_quote_costs_no_other_row(tmp_path: Path) -> None:
    body = "".join(f'{i},"text, {i}",{i}\n' for i in range(200))
    got = seen(tmp_path, f'id,name,n\n{body}500,"lone,3\n{body}')
    assert len(got.rows) + len(got.rejects) == 401
    assert len(got.rows) >= 400
    assert sum(row[1] == "text, 7" for row in got.rows) == 2


def test_an_unclosed_quote_at_the_end_is_kept_or_rejected(tmp_path: Path) -> None:
    got = seen(tmp_path, 'a,b\n1,"x"\n2,"y"\n3,"never closed\n')
    assert got.table.records == 3


def test_damaged_bytes_are_rejected_and_shown(tmp_path: Path) -> None:
    got = seen(tmp_path, "né,age\nJosé,3\n".encode() + b"B\xffb,4\n" + "Zoé,5\nChloé,6\n".encode())
    assert got.rejects == [(3, "bytes that are not UTF-8", "B\\xffb,4")]
    assert got.lines == [2, 4, 5]


def test_zero_characters_and_huge_cells_pass(tmp_path: Path) -> None:
    huge = "x" * 10_000_000
    got = seen(tmp_path, f"a,b\n1,{huge}\n2,z\x00z\n3\n4,w\n")
    assert got.rows[0] == ("1", huge)
    assert got.rows[1] == ("2", "z\x00z")
    assert [line for line, _, _ in got.rejects] == [4]


def test_old_macintosh_line_ends(tmp_path: Path) -> None:
    got = seen(tmp_path, "a,b\r1,2\r3,4\r")
    assert got.rows == [("1", "2"), ("3", "4")]
    assert got.lines == [2, 3]


def test_remarks_are_left_out_and_counted(tmp_path: Path) -> None:
    got = seen(tmp_path, "# exported today\na|b\n1|2\n# half way\n#1|4\n")
    assert got.rows == [("1", "2"), ("#1", "4")]
    assert any("remarks" in notice for notice in got.table.notices)


@pytest.mark.parametrize(("content", "columns"), [("", []), ("\n\n", []), ("a,b\n", ["a", "b"])])
def test_files_without_rows(tmp_path: Path, content: str, columns: list[str]) -> None:
    got = seen(tmp_path, content)
    assert got.table.columns == columns
    assert got.table.records == 0


def test_plain_text_and_dates_are_one_column_without_doubt(tmp_path: Path) -> None:
    assert seen(tmp_path, "name\nGeorge Washington\nJohn Adams\n").table.columns == ["name"]
    assert seen(tmp_path, "seen\n2020-01-01 01:02:03\n2020-01-02 01:02:03\n").table.columns == ["seen"]


def test_a_tie_of_delimiters_stops_unless_accepted(tmp_path: Path) -> None:
    doubtful = "ab|cd;ef\ngh|ij;kl\nmn|op;qr\n"
    with pytest.raises(UnsureError, match="equally well") as caught:
        seen(tmp_path, doubtful)
    readings = caught.value.to_dict()["alternatives"]
    assert {reading["delimiter"] for reading in readings} == {"|", ";"}
    assert {tuple(reading["first_row"]) for reading in readings} == {("gh", "ij;kl"), ("gh|ij", "kl")}
    assert "'|' gives 2 columns" in caught.value.hint
    got = seen(tmp_path, doubtful, accept_unsure=True)
    assert any("Read with delimiter" in notice for notice in got.table.notices)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"SQLite format 3\x00", "SQLite"),
        (bytes(range(256)) * 8, "binary"),
    ],
)
def test_other_formats_posing_as_csv_are_named(tmp_path: Path, head: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        seen(tmp_path, head)


def test_what_the_user_says_beats_what_is_found(tmp_path: Path) -> None:
    got = seen(tmp_path, "1;a,b\n2;c,d\n", delimiter=",", header=False)
    assert got.rows == [("1;a", "b"), ("2;c", "d")]
    assert seen(tmp_path, "1,2\n3,4\n", header=True).table.columns == ["1", "2"]


def test_three_unlike_files_are_one_dataset(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes("id;name;city\n1;José;Köln\n".encode("latin-1"))
    (tmp_path / "2.csv").write_bytes(b"Name,id\nAnn,2\n")
    (tmp_path / "3.tsv").write_bytes("id\tcity\tzip\n3\tРига\t1050\n".encode("utf-16"))
    got = look([tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "3.tsv"])
    assert got.table.columns == ["id", "name", "city", "zip"]
    assert got.rows == [("1", "José", "Köln", None), ("2", "Ann", None, None), ("3", None, "Рига", "1050")]
    assert len(got.table.dialects) == 3


def test_a_file_without_names_takes_those_of_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("id,day\n1,2024-01-01\n2,2024-01-02\n")
    (tmp_path / "2.csv").write_text("3,2024-01-03\n4,2024-01-04\n")
    got = look([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert got.table.columns == ["id", "day"]
    assert len(got.rows) == 4


def test_hostile_names_and_paths_are_only_text(tmp_path: Path) -> None:
    got = seen(tmp_path, '"a\'; DROP TABLE x; --","b""c"\n1,2\n', name='it\'s; a "file".csv')
    assert got.table.columns == ["a'; DROP TABLE x; --", 'b"c']
    assert got.rows == [("1", "2")]
