"""Where a drift comes from: the file or the new category without whose rows the rest is as it was."""

import duckdb
import pytest

from aifirst_dagster.quality.drift import baseline, compare, traced

SALES = """SELECT i AS id, 100 + 20 * sqrt(-2 * ln(1 - random())) * cos(6.283 * random()) AS price,
    ['EUR', 'GBP'][1 + i % 2] AS currency, 1 + i % 7 AS pieces, 'june.csv' AS _source, i AS _source_line
    FROM range({0}) r(i)"""


@pytest.fixture
def con():
    with duckdb.connect() as session:
        session.execute("SELECT setseed(0.5)")
        session.execute("SET threads = 1")
        session.execute(f"CREATE TABLE june AS {SALES.format(1000)}")
        session.execute(f"CREATE TABLE july AS {SALES.format(700)}")
        yield session


def found(con, new):
    base = baseline(con, "june")

    def look(relation):
        return compare(base, baseline(con, relation, like=base))

    return traced(con, new, look(new), look)


def planted(con, where, *changes):
    con.execute(f"CREATE TABLE new AS SELECT * REPLACE ({', '.join(changes)}) FROM july WHERE {where} "
                f"UNION ALL SELECT * FROM july WHERE NOT ({where})")  # fmt: skip


def test_a_new_currency_explains_another_price(con):
    planted(con, "id % 3 = 0", "price * 160 AS price", "'JPY' AS currency")
    report = found(con, "new")
    (cause,) = report.causes
    assert (cause.column, cause.values, cause.columns) == ("currency", ["JPY"], ["price"])
    assert (cause.rows, cause.of) == (234, 700)
    assert "Without the 234 rows (33.4%) where 'currency' is 'JPY', 'price' would not have drifted." in report.insight


def test_one_file_of_several_explains_what_came_with_it(con):
    planted(con, "id % 4 = 1", "price * 100 AS price", "NULL AS pieces", "'july ''2.csv' AS _source")
    report = found(con, "new")
    (cause,) = report.causes
    assert (cause.column, cause.values, cause.columns) == ("_source", ["july '2.csv"], ["price", "pieces"])
    assert "from \"july '2.csv\", 'price' and 'pieces' would not" in report.insight


def test_a_new_value_beside_a_drift_of_its_own_explains_nothing(con):
    planted(con, "id % 3 = 0", "'JPY' AS currency")
    con.execute("UPDATE new SET price = price * 2")
    report = found(con, "new")
    assert {one.name for one in report.columns if one.drifted} >= {"price", "currency"}
    assert report.causes == []


def test_rows_that_are_all_new_leave_nothing_to_judge_by(con):
    planted(con, "TRUE", "price * 160 AS price", "'JPY' AS currency")
    assert found(con, "new").causes == []


def test_what_did_not_drift_has_no_cause(con):
    assert found(con, "july").causes == []
