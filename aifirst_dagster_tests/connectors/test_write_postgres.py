"""PostgreSQL targets, on a real server: one transaction, exact values, the same load twice changes nothing."""

from __future__ import annotations

import threading
from datetime import date, datetime
from decimal import Decimal

import psycopg2
import pytest

from aifirst_dagster.connectors.write_postgres import write_postgres
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import AifirstError, ServiceError, StorageError
from aifirst_dagster_tests.connectors.loads import MORE, ROWS, Desk
from aifirst_dagster_tests.postgres import fresh_database, postgres_server  # noqa: F401

pytestmark = pytest.mark.postgres
TABLE = 'my "table"'
TYPED = (
    f"SELECT id, name, amount::DOUBLE AS amount, TIMESTAMP '2026-01-01' AS seen, [1] AS tags, 1::TINYINT AS x {ROWS}"
)


@pytest.fixture(scope="module")
def url(postgres_server):  # noqa: F811
    return fresh_database(postgres_server)


@pytest.fixture
def sql(url):
    connection = psycopg2.connect(url)
    connection.autocommit = True

    def run(query: str) -> list:
        cursor = connection.cursor()
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else []

    yield run
    run('DROP TABLE IF EXISTS "my ""table""", _aifirst_loads CASCADE')
    connection.close()


@pytest.fixture
def at(con, url, sql) -> Desk:
    return Desk(
        con,
        lambda con, load: write_postgres(con, load, url, TABLE),
        lambda query: sql(f'WITH there AS (SELECT * FROM "my ""table""") {query}'),
    )


def test_replace_leaves_these_rows_alone_and_says_where_without_the_password(at):
    written = at.put(ROWS)
    assert written.rows == 3
    assert written.location.startswith("postgresql://127.0.0.1/t_") and "secret" not in written.location
    assert at.read("SELECT * FROM there ORDER BY id") == [
        (1, "Ada", Decimal("1.50")), (2, "it's; \"Grace\"", None), (3, "", Decimal("3.25"))
    ]  # fmt: skip
    assert at.put(MORE).rows == 2


def test_an_empty_text_and_no_value_stay_two_things(at):
    at.put("FROM (VALUES (1, ''), (2, NULL), (3, 'NULL'), (4, '\\N')) t(id, x)")
    assert at.read("SELECT x FROM there ORDER BY id") == [("",), (None,), ("NULL",), ("\\N",)]


def test_every_type_comes_through_exactly(at):
    at.put(
        "SELECT 1::TINYINT AS a, 18446744073709551615::UBIGINT AS b, 0.1::DOUBLE AS c, 12.340::DECIMAL(9,3) AS d, "
        "DATE '2026-02-03' AS e, TIMESTAMP '2026-02-03 04:05:06.789' AS f, true AS g, 'ä\n\"\\x\t' AS h, "
        "[1, 2] AS i, {'k': 'v', 'n': NULL} AS j, ['a \"b\"', 'c'] AS k, MAP {'x': 1.5} AS l, "
        "TIMESTAMPTZ '2026-02-03 04:05:06+00' AS m, TIME '01:02:03' AS n, 'inf'::DOUBLE AS o, "
        "'\\x00\\xFF'::BLOB AS p, INTERVAL 3 DAY AS q, '{\"z\": [1]}'::JSON AS r, "
        "'123e4567-e89b-12d3-a456-426614174000'::UUID AS s"
    )
    ((a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s),) = at.read("SELECT * FROM there")  # noqa: E741
    assert (a, b, c, d, g, h) == (1, Decimal(2**64 - 1), 0.1, Decimal("12.340"), True, 'ä\n"\\x\t')
    assert (e, f, n.isoformat()) == (date(2026, 2, 3), datetime(2026, 2, 3, 4, 5, 6, 789000), "01:02:03")
    assert (i, j, k, l) == ([1, 2], {"k": "v", "n": None}, ['a "b"', "c"], {"x": 1.5})
    assert (m.timestamp(), o, bytes(p), q.days, r, str(s)[:8]) == (
        1770091506.0, float("inf"), b"\x00\xff", 3, {"z": [1]}, "123e4567"
    )  # fmt: skip


def test_a_table_that_keeps_its_columns_keeps_its_grants_and_indexes(at, sql):
    at.put(TYPED)
    sql('CREATE INDEX kept ON "my ""table""" (id)')
    at.put(f"{TYPED} LIMIT 2")
    assert sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'kept'") == [(1,)]
    at.put("SELECT 'x' AS other")
    assert at.read("SELECT * FROM there") == [("x",)]


def test_a_view_over_the_table_survives_a_replacement_of_its_rows(at, sql):
    at.put(TYPED)
    sql('CREATE VIEW over_it AS SELECT count(*) AS n FROM "my ""table"""')
    at.put(f"{TYPED} LIMIT 2")
    assert sql("SELECT n FROM over_it") == [(2,)]


def test_the_same_load_is_appended_once(at):
    assert [at.put(query, "append").rows for query in (ROWS, MORE, ROWS, MORE)] == [3, 5, 5, 5]


def test_upsert_replaces_rows_of_the_same_key(at):
    assert [at.put(query, "upsert", ("id",)).rows for query in (ROWS, MORE, MORE)] == [3, 4, 4]
    assert at.read("SELECT name FROM there ORDER BY id")[2:] == [("Linus",), ("Margaret",)]


def test_each_partition_replaces_its_own_rows(at):
    at.put(ROWS, partition="2026-01-01")
    at.put(MORE, partition="it's b")
    assert at.put(MORE, partition="2026-01-01").rows == 4
    assert at.read("SELECT _partition, count(*) FROM there GROUP BY 1 ORDER BY 1") == [("2026-01-01", 2), ("it's b", 2)]


def test_a_table_in_a_schema(con, url, sql):
    sql("CREATE SCHEMA IF NOT EXISTS mart")
    desk = Desk(con, lambda con, load: write_postgres(con, load, url, "mart.people"), sql)
    assert desk.put(ROWS).rows == 3
    assert sql("SELECT count(*) FROM mart.people") == [(3,)]
    assert desk.put(MORE, "append").rows == 5


@pytest.mark.parametrize("query", ["SELECT 'not a number' AS id", "SELECT 1 AS nosuch", "SELECT 'a' || chr(0) AS name"])
def test_rows_that_the_server_refuses_leave_the_table_unchanged(at, query):
    at.put(ROWS, "append")
    with pytest.raises(StorageError, match="refuses to write") as caught:
        at.put(query, "append")
    assert "unchanged" in caught.value.hint
    assert at.read("SELECT count(*) FROM there") == [(3,)]


def test_a_server_that_is_not_there_is_a_service_error_without_the_password(con):
    desk = Desk(con, lambda con, load: write_postgres(con, load, "postgresql://u:geheim@127.0.0.1:9/db", "t"), list)
    with pytest.raises(ServiceError, match=r"Cannot connect to PostgreSQL at 127\.0\.0\.1/db") as caught:
        desk.put(ROWS)
    assert "geheim" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_wrong_password_is_a_service_error(con, url):
    wrong = url.replace("a%20secret", "another")
    with pytest.raises(ServiceError, match="password authentication failed"):
        Desk(con, lambda con, load: write_postgres(con, load, wrong, "t"), list).put(ROWS)


def test_runs_that_write_at_once_do_not_mix(at, url, sql):
    """Each replacement is whole: the table holds one load's rows, whoever came last."""
    failures = []

    def write(number: int) -> None:
        with connect() as con:
            desk = Desk(con, lambda con, load: write_postgres(con, load, url, TABLE), list)
            try:
                desk.put(f"SELECT {number} AS load, i AS id FROM range(2000) t(i)")
            except (AifirstError, psycopg2.Error) as error:
                failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failures
    assert at.read("SELECT count(*), count(DISTINCT load) FROM there") == [(2000, 1)]


def test_a_server_that_goes_away_is_a_service_error(at, sql, url):
    at.put(ROWS)

    def write(con, load):
        def cut_off() -> None:
            for _ in range(400):
                others = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%_staged%' AND pid <> pg_backend_pid()"
                if sql(f"SELECT pg_terminate_backend(pid) FROM ({others}) x"):
                    return

        thread = threading.Thread(target=cut_off)
        thread.start()
        try:
            return write_postgres(con, load, url, TABLE)
        finally:
            thread.join()

    with pytest.raises(ServiceError, match="failed while writing") as caught:
        write(at.con, at.load("SELECT i AS id, repeat('x', 500) AS name FROM range(200000) t(i)"))
    assert "unchanged" in caught.value.hint
    assert at.read("SELECT count(*) FROM there") == [(3,)]
