"""A real PostgreSQL server for tests: made with initdb, on a free loopback port, gone afterwards.

from aifirst_dagster_tests.postgres import postgres_server, postgres_url    # pytest fixtures
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

USER = "aifirst"
PASSWORD = "a secret/of: ours"
_BINARIES = ("initdb", "postgres")


def binaries() -> Path | None:
    """The folder of the server's programs; None where PostgreSQL is not installed."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    folders = [*reversed(packaged), *([Path(found).parent] if found else [])]
    return next((folder for folder in folders if all((folder / name).exists() for name in _BINARIES)), None)


@contextmanager
def server() -> Iterator[str]:
    """Run a server; yields its address without a database: `postgresql://user:password@127.0.0.1:port`."""
    folder = binaries()
    assert folder is not None, "PostgreSQL is not installed"
    owner = _unprivileged()
    # Not pytest's tmp_path: the server's user could not enter it.
    home = Path(tempfile.mkdtemp(prefix="aifirst-postgres-", dir="/tmp"))
    secret = home / "password"
    secret.write_text(PASSWORD)
    for path in (home, secret):
        if owner:
            shutil.chown(path, owner, pwd.getpwnam(owner).pw_gid)
    data, port = home / "data", _free_port()
    make = [folder / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "-N"]
    subprocess.run(make, check=True, capture_output=True, user=owner, cwd=home, env={**os.environ, "LC_ALL": "C"})
    start = [folder / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", home, "-F"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(start, stdout=log, stderr=log, user=owner, cwd=home)
    try:
        url = f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"
        _wait(process, url, home / "log")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(home, ignore_errors=True)


def fresh_database(server_url: str) -> str:
    """A new, empty database on the server; its address."""
    import psycopg2

    name = f"t_{uuid.uuid4().hex[:12]}"
    connection = psycopg2.connect(f"{server_url}/postgres")
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    return f"{server_url}/{name}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server for the whole session."""
    if binaries() is None:
        pytest.skip("needs a PostgreSQL server: apt-get install postgresql")
    with server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the test's own, in use through AIFIRST_POSTGRES_URL."""
    url = fresh_database(postgres_server)
    monkeypatch.setenv("AIFIRST_POSTGRES_URL", url)
    return url


def _unprivileged() -> str | None:
    """Whom to run the server as: initdb refuses root."""
    if os.getuid() != 0:
        return None
    return next(name for name in ("postgres", "nobody") if any(user.pw_name == name for user in pwd.getpwall()))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    import psycopg2

    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            psycopg2.connect(f"{url}/postgres").close()
            return
        except psycopg2.OperationalError:
            time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
