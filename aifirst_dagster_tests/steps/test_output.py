"""`output`: the dataset where its users look; what exactly each target does stands in connectors/test_write_*.py."""

from __future__ import annotations

import duckdb
import psycopg2
import pytest

from aifirst_dagster.errors import ConfigError, InputError, ServiceError
from aifirst_dagster.steps.run import Partition
from aifirst_dagster_tests.postgres import fresh_database, postgres_server  # noqa: F401
from aifirst_dagster_tests.scenario import ORDERS, Place, rows, step

RAW = step("raw", "connector", path="in/orders.csv")


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("in/orders.csv", ORDERS)
    return place


def saved(shop: Place, **config):
    return shop.run(shop.pipeline(RAW, step("save", "output", **config)))


def table(path, name: str = "shop") -> list:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(f"FROM {name} ORDER BY ALL").fetchall()


def test_without_settings_a_parquet_file_named_as_the_step(shop):
    made = saved(shop)
    path = shop.root / "out" / "shop" / "save.parquet"
    assert made.manifest.details["output"] == {"format": "parquet", "location": str(path), "rows": 3}
    assert len(rows(path, "*")[0]) == 4, "no hidden columns"


def test_the_version_is_what_was_written_linked_not_copied(shop):
    made = saved(shop)
    raw = shop.store.current("shop", "raw")
    assert [part.stat().st_ino for part in made.parts] == [part.stat().st_ino for part in raw.parts]
    assert (made.manifest.rows_in, made.manifest.rows_out) == (3, 3)


def test_the_same_dataset_twice_leaves_the_file_as_it_is(shop):
    saved(shop, format="csv", path="out/orders.csv")
    before = (shop.root / "out/orders.csv").read_bytes()
    assert before.decode().splitlines()[:2] == ["id,ordered,amount,state", "1,2026-01-05,10.5,open"]
    saved(shop, format="csv", path="out/orders.csv")
    assert (shop.root / "out/orders.csv").read_bytes() == before


def test_a_duckdb_table_grows_by_new_loads_only(shop):
    config = {"format": "duckdb", "path": "out/w.duckdb", "mode": "append"}
    saved(shop, **config)
    saved(shop, **config)
    assert len(table(shop.root / "out/w.duckdb")) == 3
    shop.write("in/orders.csv", "id,ordered,amount,state\n4,2026-01-08,1.00,open\n")
    assert saved(shop, **config).manifest.details["output"]["rows"] == 4


def test_an_upsert_by_key(shop):
    config = {"format": "duckdb", "path": "out/w.duckdb", "mode": "upsert", "key": "id", "table": "orders"}
    saved(shop, **config)
    shop.write("in/orders.csv", "id,ordered,amount,state\n3,2026-01-07,7.25,closed\n4,2026-01-08,1.00,open\n")
    saved(shop, **config)
    assert [(row[0], row[3]) for row in table(shop.root / "out/w.duckdb", "orders")] == [
        (1, "open"), (2, "paid"), (3, "closed"), (4, "open")
    ]  # fmt: skip


def test_a_key_that_is_not_unique_writes_nothing(shop):
    with pytest.raises(InputError, match="The key state is not unique: paid"):
        saved(shop, mode="upsert", key="state")
    assert not (shop.root / "out").exists()


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_partitions_stand_beside_each_other_even_with_the_same_rows(shop, mode):
    pipeline = shop.pipeline(
        step("raw", "connector", path="in/*.csv"),
        step("save", "output", format="duckdb", path="out/w.duckdb", mode=mode),
        partitions={"type": "per_file"},
    )
    shop.write("in/again.csv", ORDERS)
    for file in ("in/orders.csv", "in/again.csv", "in/orders.csv"):
        shop.run(pipeline, partition=Partition(file, file=file))
    found = {}
    for row in table(shop.root / "out/w.duckdb"):
        found[row[-1]] = found.get(row[-1], 0) + 1
    assert found == {"in/orders.csv": 3, "in/again.csv": 3}


def test_a_file_target_has_a_file_for_each_partition(shop):
    pipeline = shop.pipeline(
        step("raw", "connector", path="in/*.csv"),
        step("save", "output", path="out/orders.parquet"),
        partitions={"type": "per_file"},
    )
    for file in ("in/orders.csv", "in/ö x.csv"):
        shop.write(file, ORDERS)
        shop.run(pipeline, partition=Partition(file, file=file))
    found = sorted(path.name for path in (shop.root / "out" / "orders").iterdir())
    assert found == ["in%2Forders.csv.parquet", "in%2Fö x.csv.parquet"]
    assert not list((shop.root / "out").rglob("*.csv")), "nothing is written beside the input"


@pytest.mark.postgres
def test_a_postgres_table_by_an_url_from_the_environment(shop, postgres_server, monkeypatch):  # noqa: F811
    url = fresh_database(postgres_server)
    monkeypatch.setenv("WAREHOUSE_URL", url)
    made = saved(shop, format="postgres", url={"env": "WAREHOUSE_URL"}, table="orders", mode="upsert", key=["id"])
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, amount, state FROM orders ORDER BY id")
        assert cursor.fetchall() == [(1, 10.5, "open"), (2, 20.0, "paid"), (3, 7.25, "paid")]
    stored = (made.folder / "manifest.json").read_text()
    assert "secret" not in stored and "127.0.0.1" in stored


def test_a_postgres_server_that_is_not_there_is_a_service_error(shop, monkeypatch):
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://me:geheim@127.0.0.1:9/db")
    with pytest.raises(ServiceError) as caught:
        saved(shop, format="postgres", url={"env": "WAREHOUSE_URL"})
    assert "geheim" not in str(caught.value)


def test_a_variable_that_is_not_set_is_an_error_at_its_line(shop):
    with pytest.raises(ConfigError, match="WAREHOUSE_URL") as caught:
        saved(shop, format="postgres", url={"env": "WAREHOUSE_URL"})
    assert caught.value.file.endswith("shop.yaml") and caught.value.line


def test_an_empty_dataset_replaces_what_was_there(shop):
    pipeline = shop.pipeline(
        RAW, step("none", "sql", query="SELECT * FROM raw WHERE id > 99"), step("save", "output", path="out/o.parquet")
    )
    saved(shop, path="out/o.parquet")
    shop.run(pipeline)
    assert rows(shop.root / "out/o.parquet", "*") == []
