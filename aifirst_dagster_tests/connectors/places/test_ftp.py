"""FTP, from a server on the loopback."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aifirst_dagster.connectors import content_hash, expand
from aifirst_dagster.connectors.places.pace import Pace
from aifirst_dagster.errors import InputError, ServiceError
from aifirst_dagster_tests.connectors.reading import look

CSV = b"a,b\n1,2\n3,4\n"
ROWS = [("1", "2"), ("3", "4")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

    home = tmp_path_factory.mktemp("ftp")
    (home / "in").mkdir()
    for name, content in (("in/a.csv", CSV), ("in/b.csv.gz", gzip.compress(CSV)), ("in/c d.csv", CSV),
                          ("big.csv", b"a,b\n" + b"1,2\n" * 200_000)):  # fmt: skip
        (home / name).write_bytes(content)
    users = DummyAuthorizer()
    users.add_user("ann", "s3cr:t", str(home), perm="elr")

    class Handler(FTPHandler):
        authorizer = users

    running = ThreadedFTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{running.address[1]}", home
    running.close_all()


def test_files_and_globs_are_read_and_secrets_are_not_shown(server: tuple[str, Path]) -> None:
    host, _ = server
    url = f"ftp://ann:s3cr%3At@{host}"
    got = look([f"{url}/in/a.csv"])
    assert got.rows == ROWS
    assert list(got.table.dialects) == [f"ftp://{host}/in/a.csv"]
    found = expand(f"{url}/in/*.csv*", Path())
    assert [file.name for file in found] == ["a.csv", "b.csv.gz", "c d.csv"]
    assert "s3cr" not in f"{found}"
    assert len(look(found).rows) == 6
    assert len(look([f"{url}/big.csv"]).rows) == 200_000


def test_a_changed_file_is_told_without_fetching_it(server: tuple[str, Path]) -> None:
    host, home = server
    url = f"ftp://ann:s3cr%3At@{host}/in/n.csv"
    (home / "in" / "n.csv").write_bytes(CSV)
    (file,) = expand(url, Path())
    before = content_hash(file)
    (home / "in" / "n.csv").write_bytes(CSV * 2)
    (file,) = expand(url, Path())
    assert content_hash(file) != before
    (home / "in" / "n.csv").unlink()


def test_what_is_missing_or_forbidden_is_said(server: tuple[str, Path]) -> None:
    host, _ = server
    with pytest.raises(InputError, match="no such file"):
        look([f"ftp://ann:s3cr%3At@{host}/in/none.csv"])
    with pytest.raises(InputError, match="does not let us read it") as told:
        look([f"ftp://ann:wrong@{host}/in/a.csv"])
    assert "wrong" not in str(told.value)


def test_no_server_is_a_service_error() -> None:
    with pytest.raises(ServiceError, match="FTP server fails"):
        look(["ftp://127.0.0.1:9/in/a.csv"], pace=Pace(tries=1))
