"""PostgreSQL tables and queries, on a real server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import quote

import duckdb
import psycopg2
import pytest

from aifirst_dagster.connectors.postgres import Wanted, read_postgres
from aifirst_dagster.errors import ConfigError, ServiceError
from aifirst_dagster_tests.postgres import PASSWORD, fresh_database, postgres_server  # noqa: F401

pytestmark = pytest.mark.postgres
SECRETS = (PASSWORD, quote(PASSWORD, safe=""))


@pytest.fixture
def url(postgres_server: str) -> str:  # noqa: F811
    return fresh_database(postgres_server)


def execute(url: str, *statements: str) -> None:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def rows(con: duckdb.DuckDBPyConnection, url: str, wanted: Wanted) -> list[tuple[object, ...]]:
    table, _ = read_postgres(con, url, wanted, 1)
    found = con.execute(f"SELECT * EXCLUDE (_source, _source_line) FROM {table.relation}").fetchall()
    assert len(found) == table.records
    return found


def test_types_are_the_servers(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(
        url,
        "CREATE TABLE t (i int, b bigint, n numeric(12,2), free numeric, d double precision, ok boolean, day date, "
        "at timestamptz, u uuid, j jsonb, a int[], x bytea, s text)",
        "INSERT INTO t VALUES (1, 9007199254740993, 12.50, 1.10, 0.1, true, '2024-01-05', '2024-01-05 10:00+02', "
        """'6f9619ff-8b86-d011-b42d-00c04fc964ff', '{"k": [1]}', '{1,2}', '\\x00ff', 'it''s, "q"\nnew')""",
        "INSERT INTO t (s) VALUES (NULL), (''), ('NULL'), ('\\.')",
    )
    table, _ = read_postgres(con, url, Wanted(table="t"), 1)
    assert table.native["n"] == "DECIMAL(12,2)"
    assert con.execute(f"SELECT DISTINCT _source FROM {table.relation}").fetchall()[0][0].endswith("/t")
    first, *others = rows(con, url, Wanted(table="t"))
    assert first[:6] == (1, 9007199254740993, Decimal("12.50"), "1.10", 0.1, True)
    assert first[6:8] == (date(2024, 1, 5), datetime(2024, 1, 5, 8, tzinfo=UTC))
    assert first[9:] == ('{"k": [1]}', "{1,2}", "\\x00ff", 'it\'s, "q"\nnew')
    assert [row[-1] for row in others] == [None, "", "NULL", "\\."]


def test_what_a_type_cannot_hold_is_text(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(
        url,
        "CREATE TABLE t (d date, n numeric(5,1))",
        "INSERT INTO t VALUES ('0044-03-15 BC', 'NaN'), ('2024-01-05', 1)",
    )
    assert rows(con, url, Wanted(table="t")) == [("0044-03-15 BC", "NaN"), ("2024-01-05", "1.0")]


def test_names_of_tables_and_columns_may_be_anything(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(
        url, 'CREATE SCHEMA "My S"', 'CREATE TABLE "My S"."T; drop" ("a""b" int, "50%%" int)',
        'INSERT INTO "My S"."T; drop" VALUES (1, 2)',
    )  # fmt: skip
    assert rows(con, url, Wanted(table="My S.T; drop")) == [(1, 2)]
    with pytest.raises(ConfigError, match="no table 'nope'") as caught:
        rows(con, url, Wanted(table="nope"))
    assert "My S.T; drop" in caught.value.hint


def test_a_query_reads_and_can_do_nothing_else(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(url, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (2)", "CREATE SEQUENCE s")
    assert rows(con, url, Wanted(query="-- mine\nSELECT a, a % 2 AS odd FROM t WHERE a > 1; ")) == [(2, 0)]
    for wrong in (
        "DELETE FROM t", "SELECT 1; DROP TABLE t", "WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x",
        "SELECT nextval('s')", "SELECT nope FROM t", "SELECT 1) TO PROGRAM 'touch /tmp/x' --",
    ):  # fmt: skip
        with pytest.raises(ConfigError):
            rows(con, url, Wanted(query=wrong))
    assert len(rows(con, url, Wanted(table="t"))) == 2


def test_a_cursor_gives_the_rows_behind_it(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(url, "CREATE TABLE t (id int, s text)", "INSERT INTO t VALUES (2, 'b'), (1, 'a')")
    _, last = read_postgres(con, url, Wanted(table="t", cursor="id"), 1)
    assert last == "2"
    execute(url, "INSERT INTO t VALUES (10, 'c')")
    assert rows(con, url, Wanted(table="t", cursor="id", since=last)) == [(10, "c")]
    table, again = read_postgres(con, url, Wanted(table="t", cursor="id", since="10"), 2)
    assert (table.records, again) == (0, "10")
    assert table.columns == ["id", "s"]
    with pytest.raises(ConfigError, match="no column"):
        read_postgres(con, url, Wanted(table="t", cursor="nope"), 3)


def test_long_values_and_many_rows_are_whole(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(
        url, "CREATE TABLE t AS SELECT n, repeat(E'x\"\\n,', 20) AS s FROM generate_series(1, 30000) n",
        "INSERT INTO t VALUES (0, repeat('y', 5000000))",
    )  # fmt: skip
    table, _ = read_postgres(con, url, Wanted(table="t"), 1)
    found = con.execute(f"SELECT count(*), max(length(s)), count(DISTINCT n) FROM {table.relation}").fetchall()
    assert found == [(30001, 5000000, 30001)]


def test_an_empty_table_keeps_its_types(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(url, "CREATE TABLE t (a int, b text)")
    table, _ = read_postgres(con, url, Wanted(table="t"), 1)
    assert (table.records, table.native) == (0, {"a": "INTEGER"})


def test_secrets_are_in_no_message_and_no_row(con: duckdb.DuckDBPyConnection, url: str) -> None:
    execute(url, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    table, _ = read_postgres(con, url, Wanted(table="t"), 1)
    told = str(con.execute(f"SELECT * FROM {table.relation}").fetchall())
    for wrong, error in (
        (url.replace("/t_", "/no_"), ServiceError),
        (url.replace("127.0.0.1", "127.0.0.1:1:"), ServiceError),
    ):
        with pytest.raises(error) as caught:
            read_postgres(con, wrong, Wanted(table="t"), 2)
        told += str(caught.value)
    with pytest.raises(ServiceError) as refused:
        read_postgres(con, url.replace("aifirst:", "nobody:"), Wanted(table="t"), 2)
    told += str(refused.value)
    assert not any(secret in told for secret in SECRETS)
