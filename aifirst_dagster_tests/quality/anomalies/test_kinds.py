"""Each kind of anomaly is found where it is planted, told as what it is, with what is to be done."""

from __future__ import annotations

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.quality.anomalies import Settings, find, search
from aifirst_dagster_tests.quality.anomalies.sales import made

QUICK = Settings(multivariate=False)


@pytest.fixture(scope="module")
def con():
    with connect() as con:
        yield con


#: What is planted, the kind it is told as, its columns, how many cells, and the suggested action.
PLANTED = {
    "a file in cents": (
        {"price": "CASE WHEN _source = 'sales_07.csv' THEN price * 100 ELSE price END",
         "total": "CASE WHEN _source = 'sales_07.csv' THEN total * 100 ELSE total END"},
        "scale", ["price"], 100, "scale"),
    "a slipped decimal": (
        {"price": "CASE WHEN i IN (40, 400, 777) THEN price * 100 ELSE price END",
         "total": "CASE WHEN i IN (40, 400, 777) THEN total * 100 ELSE total END"},
        "scale", ["price"], 3, "scale"),
    "a default date": (
        {"sold": "CASE WHEN i % 150 = 3 THEN DATE '1900-01-01' ELSE sold END"}, "default", ["sold"], 8, "set_null"),
    "a default number": (
        {"qty": "CASE WHEN i % 200 = 3 THEN 999 ELSE qty END", "total": "0.5 + (hash(i + 7) % 9999) / 50"},
        "default", ["qty"], 6, "set_null"),
    "two columns swapped": (
        {"city": "CASE WHEN i % 250 = 9 THEN country ELSE city END",
         "country": "CASE WHEN i % 250 = 9 THEN city ELSE country END"}, "swapped", ["city", "country"], 10, "swap"),
    "a new currency": (
        {"currency": "CASE WHEN i IN (5, 900) THEN 'JPY' ELSE currency END"}, "rare", ["currency"], 2, "keep"),
    "totals that are none": (
        {"total": "CASE WHEN i % 190 = 4 THEN total + 11 ELSE total END"}, "derived", ["total"], 7, "set_expected"),
    "a country of another city": (
        {"country": "CASE WHEN i % 240 = 4 THEN CASE country WHEN 'CH' THEN 'FR' ELSE 'CH' END ELSE country END"},
        "dependency", ["country"], 5, "set_expected"),
    "another form": (
        {"code": "CASE WHEN i IN (8, 80, 800) THEN i || '/x' ELSE code END"}, "form", ["code"], 3, "keep"),
    "a slip of the pen": (
        {"city": "CASE WHEN i IN (8, 80) THEN 'Basle' WHEN i = 800 THEN 'Pairs' ELSE city END"},
        "spelling", ["city"], 3, "map_values"),
    "wrongly decoded": (
        {"city": "CASE WHEN i % 300 = 1 THEN 'ZÃ¼rich' WHEN i % 8 = 1 THEN 'Zürich' ELSE city END"},
        "encoding", ["city"], 4, "map_values"),
    "nothing delivered": (
        {"code": "CASE WHEN _source = 'sales_04.csv' THEN NULL ELSE code END"}, "missing", ["code"], 100, "keep"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found_and_told_as_what_it_is(con, name: str) -> None:
    planted, kind, columns, cells, action = PLANTED[name]
    found = find(con, made(con, **planted), [], QUICK)
    by_kind = [group for group in found.groups if group.kind == kind and group.columns == columns]
    # One cause with several factors would be several groups; here each is one.
    assert len(by_kind) == 1, [(one.kind, one.columns, one.cells, one.cause) for one in found.groups]
    (group,) = by_kind
    assert group.cells == cells
    assert group.remediation.action == action
    assert f"{group.rows:,}" in group.explanation or f"{cells:,}" in group.explanation
    assert 0 < group.score <= 1 and group.examples and group.cause


def test_a_clean_table_gives_no_alarm(con) -> None:
    found = find(con, made(con), [])
    assert [(one.kind, one.columns, one.cause) for one in found.groups] == []
    assert (found.rows, found.rows_affected, found.cells) == (1200, 0, 0)


def test_the_file_that_is_off_is_named_with_its_factor_and_what_is_normal(con) -> None:
    planted = {"price": "CASE WHEN _source = 'sales_07.csv' THEN price * 100 ELSE price END"}
    group = find(con, made(con, **planted), [], QUICK).groups[0]
    assert "sales_07.csv" in group.cause and "100 times larger" in group.cause
    assert group.evidence["source"] == "sales_07.csv" and group.evidence["normal"]["p95"] < 100
    assert group.remediation.params == {"factor": 0.01}
    example = group.examples[0]
    assert example.source == "sales_07.csv" and float(example.expected) == pytest.approx(float(example.value) / 100)


def test_a_value_off_its_neighbours_in_time_is_found_inside_the_columns_own_range(con) -> None:
    con.execute("""CREATE OR REPLACE TABLE data AS SELECT TIMESTAMP '2024-01-01' + i * INTERVAL 1 HOUR AS at,
        CASE WHEN i IN (300, 650) THEN 20.0 ELSE 20 + 15 * sin(i / 40.0) + (hash(i) % 100) / 100 END AS level
        FROM range(1000) r(i)""")
    expected = {300, 650} - {row for row in (300, 650) if abs(15 * __import__("math").sin(row / 40.0)) < 3}
    (group,) = [one for one in find(con, "data", [], QUICK).groups if one.kind == "series"]
    assert {example.row for example in group.examples} == expected
    assert 5 < float(group.examples[0].expected) < 36


def test_days_without_rows_and_days_with_too_many_are_told(con) -> None:
    con.execute("""CREATE OR REPLACE TABLE data AS SELECT DATE '2024-01-01' + d::INTEGER AS day, d * 50 + n AS id,
        (hash(d * 50 + n) % 1000) / 7 AS x FROM range(120) r(d), range(400) s(n)
        WHERE d <> 50 AND n < CASE WHEN d = 90 THEN 350 ELSE 40 END""")
    groups = {one.kind: one for one in find(con, "data", [], QUICK).groups}
    assert groups["gap"].evidence["values"] == [["2024-02-20 00:00:00", 1]] and groups["gap"].rows == 0
    assert groups["volume"].rows == 350 and "2024-03-31" in groups["volume"].cause


def test_a_row_that_fits_no_other_though_each_value_does(con) -> None:
    con.execute("""CREATE OR REPLACE TABLE data AS SELECT 150 + h AS height,
        CASE WHEN i IN (77, 500) THEN 45 ELSE 50 + h * 0.9 + (hash(i + 1) % 100) / 20 END AS weight,
        20 + (hash(i + 2) % 5000) / 100 AS age FROM (SELECT i, CASE WHEN i IN (77, 500) THEN 48 ELSE
        (hash(i) % 5000) / 100 END AS h FROM range(1500) r(i))""")
    (group,) = find(con, "data", []).groups
    assert group.kind == "row" and {example.row for example in group.examples} == {77, 500}
    assert "weight" in group.explanation or "height" in group.explanation


def test_an_income_of_a_long_tail_is_none_and_an_age_of_300_is(con) -> None:
    con.execute("""CREATE OR REPLACE TABLE data AS SELECT exp(10 + sqrt(-2 * ln((1 + hash(i) % 99999) / 100000.0))
        * cos(2 * pi() * (hash(i + 9) % 9999) / 9999)) AS income,
        CASE WHEN i = 7 THEN 300 ELSE 18 + hash(i + 3) % 70 END AS age FROM range(3000) r(i)""")
    found = find(con, "data", [], QUICK)
    assert [(one.columns, [e.value for e in one.examples]) for one in found.groups] == [(["age"], ["300"])]


def test_ids_stay_and_cells_are_listed_whatever_else_is_found(con) -> None:
    one = {"sold": "CASE WHEN i % 150 = 3 THEN DATE '1900-01-01' ELSE sold END"}
    more = one | {"currency": "CASE WHEN i IN (5, 900) THEN 'JPY' ELSE currency END"}
    first = {group.id for group in find(con, made(con, **one), [], QUICK).groups}
    with search(con, made(con, **more), [], QUICK) as done:
        assert first < {group.id for group in done.found.groups}
        (grp,) = [group.id for group in done.found.groups if group.kind == "rare"]
        listed = list(done.cells(grp))
    assert [(cell["row"], cell["value"], cell["source_line"]) for cell in listed] == [(5, "JPY", 7), (900, "JPY", 2)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS a WHERE FALSE",
        "SELECT 1 AS a",
        "SELECT NULL::INTEGER AS a FROM range(500)",
        "SELECT NULL::VARCHAR AS a, NULL::TIMESTAMP AS b FROM range(50)",
        'SELECT i AS "a""b\'; DROP TABLE x", \'x\' || chr(10) || (i % 3) AS "new\nline" FROM range(300) r(i)',
        "SELECT [i] AS l, {'a': i} AS s, 'x'::BLOB AS b FROM range(100) r(i)",
        "SELECT 'nan'::DOUBLE AS a, 'infinity'::DOUBLE AS b, i % 2 = 0 AS c FROM range(100) r(i)",
        "SELECT 'infinity'::TIMESTAMP AS a, i AS n FROM range(100) r(i)",
    ],
)
def test_odd_tables_work(con, sql: str) -> None:
    con.execute(f"CREATE OR REPLACE TABLE data AS {sql}")
    assert find(con, "data", []).groups == []
