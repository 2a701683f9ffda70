"""Numbers whose signs were decoded wrongly, and numbers with space around them that no cast skips."""

from __future__ import annotations

import csv

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aifirst_dagster.cli.clean import Wishes, clean_files
from aifirst_dagster.inference import garbled
from aifirst_dagster.inference.file import infer_relation
from aifirst_dagster_tests.inference.tables import session


def misread(text: str, encoding: str = "cp1252") -> str:
    return text.encode().decode(encoding)


#: What one number is written as -> what it is, and its unit.
COLUMNS = {
    "pounds": (lambda n: misread(f"£{n}.25"), lambda n: n + 0.25, "GBP"),
    "euros behind": (lambda n: misread(f"{n}\u202f000,50\u00a0€"), lambda n: n * 1000 + 0.5, "EUR"),
    "twice": (lambda n: misread(misread(f"£{n}.25")), lambda n: n + 0.25, "GBP"),
    "as Latin-1": (lambda n: misread(f"€{n}.25", "latin-1"), lambda n: n + 0.25, "EUR"),
    "some": (lambda n: misread(f"£{n}.25") if n % 2 else f"£{n}.25", lambda n: n + 0.25, "GBP"),
    "degrees": (lambda n: misread(f"{n}.5 °C"), lambda n: n + 0.5, "°C"),
    "areas": (lambda n: misread(f"{n}.5 m²"), lambda n: n + 0.5, "m²"),
    "minus": (lambda n: misread(f"−{n}.5"), lambda n: -n - 0.5, None),
    "halves": (lambda n: misread(f"{n}½"), lambda n: n + 0.5, None),
    "apostrophes": (lambda n: misread(f"{n}’123.5"), lambda n: n * 1000 + 123.5, None),
    "space behind": (lambda n: misread(f"{n}.5\u00a0"), lambda n: n + 0.5, None),
    "no-break space before euro": (lambda n: f"{n}\u202f000,50\u00a0€", lambda n: n * 1000 + 0.5, "EUR"),
    "no-break space behind": (lambda n: f"{n}.5\u00a0", lambda n: n + 0.5, None),
    "em space before": (lambda n: f"\u2003{n}", lambda n: n, None),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_they_are_numbers_and_read(tmp_path, name):
    written, meant, unit = COLUMNS[name]
    source, output = tmp_path / "in.tsv", tmp_path / "out.csv"
    source.write_text("id\tvalue\n" + "".join(f"{n + 100}\t{written(n)}\n" for n in range(2, 60)), encoding="utf-8")
    (column,) = infer_relation(session({"value": [written(n) for n in range(2, 60)]}), "source", ["value"]).columns
    assert (column.type in ("number", "integer"), column.unit) == (True, unit)
    assert (column.evidence.parsed, column.evidence.failed) == (58, 0)
    assert clean_files([str(source)], Wishes(output=output))["quarantined"] == 0
    with output.open(newline="", encoding="utf-8") as file:
        assert [float(row["value"]) for row in csv.DictReader(file)] == [meant(n) for n in range(2, 60)]


def test_several_currencies_are_kept_beside_the_amounts(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = [f"{n},{misread('€') if n % 2 else '$'}{n}.25\n" for n in range(60)]
    source.write_text("id,price\n" + "".join(rows), encoding="utf-8")
    clean_files([str(source)], Wishes(output=output))
    with output.open(newline="", encoding="utf-8") as file:
        assert {(row["price_currency"], int(row["id"]) % 2) for row in csv.DictReader(file)} == {("USD", 0), ("EUR", 1)}


def test_few_wrong_signs_among_numbers_are_repaired(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = [f"{n},{n if n % 50 else misread(f'£{n}')}.5\n" for n in range(1, 201)]
    source.write_text("id,price\n" + "".join(rows), encoding="utf-8")
    done = clean_files([str(source)], Wishes(output=output))
    assert done["quarantined"] == 0
    assert [(each["action"], each["rows_changed"]) for each in done["actions"]] == [("parse_numbers", 4)]


def test_a_capital_with_a_circumflex_in_words_is_no_sign():
    words = {"ship": [f"PÂTE {n}" for n in range(60)]}
    assert infer_relation(session(words), "source", ["ship"]).columns[0].type == "string"


@given(st.lists(st.sampled_from([*"ÂÃâ€‚¬£°¯ \u00a0aZ5,.½", "Â£", "â‚¬", "Ã‚Â£"]), max_size=8).map("".join))
def test_sql_reads_as_python_does(text):
    meant, wrong = garbled.read(text)
    columns = f"{garbled.found_sql('t')}, {garbled.plain_sql('t', wrong)}"
    with duckdb.connect() as con:
        assert con.execute(f"SELECT {columns} FROM (SELECT ? t)", [text]).fetchall() == [(bool(wrong), meant)]
