"""Everything in PostgreSQL: Dagster's records, our state and the output tables, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aifirst_dagster_tests.e2e import scenes, workplace
from aifirst_dagster_tests.e2e.workplace import Workplace
from aifirst_dagster_tests.postgres import fresh_database, postgres_server

__all__ = ["postgres_server"]

pytestmark = [pytest.mark.e2e, pytest.mark.postgres]


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    import psycopg2

    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture
def url(postgres_server: str) -> str:
    return fresh_database(postgres_server)


@pytest.fixture
def place(tmp_path: Path, url: str) -> Iterator[Workplace]:
    made = workplace.make(tmp_path, AIFIRST_POSTGRES_URL=url, WAREHOUSE_URL=url)
    yield made
    assert not made.processes()


def output(mode: str, **more: Any) -> dict[str, Any]:
    """An output step into a table of its own."""
    config = {"format": "postgres", "url": {"env": "WAREHOUSE_URL"}, "table": f"people_{mode}", "mode": mode, **more}
    return {"name": f"Write {mode}", "key": mode, "type": "output", "needs": ["raw"], "config": config}


def test_runs_state_and_outputs_lie_in_one_server_and_outputs_are_idempotent(place: Workplace, url: str) -> None:
    place.write("in/people.csv", scenes.PEOPLE)
    steps = [scenes.load("in/people.csv"), output("replace"), output("append"), output("upsert", key="id")]
    place.pipeline("people", steps)
    first = place.aifirst("run", "people")
    assert first.code == 0, first.said

    schemas = {row[0] for row in ask(url, "SELECT DISTINCT table_schema FROM information_schema.tables")}
    assert "aifirst" in schemas
    assert ask(url, "SELECT status FROM public.runs") == [("SUCCESS",)], "Dagster's own tables"
    assert not list(place.home.rglob("*.db")), "no SQLite beside them"

    ask(url, "CREATE ROLE reader_of_people; GRANT SELECT ON people_replace TO reader_of_people")
    try:
        again = place.aifirst("run", "people")
        assert again.code == 0, again.said
        for table in ("people_replace", "people_append", "people_upsert"):
            assert ask(url, f"SELECT count(*) FROM {table}") == [(3,)], f"{table}: the same rows twice change nothing"

        place.write("in/people.csv", "id,name,age\n2,Grace,46\n4,Margaret,33\n")
        changed = place.aifirst("run", "people")
        assert changed.code == 0, changed.said
        assert ask(url, "SELECT id, age FROM people_replace ORDER BY id") == [(2, 46), (4, 33)]
        assert ask(url, "SELECT count(*) FROM people_append") == [(5,)]
        assert ask(url, "SELECT id, age FROM people_upsert ORDER BY id") == [(1, 36), (2, 46), (3, 52), (4, 33)]
        granted = "SELECT grantee FROM information_schema.role_table_grants WHERE table_name = 'people_replace'"
        assert ("reader_of_people",) in ask(url, granted), "a replaced table keeps its grants"
    finally:
        ask(url, "DROP OWNED BY reader_of_people; DROP ROLE reader_of_people")


def test_a_server_that_is_down_is_worded_and_ends_with_three(place: Workplace) -> None:
    place.write("in/people.csv", scenes.PEOPLE)
    place.pipeline("people", [scenes.load("in/people.csv"), output("replace")])
    nobody = "postgresql://aifirst:secret-word@127.0.0.1:9/nothing"
    down = place.aifirst("run", "people", WAREHOUSE_URL=nobody)
    assert down.code == 3, down.said
    assert "Cannot connect to PostgreSQL at 127.0.0.1/nothing" in down.said
    no_storage = place.aifirst("run", "people", AIFIRST_POSTGRES_URL=nobody)
    assert no_storage.code == 3, no_storage.said
    assert "AIFIRST_POSTGRES_URL" in no_storage.said
    assert "Traceback" not in down.said + no_storage.said
    assert "secret-word" not in down.said + no_storage.said
