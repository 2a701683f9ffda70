"""A schema for a whole table: types, keys, relationships, hints."""

from aifirst_dagster.inference.file import infer_relation
from aifirst_dagster_tests.inference.tables import session


def _orders(rows: int = 40) -> dict[str, list[str]]:
    cities = ["Rome", "Lyon", "Bonn", "Kiel"]
    return {
        "amount": [str(10 + at % 7) for at in range(rows)],
        "Order ID": [str(1000 + at) for at in range(rows)],
        "City": [cities[at % 4] for at in range(rows)],
        "Land": [["IT", "FR", "DE", "DE"][at % 4] for at in range(rows)],
    }


def test_the_key_is_the_column_that_is_unique_and_called_so():
    orders = _orders()
    schema = infer_relation(session(orders), "source", list(orders))
    assert schema.rows == 40
    assert schema.primary_key == ["order_id"]
    assert schema.candidate_keys == [["order_id"]]


def test_two_columns_may_be_the_candidate_key():
    table = {"day": ["2020-01-01"] * 3 + ["2020-01-02"] * 3, "shop": ["a", "b", "c"] * 2, "sold": ["1"] * 6}
    schema = infer_relation(session(table), "source", list(table))
    assert schema.candidate_keys == [["day", "shop"]]


def test_what_follows_from_what_is_found():
    orders = _orders()
    schema = infer_relation(session(orders), "source", list(orders))
    assert [(found.columns, found.kind) for found in schema.relationships] == [(["city", "land"], "determines")]


def test_a_table_says_what_cleaning_it_needs():
    table = {
        "Name": [" Ana", "Bo ", "Cy", "Cy"],
        "state": ["new", "New", "new", "new"],
        "price": ["$1,200", "$12", "$7.50", "$7.50"],
        "born": ["2020-01-05", "05/13/2020", "Jan 7, 2021", "Jan 7, 2021"],
        "size": ["1", "2", "N/A", "N/A"],
    }
    schema = infer_relation(session(table, times=5), "source", list(table))
    found = {(hint.column, hint.action): hint.rows_affected for hint in schema.cleaning}
    assert found == {
        ("name", "rename_column"): 0,
        ("name", "trim_whitespace"): 10,
        ("state", "unify_categories"): 5,
        ("price", "parse_numbers"): 20,
        ("born", "parse_dates"): 20,
        ("size", "null_tokens"): 10,
        (None, "merge_duplicates"): 17,
    }


def test_columns_that_a_model_proposed_are_verified_like_our_own():
    table = {"a": ["1", "2", "word"]}
    con = session(table)
    wrong = (
        infer_relation(con, "source", ["a"])
        .columns[0]
        .model_copy(update={"type": "integer", "physical_type": "BIGINT"})
    )
    (column,) = infer_relation(con, "source", ["a"], proposed=[wrong]).columns
    assert (column.type, column.evidence.failed) == ("string", 0)


def test_an_empty_table_has_a_schema():
    schema = infer_relation(session({"a": [], "b": []}), "source", ["a", "b"])
    assert (schema.rows, [column.type for column in schema.columns], schema.primary_key) == (
        0,
        ["string", "string"],
        [],
    )
    assert (schema.relationships, schema.cleaning) == ([], [])
