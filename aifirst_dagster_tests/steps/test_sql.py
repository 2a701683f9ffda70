"""`sql`: the user's own query, over inputs by name; every mistake in it said in words."""

from __future__ import annotations

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster_tests.scenario import ORDERS, Place, rows, step

CUSTOMERS = "id,name\n1,Ada\n2,Grace\n"
RAW = step("raw", "connector", path="in/orders.csv")


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/orders.csv", ORDERS)
    place.write("in/customers.csv", CUSTOMERS)
    return place


def result(shop: Place, query: str, **config):
    return shop.run(shop.pipeline(RAW, step("made", "sql", query=query, **config)))


def test_two_inputs_are_joined_by_their_keys(shop):
    pipeline = shop.pipeline(
        RAW,
        step("people", "connector", [], path="in/customers.csv"),
        step("both", "sql", ["raw", "people"], query="SELECT name, amount FROM raw JOIN people USING (id)"),
    )
    made = shop.run(pipeline)
    assert rows(made) == [("Ada", 10.5), ("Grace", 20.0)]
    assert made.manifest.rows_in == 5
    assert list(made.manifest.inputs) == ["raw", "people"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM input",
        "FROM raw SELECT id",
        "SELECT id FROM raw;",
        "SELECT id FROM raw; -- the end",
        "WITH x AS (SELECT id FROM raw) SELECT * FROM x -- the end",
        "SELECT id FROM raw ORDER BY id DESC",
    ],
)
def test_one_query_in_any_shape(shop, query):
    assert rows(result(shop, query)) == [(1,), (2,), (3,)]


def test_a_single_input_may_be_called_input(shop):
    pipeline = shop.pipeline(
        step("input", "connector", path="in/orders.csv"), step("made", "sql", query="SELECT count(*) AS n FROM input")
    )
    assert rows(shop.run(pipeline)) == [(3,)]


def test_hidden_columns_are_kept_where_the_query_selects_them(shop):
    made = result(shop, "SELECT id, _source, _source_line, _raw FROM raw__rows WHERE id > 1")
    assert rows(made, "id, _source_line") == [(2, 3), (3, 4)]
    assert [column["name"] for column in made.manifest.columns] == ["id"]


def test_without_them_each_row_is_numbered_in_its_version(shop):
    made = result(shop, "SELECT state FROM raw")
    assert rows(made, "_source_line") == [(1,), (2,), (3,)]
    assert rows(made, "DISTINCT _source") == [(f"shop/made@{made.manifest.version}",)]


def test_a_plain_star_does_not_show_hidden_columns(shop):
    assert len(rows(result(shop, "SELECT * FROM raw"))[0]) == 4


def test_what_is_known_of_a_column_goes_with_it(shop):
    shop.write("in/orders.csv", "email,n\na@example.com,1\nb@example.com,2\n")
    made = result(shop, "SELECT email, n + 1 AS more FROM raw")
    columns = {column["name"]: column for column in made.manifest.columns}
    assert columns["email"]["semantic_type"] == "email"
    assert columns["more"]["type"] == "integer"


def test_only_rows_past_the_cursor_are_added(shop):
    incremental = {"load": "incremental", "cursor": "id"}
    pipeline = shop.pipeline(RAW, step("made", "sql", query="SELECT id, amount FROM raw", **incremental))
    shop.run(pipeline)
    shop.write("in/orders.csv", ORDERS.replace("10.50", "99") + "4,2026-01-09,1.00,open\n")
    made = shop.run(pipeline)
    assert rows(made) == [(1, 10.5), (2, 20.0), (3, 7.25), (4, 1.0)]
    assert (made.manifest.rows_out, made.manifest.details["rows_added"]) == (4, 1)
    again = shop.run(pipeline)
    assert (again.manifest.rows_out, again.manifest.details["rows_added"]) == (4, 0)
    assert again.manifest.content_hash == made.manifest.content_hash


def test_an_increment_by_date_or_text_works_too(shop):
    for cursor in ("ordered", "label"):
        query = "SELECT ordered, 'it''s ' || id AS label FROM raw"
        pipeline = shop.pipeline(
            RAW, step("made", "sql", query=query, load="incremental", cursor=cursor), name=f"by_{cursor}"
        )
        shop.write("in/orders.csv", ORDERS)
        shop.run(pipeline)
        shop.write("in/orders.csv", ORDERS + "4,2026-01-09,1.00,open\n")
        assert len(rows(shop.run(pipeline))) == 4


def test_a_changed_query_computes_all_rows_again(shop):
    incremental = {"load": "incremental", "cursor": "id"}
    shop.run(shop.pipeline(RAW, step("made", "sql", query="SELECT id FROM raw", **incremental)))
    made = shop.run(shop.pipeline(RAW, step("made", "sql", query="SELECT id, state FROM raw", **incremental)))
    assert rows(made) == [(1, "open"), (2, "paid"), (3, "paid")]
    assert any("all rows are computed again" in note for note in shop.notes)


def test_a_cursor_that_is_no_column_lists_those_there_are(shop):
    config = {"load": "incremental", "cursor": "when"}
    pipeline = shop.pipeline(RAW, step("made", "sql", query="SELECT id FROM raw", **config))
    with pytest.raises(ConfigError, match="'when' is no column") as caught:
        shop.run(pipeline)
    assert "id" in caught.value.hint


def test_the_query_may_lie_in_a_file(shop):
    shop.write("sql/made.sql", "SELECT max(id) AS top FROM raw")
    pipeline = shop.pipeline(RAW, step("made", "sql", file="sql/made.sql"))
    assert rows(shop.run(pipeline)) == [(3,)]
    shop.write("sql/made.sql", "SELEC max(id) FROM raw")
    with pytest.raises(ConfigError) as caught:
        shop.run(pipeline)
    assert caught.value.file.endswith("sql/made.sql")
    (shop.root / "sql/made.sql").unlink()
    with pytest.raises(ConfigError, match="Cannot read the query"):
        shop.run(pipeline)


@pytest.mark.parametrize(
    "query",
    ["SELECT 1; SELECT 2", "CREATE TABLE x AS SELECT 1", "DROP TABLE raw", "COPY raw TO 'x.csv'", "", "-- nothing"],
)
def test_anything_but_one_select_is_refused(shop, query):
    with pytest.raises(ConfigError, match="exactly one SELECT"):
        result(shop, query)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nosuch FROM raw", "nosuch"),
        ("SELECT * FROM elsewhere", "elsewhere"),
        ("SELEC id FROM raw", "SELEC"),
        ("SELECT state::INTEGER AS n FROM raw", "cannot convert"),
        ("SELECT error('it broke') AS n FROM raw", "it broke"),
        ("SELECT (id + 9223372036854775806)::BIGINT AS n FROM raw", "verflow"),
        ("SELECT * FROM read_csv('/no/such/file.csv')", "No files found"),
        ("SELECT _source FROM raw__rows", "no columns"),
        ("SELECT * FROM config", "config does not exist"),
        ("SELECT id,\n nosuch FROM raw", "LINE 2:  nosuch"),
    ],
)
def test_a_query_that_fails_is_worded_with_its_step_and_views(shop, query, said):
    with pytest.raises(ConfigError, match=said) as caught:
        result(shop, query)
    assert "made" in str(caught.value)
    assert shop.store.current("shop", "made") is None


def test_the_error_of_a_query_names_its_views(shop):
    with pytest.raises(ConfigError) as caught:
        result(shop, "SELECT nosuch FROM raw")
    assert "views raw" in caught.value.hint


def test_columns_of_one_name_are_told_apart(shop):
    made = result(shop, 'SELECT a.id, b.id, a.state AS "it\'s""odd" FROM raw a JOIN raw b USING (id)')
    names = [column["name"] for column in made.manifest.columns]
    assert len(set(names)) == 3 and "it's\"odd" in names


def test_a_query_without_rows_is_an_empty_dataset_with_columns(shop):
    made = result(shop, "SELECT * FROM raw WHERE false")
    assert made.manifest.rows_out == 0
    assert len(made.manifest.columns) == 4
