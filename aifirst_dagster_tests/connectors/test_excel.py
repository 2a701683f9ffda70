"""Workbooks as people make them: the table is found wherever it stands, and no row of it is lost."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from aifirst_dagster.connectors import ReadOptions, read
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import ConfigError, InputError

DAY = dt.date(2026, 1, 5)


def book(path: Path, fill: Callable[[xlsxwriter.Workbook], None]) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as made:
        fill(made)
    return path


def table(path: Path | str, **options):
    """(columns, native types, rows without hidden columns, lines, rejects, notices)."""
    with connect() as con:
        read_ = read(con, [path], options=ReadOptions(**options))
        rows = con.execute(f"SELECT * EXCLUDE (_source) FROM {read_.relation} ORDER BY _source_line").fetchall()
        rejects = con.execute(f"SELECT _source_line, reason, text FROM {read_.rejects}").fetchall()
        assert len(rows) + len(rejects) == read_.records
        return read_, [row[:-1] for row in rows], [row[-1] for row in rows], rejects


def plain(made: xlsxwriter.Workbook) -> None:
    sheet = made.add_worksheet("Orders")
    sheet.write_row(0, 0, ["id", "day", "amount", "paid", "note"])
    for at in range(4):
        sheet.write(at + 1, 0, at + 1)
        sheet.write_datetime(at + 1, 1, dt.datetime(2026, 1, 5 + at))
        sheet.write(at + 1, 2, 1.5 * at)
        sheet.write(at + 1, 3, at % 2 == 0)
        sheet.write(at + 1, 4, f"n{at}" if at else None)


def test_cells_keep_their_types(tmp_path):
    read_, rows, lines, rejects = table(book(tmp_path / "a.xlsx", plain))
    assert read_.format == "excel" and read_.columns == ["id", "day", "amount", "paid", "note"]
    assert read_.native == {"id": "BIGINT", "day": "DATE", "amount": "DOUBLE", "paid": "BOOLEAN"}
    assert rows[0] == (1, DAY, 0.0, True, None) and rows[3][4] == "n3"
    assert lines == [2, 3, 4, 5] and rejects == []


def test_a_table_away_from_the_corner_with_a_title_above_and_a_total_below(tmp_path):
    def fill(made):
        sheet = made.add_worksheet()
        sheet.write(1, 2, "Sales of the year")
        sheet.write_row(3, 2, ["shop", "units", "price"])
        for at in range(6):
            sheet.write_row(4 + at, 2, [f"shop {at}", at, at + 0.5])
        sheet.write(11, 2, "Total")
        sheet.write_formula(11, 3, "=SUM(D5:D10)", None, 15)

    read_, rows, lines, rejects = table(book(tmp_path / "a.xlsx", fill))
    assert read_.columns == ["shop", "units", "price"]
    assert rows[0] == ("shop 0", 0, 0.5) and len(rows) == 6 and lines[0] == 5
    assert rejects == [] or rejects[0][1] == "stands apart from the table"
    assert len(rows) + len(rejects) == read_.records


def test_a_note_below_goes_to_quarantine_with_its_row(tmp_path):
    def fill(made):
        plain(made)
        made.worksheets()[0].write(8, 0, "Source: the shop's own books, unaudited")

    _, rows, _, rejects = table(book(tmp_path / "a.xlsx", fill))
    assert len(rows) == 4
    assert rejects == [(9, "stands apart from the table", "Source: the shop's own books, unaudited")]


def test_a_blank_row_within_a_table_parts_nothing(tmp_path):
    def fill(made):
        plain(made)
        made.worksheets()[0].write_row(6, 0, [9, None, 7, True, "late"])

    _, rows, lines, rejects = table(book(tmp_path / "a.xlsx", fill))
    assert [row[0] for row in rows] == [1, 2, 3, 4, 9] and lines[-1] == 7 and rejects == []


def test_merged_names_over_two_rows(tmp_path):
    def fill(made):
        sheet = made.add_worksheet()
        sheet.merge_range(0, 1, 0, 2, "2025")
        sheet.merge_range(0, 3, 0, 4, "2026")
        sheet.write_row(1, 0, ["shop", "units", "price", "units", "price"])
        for at in range(5):
            sheet.write_row(2 + at, 0, [f"s{at}", at, at + 0.5, at * 2, at + 0.25])

    read_, rows, _, _ = table(book(tmp_path / "a.xlsx", fill))
    assert len(rows) == 5
    assert [name.split()[0] for name in read_.source_names[1:]] == ["2025", "2025", "2026", "2026"]
    assert len(set(read_.columns)) == 5


def test_a_column_of_several_kinds_is_text_that_inference_reads(tmp_path):
    def fill(made):
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["id", "when", "code"])
        for at, (when, code) in enumerate([("05/01/2026", 7), (3, "A7"), ("n/a", 1.5)]):
            sheet.write_row(at + 1, 0, [at, when, code])

    read_, rows, _, _ = table(book(tmp_path / "a.xlsx", fill))
    assert read_.native == {"id": "BIGINT"}
    assert [row[1:] for row in rows] == [("05/01/2026", "7"), ("3", "A7"), ("n/a", "1.5")]


def two_sheets(made: xlsxwriter.Workbook) -> None:
    made.add_worksheet("Small").write_row(0, 0, ["a", "b"])
    made.worksheets()[0].write_row(1, 0, [1, 2])
    plain(made)


def test_of_several_sheets_the_largest_is_read_and_the_others_are_named(tmp_path):
    path = book(tmp_path / "a.xlsx", two_sheets)
    read_, rows, _, _ = table(path)
    assert len(rows) == 4 and any("Small" in notice and "#Small" in notice for notice in read_.notices)
    assert table(f"{path}#Small")[0].columns == ["a", "b"]
    assert table(path, sheet="Small")[1] == [(1, 2)]
    with pytest.raises(ConfigError, match="no sheet 'Smal'") as error:
        table(path, sheet="Smal")
    assert "Orders" in error.value.hint


def test_an_old_workbook(tmp_path):
    made = xlwt.Workbook()
    sheet = made.add_sheet("Old")
    for row, cells in enumerate([["id", "day"], [1, DAY], [2, DAY]]):
        for column, cell in enumerate(cells):
            style = xlwt.easyxf(num_format_str="YYYY-MM-DD") if isinstance(cell, dt.date) else xlwt.Style.default_style
            sheet.write(row, column, cell, style)
    made.save(str(tmp_path / "a.xls"))
    for name in ("a.xls", "renamed.bin"):
        (tmp_path / name).write_bytes((tmp_path / "a.xls").read_bytes())
        assert table(tmp_path / name)[1] == [(1, DAY), (2, DAY)]


_NS = "urn:oasis:names:tc:opendocument:xmlns"
ODS = f"""<?xml version="1.0"?><office:document-content xmlns:office="{_NS}:office:1.0" xmlns:table="{_NS}:table:1.0"
 xmlns:text="{_NS}:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">ROWS</table:table>
</office:spreadsheet></office:body></office:document-content>"""


def test_an_open_document(tmp_path):
    def cell(value):
        kind = (
            f'office:value-type="float" office:value="{value}"'
            if isinstance(value, int)
            else 'office:value-type="string"'
        )
        return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"

    rows = "".join(
        f"<table:table-row>{''.join(map(cell, row))}</table:table-row>"
        for row in [["id", "name"], [1, "Ada"], [2, "Bob"]]
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        made.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{_NS}:manifest:1.0"/>')
        made.writestr("content.xml", ODS.replace("ROWS", rows))
    assert table(tmp_path / "a.ods")[1] == [(1, "Ada"), (2, "Bob")]


def test_empty_books_and_sheets_are_no_crash(tmp_path):
    read_, rows, _, _ = table(book(tmp_path / "a.xlsx", lambda made: made.add_worksheet("Void")))
    assert read_.columns == [] and rows == []

    def one(made):
        made.add_worksheet().write(0, 0, "alone")

    assert len(table(book(tmp_path / "b.xlsx", one))[1]) <= 1


def test_hostile_texts_stay_texts(tmp_path):
    texts = ["=cmd()", "'; DROP TABLE x; --", "a\nb", "\u202eevil", "</data>"]

    def fill(made):
        sheet = made.add_worksheet("We\"ird'; DROP")
        sheet.write_row(0, 0, ["id", 'na"me'])
        for at, text in enumerate(texts):
            sheet.write(at + 1, 0, at)
            sheet.write_string(at + 1, 1, text)

    assert [row[1] for row in table(book(tmp_path / "a.xlsx", fill))[1]] == texts


def test_a_workbook_that_was_cut_off_is_an_error_in_words(tmp_path):
    whole = book(tmp_path / "a.xlsx", plain).read_bytes()
    (tmp_path / "b.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged or cut off"):
        table(tmp_path / "b.xlsx")


def test_a_workbook_with_a_damaged_sheet_is_an_error_in_words(tmp_path):
    with zipfile.ZipFile(book(tmp_path / "a.xlsx", plain)) as whole, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as made:
        for name in whole.namelist():
            made.writestr(name, whole.read(name)[:300] if "sheet1" in name else whole.read(name))
    with pytest.raises(InputError, match="cannot be read"):
        table(tmp_path / "b.xlsx")


def test_another_office_document_is_refused(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("[Content_Types].xml", "<x/>")
        made.writestr("word/document.xml", "<x/>")
    (tmp_path / "a.docx").write_bytes(stream.getvalue())
    with pytest.raises(InputError, match="office document"):
        table(tmp_path / "a.docx")
