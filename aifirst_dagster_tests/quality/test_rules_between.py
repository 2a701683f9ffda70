"""Rules between columns, over time and across tables: what is there is proposed, what is chance is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality import elsewhere
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.evidence import drop, facts, part
from aifirst_dagster.quality.generate import propose
from aifirst_dagster.quality.known import Known, Other

TYPES = {"BIGINT": "integer", "DOUBLE": "number", "VARCHAR": "string", "DATE": "date"}


def columns_of(con, table):
    described = con.execute(f"DESCRIBE {table}").fetchall()
    return [
        Column(name=name, source_name=name, type=TYPES[kind], physical_type=kind, evidence={"parsed": 1})
        for name, kind, *_ in described
        if not name.startswith("_")
    ]


@pytest.fixture(scope="module")
def con():
    """800 orders: totals, who fixes what, what is given only where; a few slips in the cities and the totals."""
    con = connect()
    con.execute("SELECT setseed(0.5)")
    con.execute("""CREATE TABLE orders AS
        WITH raw AS (SELECT i, (1 + hash(i * 7) % 9)::BIGINT AS quantity,
            round(2 + hash(i * 13) % 9000 / 100, 2) AS price, (hash(i * 3) % 40)::BIGINT AS customer,
            0.01 * (7 + i % 13) AS rate,
            ['open', 'shipped', 'shipped'][(1 + hash(i * 5) % 3)::BIGINT] AS state
            FROM range(800) r(i))
        SELECT (5000 + i)::BIGINT AS order_no, customer AS customer_id,
            CASE WHEN i % 50 = 7 THEN 'Nowhere' ELSE 'City ' || (customer % 23) END AS city, state, quantity, price,
            round(quantity * price, 2) AS total, round(quantity * price * rate, 2) AS tax,
            round(quantity * price, 2) + round(quantity * price * rate, 2) AS gross,
            CASE WHEN state = 'shipped' THEN 'T' || (90000 + hash(i) % 9000) END AS tracking,
            CASE WHEN hash(i * 11) % 4 = 0 THEN 'gift ' || i % 60 END AS gift,
            CASE WHEN hash(i * 11) % 4 = 0 THEN 'card ' || (i * 7) % 90 END AS card,
            '100 %; DROP' AS "a ""b` c", 'f.csv' AS _source, i + 2 AS _source_line FROM raw""")
    return con


@pytest.fixture(scope="module")
def rules(con):
    return {rule.id: rule for rule in propose(con, "orders", columns_of(con, "orders"))[0]}


def kinds(rules, type_):
    return [rule.kwargs for rule in rules.values() if rule.type == type_]


def test_a_total_is_its_parts_and_a_product_its_factors(rules):
    (total,) = kinds(rules, "expect_multicolumn_sum_to_equal_column")
    assert (total["column_list"], total["column"]) == (["total", "tax"], "gross")
    assert "total.product_of_quantity,price" in rules


def test_what_fixes_a_column_is_found_though_some_rows_are_wrong(rules):
    fixed = {rule["column"]: rule for rule in kinds(rules, "expect_column_values_to_be_determined_by_columns")}
    assert fixed["city"]["column_list"] == ["customer_id"] and fixed["city"]["mostly"] < 0.98
    assert "state" not in fixed and "quantity" not in fixed


def test_what_is_given_only_for_a_kind_is_said_in_both_directions(rules):
    where = {(rule.type, rule.kwargs["column"]): rule for rule in rules.values() if "row_condition" in rule.kwargs}
    given = where["expect_column_values_to_not_be_null", "tracking"]
    assert given.kwargs["row_condition"] == "`state` in ['shipped']"
    assert where["expect_column_values_to_be_null", "tracking"].kwargs["row_condition"] == "`state` in ['open']"
    assert "state is shipped" in given.rationale


def test_what_is_given_together_is_one_rule(rules):
    together = [
        rule.kwargs for rule in rules.values() if "notnull" in str(rule.kwargs.get("row_condition", ""))
    ]  # fmt: skip
    assert [(rule["column"], rule["row_condition"]) for rule in together] == [("card", "`gift`.notnull()")]


def test_a_number_that_is_never_above_another_is_not_said_where_a_total_says_it(rules):
    ordered = {(rule["column_A"], rule["column_B"]) for rule in kinds(rules, _GREATER)}
    assert ("gross", "total") not in ordered and ("total", "tax") not in ordered


_GREATER = "expect_column_pair_values_a_to_be_greater_than_b"


@pytest.mark.parametrize(
    ("damage", "id_"),
    [
        ("CASE WHEN order_no % 9 = 0 THEN total + 1 ELSE total END AS total", "total.product_of_quantity,price"),
        ("CASE WHEN order_no % 9 = 0 THEN gross - 3 ELSE gross END AS gross", "multicolumn_sum"),
        ("CASE WHEN order_no % 9 = 0 THEN 'Elsewhere' ELSE city END AS city", "city,customer_id"),
        ("NULL::VARCHAR AS tracking", "tracking.values_to_not_be_null.where"),
        ("'T1' AS tracking", "tracking.values_to_be_null.where"),
    ],
)  # fmt: skip
def test_each_of_them_fails_where_it_should(con, rules, damage, id_):
    (rule,) = (rule for name, rule in rules.items() if id_ in name)
    assert evaluate(con, "orders", [rule])[0].success is True
    assert evaluate(con, f"(SELECT * REPLACE ({damage}) FROM orders)", [rule])[0].success is False


def test_reasons_use_no_words_of_statistics(rules):
    for rule in rules.values():
        assert not any(word in rule.rationale.lower() for word in ("null", "regex", "determin", "depend", "mean "))


def test_rules_are_no_more_than_people_read(con, rules):
    assert len(rules) <= 5 * 13 + 4
    for column in ("price", "total", "state"):
        assert sum(rule.columns == [column] for rule in rules.values() if "row_condition" not in rule.kwargs) <= 4


def test_a_reference_to_another_dataset_is_found_and_an_orphan_breaks_it(con):
    con.execute("CREATE OR REPLACE TABLE customers AS SELECT i::BIGINT AS id, 'n' || i AS name FROM range(40) r(i)")
    theirs = [one.model_copy(update={"unique": True}) for one in columns_of(con, "customers")]
    known = Known(others=(Other("customers", "customers", theirs, 40),))
    found = propose(con, "orders", columns_of(con, "orders"), known)[0]
    (rule,) = (rule for rule in found if "other_table" in rule.type)
    assert rule.kwargs == {"column": "customer_id", "other_table_name": "customers", "other_column_name": "id"}
    assert rule.severity == "error"
    orphans = "(SELECT * REPLACE (CASE WHEN order_no % 10 = 0 THEN 77 ELSE customer_id END AS customer_id) FROM orders)"
    assert evaluate(con, orphans, [rule], others=known.find)[0].success is False


def test_volume_is_learned_from_earlier_versions(con):
    known = Known(volumes=(780, 810, 795, 805, 790))
    found = propose(con, "orders", columns_of(con, "orders"), known)[0]
    (rule,) = (rule for rule in found if "row_count" in rule.type)
    assert 650 <= rule.kwargs["min_value"] < 780 and 810 < rule.kwargs["max_value"] <= 900


@pytest.mark.parametrize(("year", "fresh"), [(2026, True), (2028, False)])
def test_lateness_is_watched_only_where_data_was_up_to_date(con, year, fresh):
    today, day = datetime(year, 3, 2, tzinfo=UTC), "DATE '2026-01-01' + (i // 20)::INTEGER"
    con.execute(f"CREATE OR REPLACE TABLE days AS SELECT {day} AS d FROM range(1180) r(i)")
    parts = part(con, "days")
    try:
        found = list(elsewhere.of_time(con, parts, facts(con, parts, columns_of(con, "days")), today))
    finally:
        drop(con)
    assert bool(found) is fresh
    assert all(one.rule.kwargs["max_age"] == "4 days" for one in found)


def test_numbers_without_gaps_are_said_to_have_none_and_others_are_not(con, rules):
    assert "order_no.values_to_have_no_gaps" in rules
    con.execute("CREATE OR REPLACE TABLE holes AS SELECT (i * 2)::BIGINT AS n FROM range(300) r(i)")
    assert not any("gaps" in rule.type for rule in propose(con, "holes", columns_of(con, "holes"))[0])


def test_random_columns_have_nothing_to_do_with_each_other(con):
    con.execute("""CREATE OR REPLACE TABLE noise AS SELECT hash(i) % 1000 / 7.0 AS a, hash(i + 5000) % 1000 / 3.0 AS b,
        'k' || hash(i + 9000) % 5 AS c, 'm' || hash(i + 7000) % 6 AS d,
        CASE WHEN hash(i + 100) % 3 = 0 THEN 'x' || i END AS e FROM range(2000) r(i)""")
    found = propose(con, "noise", columns_of(con, "noise"))[0]
    assert not [rule.id for rule in found if len(rule.columns) > 1 or "row_condition" in rule.kwargs]


HOSTILE = ["quote \" and ' both", "tick`tock", "br{ac}e", "new\nline", "; DROP TABLE t; --"]


@pytest.mark.parametrize("shift", range(5))
def test_hostile_names_and_texts_make_rules_that_can_be_judged(con, shift):
    a, b, c, d, e = ('"' + name.replace('"', '""') + '"' for name in HOSTILE[shift:] + HOSTILE[:shift])
    con.execute(f"""CREATE OR REPLACE TABLE hostile AS SELECT (1 + i % 9)::BIGINT AS {a}, (i % 37)::BIGINT AS {b},
        ((1 + i % 9) * (i % 37))::BIGINT AS {c}, ['it''s', 'a "b"', 'x'][(1 + i % 3)::BIGINT] AS {d},
        CASE WHEN i % 3 = 2 THEN 'given ' || i END AS {e} FROM range(500) r(i)""")
    rules = propose(con, "hostile", columns_of(con, "hostile"))[0]
    results = evaluate(con, "hostile", rules)
    assert len(rules) > 5 and [result.error for result in results if result.error] == []
    assert all(result.success for result in results)


LITTLE = [
    "SELECT * FROM orders LIMIT 0",
    "SELECT * FROM orders LIMIT 1",
    "SELECT city FROM orders",
    "SELECT NULL::VARCHAR AS x, NULL::BIGINT AS y FROM orders",
]


@pytest.mark.parametrize("query", LITTLE)
def test_empty_small_and_blank_tables_are_no_trouble(con, query):
    con.execute(f"CREATE OR REPLACE TABLE little AS {query}")
    rules = propose(con, "little", columns_of(con, "little"), Known(volumes=(1, 2, 3, 4, 5)))[0]
    assert all(result.error is None for result in evaluate(con, "little", rules))
