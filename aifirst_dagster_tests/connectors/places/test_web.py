"""Files at web addresses."""

from __future__ import annotations

import base64
import gzip
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from aifirst_dagster.connectors import content_hash, expand
from aifirst_dagster.connectors.files import state
from aifirst_dagster.connectors.places.pace import Pace
from aifirst_dagster.errors import InputError, ServiceError
from aifirst_dagster_tests.connectors.places.server import Site, site
from aifirst_dagster_tests.connectors.reading import Seen, look
from aifirst_dagster_tests.connectors.test_archive import zipped

CSV = b"a,b\n1,2\n3,4\n"
ROWS = [("1", "2"), ("3", "4")]


QUICK = Pace(pause=0.01)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        yield served


def read(address: str, **options: object) -> Seen:
    return look([address], **{"pace": QUICK, **options})  # type: ignore[list-item]


def sources(got: Seen) -> set[str]:
    return set(got.table.files)


def test_a_file_is_fetched_and_read(web: Site) -> None:
    web.files["/d/data.csv"] = CSV
    got = read(f"{web.url}/d/data.csv")
    assert got.rows == ROWS
    assert sources(got) == {f"{web.url}/d/data.csv"}


def test_packed_files_archives_and_parts_of_files_work_as_they_do_here(web: Site, tmp_path: Path) -> None:
    web.files["/data.csv.gz"] = gzip.compress(CSV)
    web.files["/all.zip"] = zipped({"x.csv": CSV, "in/y.csv.gz": gzip.compress(CSV)})
    with sqlite3.connect(tmp_path / "d.db") as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
        con.execute("CREATE TABLE u AS SELECT 2 AS b UNION SELECT 3")
    con.close()
    web.files["/d.db"] = (tmp_path / "d.db").read_bytes()
    assert read(f"{web.url}/data.csv.gz").rows == ROWS
    got = read(f"{web.url}/all.zip")
    assert got.rows == ROWS * 2
    assert sources(got) == {f"{web.url}/all.zip#x.csv", f"{web.url}/all.zip#in/y.csv.gz"}
    assert read(f"{web.url}/all.zip#in/*").rows == ROWS
    assert read(f"{web.url}/d.db#t").rows == [(1,)]


def test_redirects_are_followed_and_loops_end(web: Site) -> None:
    web.files["/real.csv"] = CSV
    web.redirects |= {"/old.csv": "/real.csv", "/loop": "/loop"}
    assert read(f"{web.url}/old.csv").rows == ROWS
    with pytest.raises((InputError, ServiceError)):
        read(f"{web.url}/loop")


@pytest.mark.parametrize(
    ("code", "said"), [(404, "no such file"), (410, "no such file"), (401, "401"), (403, "403"), (400, "refuses")]
)
def test_refusals_are_worded_and_not_repeated(web: Site, code: int, said: str) -> None:
    web.status["/x.csv"] = code
    with pytest.raises(InputError, match=said):
        read(f"{web.url}/x.csv")
    assert len(web.asked) == 1


def test_a_failing_server_is_asked_again_then_given_up(web: Site) -> None:
    web.files["/x.csv"] = CSV
    web.failing["/x.csv"] = 2
    assert read(f"{web.url}/x.csv").rows == ROWS
    web.failing["/x.csv"] = 99
    with pytest.raises(ServiceError, match="answers 503"):
        read(f"{web.url}/x.csv")
    assert len(web.asked) == 3 + QUICK.tries


def test_a_transfer_that_breaks_off_goes_on_where_it_was(web: Site) -> None:
    rows = "a,b\n" + "".join(f"{n},{n}\n" for n in range(400_000))
    web.files["/x.csv"] = rows.encode()
    web.breaking["/x.csv"] = 2
    got = read(f"{web.url}/x.csv")
    assert len(got.rows) == 400_000
    assert len({row[0] for row in got.rows}) == 400_000
    assert [wanted for _, _, wanted in web.asked][1].startswith("bytes=")


def test_a_creeping_transfer_is_given_up(web: Site) -> None:
    web.files["/x.csv"] = CSV * 100
    web.dripping.add("/x.csv")
    with pytest.raises(ServiceError, match="creeps"):
        read(f"{web.url}/x.csv", pace=Pace(patience=0.5))


def test_a_server_that_is_not_there_is_worded() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ServiceError, match="web server fails"):
        read(f"http://127.0.0.1:{port}/x.csv")


def test_secrets_of_an_address_are_shown_nowhere(web: Site, capfd: pytest.CaptureFixture[str]) -> None:
    web.files["/x.csv"] = CSV
    web.locked["/x.csv"] = "Basic " + base64.b64encode(b"me:s3cr3t").decode()
    host = web.url.removeprefix("http://")
    got = read(f"http://me:s3cr3t@{host}/x.csv?sig=t0p&page=1&X-Amz-Signature=abc")
    assert got.rows == ROWS
    assert sources(got) == {f"http://{host}/x.csv?sig=***&page=1&X-Amz-Signature=***"}
    with pytest.raises(InputError) as caught:
        read(f"http://me:wr0ng@{host}/x.csv?sig=t0p")
    with pytest.raises((InputError, ServiceError)) as gone:
        read("http://me:s3cr3t@127.0.0.1:1/x.csv?sig=t0p")
    told = (
        str(caught.value)
        + str(gone.value)
        + "".join(capfd.readouterr())
        + repr(expand(f"{web.url}/x?sig=t0p", Path("/")))
    )
    assert not any(secret in told for secret in ("s3cr3t", "wr0ng", "t0p"))


def test_a_signature_is_sent_as_it_was_written(web: Site) -> None:
    web.files["/x.csv"] = CSV
    read(f"{web.url}/x.csv?sig=a%2Fb%3D%2B")
    assert web.asked[-1][1] == "/x.csv?sig=a%2Fb%3D%2B"


def test_a_pattern_stands_for_the_files_that_the_server_lists(web: Site) -> None:
    web.files |= {"/d/a.csv": CSV, "/d/b.csv": CSV, "/d/c.txt": b"x", "/d/.hid.csv": CSV}
    got = read(f"{web.url}/d/*.csv")
    assert got.rows == ROWS * 2
    with pytest.raises(InputError, match="No file matches"):
        read(f"{web.url}/d/*.parquet")


def test_what_changed_is_known_without_fetching(web: Site) -> None:
    web.files["/x.csv"] = CSV
    (file,) = expand(f"{web.url}/x.csv", Path("/"))
    before = content_hash(file)
    assert content_hash(file) == before == state(file)
    assert {method for method, _, _ in web.asked} == {"HEAD"}
    web.files["/x.csv"] = CSV + b"5,6\n"
    assert content_hash(file) != before


def test_an_empty_file_is_an_empty_table(web: Site) -> None:
    web.files["/x.csv"] = b""
    assert read(f"{web.url}/x.csv").table.columns == []


def test_progress_is_told(web: Site) -> None:
    web.files["/x.csv"] = b"a,b\n" + b"1,2\n" * 1_000_000
    told: list[str] = []
    read(f"{web.url}/x.csv", tell=told.append, pace=Pace(told_every=0.0))
    assert any("of 4 MB" in line for line in told)
