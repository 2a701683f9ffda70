"""`connector`: files that are not here, archives, and a database server."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest

from aifirst_dagster.errors import ConfigError
from aifirst_dagster_tests.connectors.places.server import Site, site
from aifirst_dagster_tests.connectors.test_postgres import execute
from aifirst_dagster_tests.postgres import fresh_database, postgres_server  # noqa: F401
from aifirst_dagster_tests.scenario import Place, aside, rows, step

A, B = b"id,name\n1,Ada\n2,Bo\n", b"id,name\n3,Cy\n"


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        yield served


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


def ids(version) -> list[int]:
    return [row[0] for row in rows(version, "id")]


def test_a_remote_file_is_fetched_again_only_when_it_changed(place: Place, web: Site) -> None:
    web.files |= {"/d/a.csv": A, "/d/b.csv": B}
    config = {"path": [f"{web.url}/d/a.csv?token=s3cr3t", f"{web.url}/d/b.csv"], "load": "new_files"}
    pipeline = place.pipeline(step("raw", "connector", **config))
    first = place.run(pipeline)
    assert ids(first) == [1, 2, 3]
    assert "s3cr3t" not in str(first.manifest) + str(rows(first, "_source"))
    web.asked.clear()
    assert ids(place.run(pipeline)) == [1, 2, 3]
    assert {method for method, _, _ in web.asked} == {"HEAD"}
    web.files["/d/b.csv"] = B + b"4,Di\n"
    third = place.run(pipeline)
    assert ids(third) == [1, 2, 3, 4]
    assert third.manifest.details["rows_added"] == 2


def test_a_changed_archive_replaces_the_rows_of_its_files(place: Place) -> None:
    place.write("landing/shop/x.zip", zipped(a=A, b=B))
    place.write("landing/shop/other.csv", b"id,name\n9,Zo\n")
    pipeline = place.pipeline(step("raw", "connector", load="new_files"))
    assert ids(place.run(pipeline)) == [1, 2, 3, 9]
    place.write("landing/shop/x.zip", zipped(a=A, b=b"id,name\n5,Ed\n6,Fi,7,8\n"))
    second = place.run(pipeline)
    assert ids(second) == [1, 2, 5, 9]
    assert [entry["_source"].rpartition("/")[2] for entry in aside(second)] == ["x.zip#b.csv"]
    place.write("landing/shop/x.zip", zipped(a=A))
    third = place.run(pipeline)
    assert ids(third) == [1, 2, 9]
    assert aside(third) == []


def test_a_part_of_a_file_is_named_in_the_path(place: Place) -> None:
    place.write("in/x.zip", zipped(a=A, b=B))
    assert ids(place.run(place.pipeline(step("raw", "connector", path="in/x.zip#b.csv")))) == [3]


@pytest.mark.postgres
def test_new_rows_of_a_table_are_added_behind_the_cursor(place: Place, postgres_server: str, monkeypatch) -> None:  # noqa: F811
    url = fresh_database(postgres_server)
    monkeypatch.setenv("SHOP_URL", url)
    execute(
        url, "CREATE TABLE sales (id int, day date)", "INSERT INTO sales VALUES (1, '2024-01-05'), (2, '2024-01-06')"
    )
    config = {"type": "postgres", "url": {"env": "SHOP_URL"}, "table": "sales", "load": "new_rows", "cursor": "id"}
    pipeline = place.pipeline(step("raw", "connector", **config))
    first = place.run(pipeline)
    assert ids(first) == [1, 2]
    assert {column["name"]: column["physical_type"] for column in first.manifest.columns}["day"] == "DATE"
    execute(url, "INSERT INTO sales VALUES (3, '2024-02-01')", "UPDATE sales SET day = '1999-01-01' WHERE id = 1")
    second = place.run(pipeline)
    assert ids(second) == [1, 2, 3]
    assert second.manifest.details["rows_added"] == 1
    third = place.run(pipeline)
    assert (ids(third), third.manifest.details["cursor"]["value"]) == ([1, 2, 3], "3")
    assert url.split(":")[2].split("@")[0] not in str(third.manifest)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"type": "postgres", "table": "t"}, "url"),
        ({"type": "postgres", "url": "postgresql://x/y"}, "table"),
        ({"type": "postgres", "url": "postgresql://x/y", "table": "t", "load": "new_rows"}, "cursor"),
        ({"type": "csv", "url": "postgresql://x/y"}, "url"),
        ({"type": "csv", "load": "new_rows"}, "new_files"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(place: Place, config: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        place.run(place.pipeline(step("raw", "connector", **config)))
