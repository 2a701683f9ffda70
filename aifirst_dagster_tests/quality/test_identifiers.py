"""A key in which a few rows repeat is still told to be one; what is nearly unique by chance is not."""

import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference.infer import propose as columns_of
from aifirst_dagster.inference.infer import verify
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.generate import propose

ROWS = 10_000
#: One row in a thousand has the number of the one ten rows before it.
NUMBER = "(CASE WHEN i % 1000 = 700 THEN i - 10 ELSE i END)"
KEYS = {
    "order_id": f"100000 + {NUMBER}",
    "order_no": f"'ORD-' || lpad({NUMBER}::VARCHAR, 8, '0')",
    "scattered_id": f"(({NUMBER} * 7919) % 30011)",
    "session": f"uuid_from(md5({NUMBER}::VARCHAR))",
}
CHANCE = {
    "customer_id": "(hash(i) % 20000000)::BIGINT",
    "voucher_code": "'V-' || lpad((hash(i * 3) % 10000000)::VARCHAR, 8, '0')",
    "amount": "(hash(i * 5) % 100000000)::BIGINT / 100.0",
    "full_name": "'Ada ' || chr(65 + (hash(i * 7) % 26)::INTEGER) || to_base((hash(i * 7) % 4000000)::BIGINT, 26)",
    "grams": "(hash(i * 11) % 15000000)::BIGINT",
    "remark": "'said on ' || (hash(i * 13) % 9000000) || ' that all is well, and no more than that'",
}


def rules_of(con, sql):
    parts = " || '-' || ".join(f"h[{start}:{end}]" for start, end in ((1, 8), (9, 12), (13, 16), (17, 20), (21, 32)))
    con.execute(f"CREATE OR REPLACE MACRO uuid_from(h) AS ({parts})")
    con.execute(f"CREATE OR REPLACE TABLE t AS SELECT {sql}, ['a', 'b'][1 + i % 2] AS kind FROM range({ROWS}) r(i)")
    types = {row[0]: row[1] for row in con.execute("DESCRIBE t").fetchall()}
    native = {name: held for name, held in types.items() if held != "VARCHAR"}
    columns = verify(con, "t", columns_of(con, "t", list(types), native))
    return propose(con, "t", [column.model_copy(update={"name": column.source_name}) for column in columns])[0]


def unique(rules):
    return [rule for rule in rules if rule.type == "expect_column_values_to_be_unique"]


@pytest.mark.parametrize("name", KEYS)
def test_a_key_with_a_few_errors_is_found_and_more_of_them_are_told(name):
    with connect() as con:
        (rule,) = unique(rules_of(con, f"{KEYS[name]} AS {name}"))
        assert 0.99 <= rule.kwargs["mostly"] < 0.999 and rule.severity == "warn"
        assert rule.rationale.startswith("All but a few rows")
        repeated = f"CASE WHEN hash({name}) % 50 = 0 THEN min({name}) OVER () ELSE {name} END"
        more = f"(SELECT * REPLACE ({repeated} AS {name}) FROM t)"
        assert [result.success for source in ("t", more) for result in evaluate(con, source, [rule])] == [True, False]


@pytest.mark.parametrize("name", CHANCE)
def test_what_hardly_repeats_by_chance_is_no_key(name):
    with connect() as con:
        rules = rules_of(con, f"{CHANCE[name]} AS {name}")
        share = con.execute(f"SELECT count(DISTINCT {name}) / count(*) FROM t").fetchall()[0][0]
        assert 0.99 < share < 1, "the table does not show what it is made for"
        assert not unique(rules)


def test_dates_that_are_in_order_but_for_slips_are_a_rule_that_finds_more_of_them():
    late = "DATE '2024-01-01' + (i % 300)::INT + (CASE WHEN i % 1000 = 7 THEN -20 ELSE i % 9 END)::INT AS shipped"
    with connect() as con:
        rules = rules_of(con, f"DATE '2024-01-01' + (i % 300)::INT AS ordered, {late}")
        (rule,) = [rule for rule in rules if rule.type == "expect_column_pair_values_a_to_be_greater_than_b"]
        assert 0.99 <= rule.kwargs["mostly"] < 0.999 and "very few rows" in rule.rationale
        earlier = "CASE WHEN hash(shipped, ordered) % 50 = 0 THEN ordered - 5 ELSE shipped END"
        more = f"(SELECT * REPLACE ({earlier} AS shipped) FROM t)"
        assert evaluate(con, more, [rule])[0].success is False
