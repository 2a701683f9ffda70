"""Dates in order with texts: the texts are read as pandas reads them, and both engines say the same."""

import duckdb
import pytest

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.cells import find
from aifirst_dagster.quality.engines import duckdb as ours
from aifirst_dagster.quality.engines import great_expectations as theirs
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster_tests.quality.test_agreement import difference

TEXTS = [
    ["", ""], ["2024-01-01", ""], [None, None], [None, "2024-01-09"], ["2024-01-01", "x"], [" ", "2024-01-01"],
    ["n/a", "2024"], ["NaT", "nan"], ["5", "7"], ["10", "1"], ["2024", "2024-01"], ["5 Jan 2024", "20240104"],
    ["05/01/2024", "13/01/2024"], ["2024-1-5", "2024-01-05 00:00:01"], ["2024-01-05T10:00", "2024-01-05T10:00:00.5"],
    ["2024-01-01T00:00+02:00", "2024-01-05T23:30-02:00"], ["2024-01-05T00:00Z", "2024-01-09"], ["2024-13-01", None],
    ["0001-01-01", "9999-12-31"], ["12000-01-01", ""], ["2024-01-05\n", ""], ["Friday", ""], ["2024-02-30", ""],
    ["2024-01-05T24:00", ""], ["2024-01-05 10:00 AM", ""], ["2024W01", "2024Q1"], ["1e5", ""], ["{}", ""],
]  # fmt: skip


def rule(**kwargs):
    pair = {"column_A": "day", "column_B": "said"}
    return Rule(type="expect_column_pair_values_a_to_be_greater_than_b", kwargs={**pair, **kwargs})


RULES = [
    rule(), rule(or_equal=True), rule(mostly=0.5), rule(ignore_row_if="neither"), rule(row_condition="n > 1"),
    rule(ignore_row_if="either_value_is_missing"), rule(column_A="said", column_B="day"),
]  # fmt: skip


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"])
@pytest.mark.parametrize("texts", TEXTS, ids=str)
def test_engines_agree(texts, type_):
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            f"CREATE TABLE t AS SELECT unnest([1, 2, 3]) AS n, unnest(['2024-01-05', '2024-01-05', NULL]::{type_}[]) "
            "AS day, unnest($1::VARCHAR[]) AS said",
            [[*texts, None]],
        )
        mine = ours.evaluate(con, "t", RULES, examples=0)
        gx = theirs.evaluate_relation(con, "t", RULES, examples=0)
    for a, b in zip(mine, gx, strict=True):
        assert not difference(a, b), a.kwargs


def test_a_text_that_is_no_date_is_named_and_one_of_another_row_does_not_matter():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT * FROM (VALUES (1, DATE '2024-01-05', 'soon'), (2, '2024-01-05', "
                    "'5 May 2023')) v(n, day, said)")  # fmt: skip
        whole, some = ours.evaluate(con, "t", [rule(), rule(row_condition="n == 2")])
    assert whole.error.endswith("The two columns cannot be compared: 'soon' is no date.")
    assert some.error is None and some.success and some.evaluated == 1


def test_wrong_cells_are_found_beside_a_rule_that_cannot_be_judged():
    columns = [Column(name=name, source_name=name) for name in ("day", "said")]
    with duckdb.connect() as con:
        con.execute("CREATE TABLE texts AS SELECT '2024-01-05' AS day, if(i = 3, ' soon', 'later') AS said, "
                    "i + 2 AS _source_line FROM range(40) made(i)")  # fmt: skip
        con.execute("CREATE TABLE typed AS SELECT * REPLACE (day::DATE AS day) FROM texts")
        found = find(con, "texts", columns, [rule()], "typed")
    assert [(cell.row, cell.column) for cell in found] == [(3, "said")]
