"""Rules learned from data: they hold, they can fail, none says what another says."""

import duckdb
import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.generate import propose
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster.quality.score import score

ORDERS = """SELECT i + 1 AS order_id, 'AB-' || (1000 + i % 900) AS code, 'user' || i || '@example.org' AS email,
    ['new', 'paid', 'sent'][1 + i % 3] AS state, (i * 37 % 500) / 10.0 AS price,
    DATE '2024-01-01' + (i % 200)::INT AS ordered,
    DATE '2024-01-01' + (i % 200 + i % 7)::INT AS shipped, CASE WHEN i % 25 = 0 THEN NULL ELSE i % 90 END AS age,
    NULL::VARCHAR AS nothing, 'Some free text number ' || (i * 7919 % 1000) AS note FROM range(600) r(i)"""
COLUMNS = [
    Column(name=name, source_name=name, type=type_, semantic_type=meaning, unique=unique)
    for name, type_, meaning, unique in [
        ("order_id", "integer", None, True), ("code", "string", None, False), ("email", "string", "email", True),
        ("state", "string", None, False), ("price", "number", "money", False), ("ordered", "date", None, False),
        ("shipped", "date", None, False), ("age", "integer", None, False), ("nothing", "string", None, False),
        ("note", "string", None, False),
    ]
]  # fmt: skip


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as session:
        session.execute(
            f"CREATE TABLE orders AS SELECT *, 'f' AS _source, order_id + 1 AS _source_line FROM ({ORDERS})"
        )
        yield session


@pytest.fixture(scope="module")
def rules(con):
    return propose(con, "orders", COLUMNS)[0]


def of(rules, column, part):
    return [rule for rule in rules if column in rule.columns and part in rule.type]


def test_what_a_person_would_expect_is_found(rules):
    assert of(rules, "order_id", "be_unique")[0].severity == "error"
    assert of(rules, "email", "match_regex")[0].severity == "error"
    assert of(rules, "state", "in_set")[0].kwargs["value_set"] == ["new", "paid", "sent"]
    assert of(rules, "code", "match_regex")[0].kwargs["regex"] == "^[A-Z]{2}-[0-9]{3,4}$".replace("{3,4}", "{4}")
    assert of(rules, "shipped", "a_to_be_greater_than_b")[0].kwargs["column_B"] == "ordered"
    assert 0.8 <= of(rules, "age", "not_be_null")[0].kwargs["mostly"] < 0.96
    assert of(rules, "price", "values_to_be_between")
    assert any("row_count" in rule.type for rule in rules)


def test_each_rule_says_why_and_holds_on_the_data(con, rules):
    results = evaluate(con, "orders", rules)
    assert all(result.success for result in results), [r.id for r in results if not r.success]
    assert all(rule.rationale and rule.provenance == "offline" and rule.status == "active" for rule in rules)
    assert score(results) == 1.0


@pytest.mark.parametrize(
    ("damage", "column", "part"),
    [
        ("CASE WHEN order_id % 50 = 0 THEN 1 ELSE order_id END AS order_id", "order_id", "be_unique"),
        ("CASE WHEN order_id % 50 = 0 THEN 'nobody' ELSE email END AS email", "email", "match_regex"),
        ("CASE WHEN order_id % 50 = 0 THEN 'snet' ELSE state END AS state", "state", "in_set"),
        ("CASE WHEN order_id % 50 = 0 THEN 'AB1000' ELSE code END AS code", "code", "match_regex"),
        ("CASE WHEN order_id % 50 = 0 THEN -500 ELSE price END AS price", "price", "values_to_be_between"),
        ("CASE WHEN order_id % 50 = 0 THEN DATE '1024-01-01' ELSE ordered END AS ordered", "ordered", "be_between"),
        ("CASE WHEN order_id % 50 = 0 THEN DATE '2023-12-30' ELSE shipped END AS shipped", "shipped", "greater_than"),
        ("CASE WHEN order_id % 2 = 0 THEN NULL ELSE age END AS age", "age", "not_be_null"),
    ],
)
def test_rules_can_fail(con, rules, damage, column, part):
    chosen = of(rules, column, part)
    results = evaluate(con, f"(SELECT * REPLACE ({damage}) FROM orders)", chosen)
    assert any(result.success is False for result in results)


def test_none_is_implied_by_a_stronger_one(rules):
    assert not of(rules, "state", "regex") and not of(rules, "state", "length")
    assert not of(rules, "email", "length") and not of(rules, "order_id", "values_to_be_between")


def test_nothing_is_said_about_a_column_without_values(rules):
    assert not of(rules, "nothing", "expect")


def test_rejected_rules_come_with_a_reason(con):
    _, rejected = propose(con, "orders", COLUMNS)
    assert rejected and all(reason and rule.status == "rejected" for rule, reason in rejected)


def test_a_pair_of_columns_is_found_as_the_key(con):
    con.execute("CREATE OR REPLACE TABLE pairs AS SELECT i // 20 AS shop, i % 20 AS day, 'x' AS c FROM range(400) r(i)")
    columns = [Column(name=name, source_name=name, type="integer") for name in ("shop", "day")]
    found = [rule for rule in propose(con, "pairs", columns)[0] if "compound" in rule.type]
    assert [rule.kwargs["column_list"] for rule in found] == [["shop", "day"]]


@pytest.mark.parametrize("rows", ["WHERE FALSE", "LIMIT 1", "LIMIT 2"])
def test_tiny_tables_give_few_rules_and_no_error(con, rows):
    rules, _ = propose(con, f"(SELECT * FROM orders {rows})", COLUMNS)
    assert len(rules) <= 12 and all(isinstance(rule, Rule) for rule in rules)


def test_the_same_data_gives_the_same_rules(con, rules):
    assert propose(con, "orders", COLUMNS)[0] == rules


def test_columns_named_as_our_own_helpers_are_columns_like_others():
    names = ["__row", "__bucket", "__learned", "_source_line"]
    columns = [Column(name=name, source_name=name, type="integer") for name in names[:3]]
    for width in (3, 4):
        listed = ", ".join(f'i AS "{name}"' for name in names[:width])
        with connect() as session:
            session.execute(f"CREATE TABLE odd AS SELECT {listed} FROM range(100) r(i)")
            accepted, _ = propose(session, "odd", columns)
        assert {name for rule in accepted for name in rule.columns} == set(names[:3])
