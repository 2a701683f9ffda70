"""Object stores, each by a server that speaks its protocol: moto's for S3, our own for Google's and Azure's."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aifirst_dagster.connectors import content_hash, expand
from aifirst_dagster.connectors.places.pace import Pace
from aifirst_dagster.errors import ConfigError, InputError, ServiceError
from aifirst_dagster_tests.connectors.places.blobs import azure_server, google_server
from aifirst_dagster_tests.connectors.reading import look

CSV = b"a,b\n1,2\n3,4\n"
ROWS = [("1", "2"), ("3", "4")]
FILES = {
    "in/a.csv": CSV, "in/b.csv.gz": gzip.compress(CSV), "in/deep/c.csv": CSV, "in/.d.csv": CSV, "in/e#1.csv": CSV,
    "big.csv": b"a,b\n" + b"1,2\n" * 20_000,
}  # fmt: skip


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials of the machine, and no file system of another test's server."""
    import fsspec
    from gcsfs.core import GCSFileSystem

    for name in (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    for kind in (fsspec.get_filesystem_class("s3"), GCSFileSystem, fsspec.get_filesystem_class("abfs")):
        kind.clear_instance_cache()


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "s3cr3t", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=url, **keys)
    client.create_bucket(Bucket="box")
    for name, content in FILES.items():
        client.put_object(Bucket="box", Key=name, Body=content)
    yield url
    server.stop()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    keys = {"AWS_ENDPOINT_URL": moto, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "s3cr3t"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    return "s3://box"


@pytest.fixture
def gs(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with google_server(FILES) as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        yield "gs://box"


@pytest.fixture
def az(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with azure_server(FILES) as login:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", login)
        yield "az://box"


@pytest.fixture(params=["s3", "gs", "az"])
def box(request: Any) -> str:
    return str(request.getfixturevalue(request.param))


#: Several blocks a file.
QUICK = Pace(pause=0.01, block=30_000)


def read(address: str) -> Any:
    return look([address], pace=QUICK)  # type: ignore[list-item]


def test_a_file_is_read_whole(box: str) -> None:
    assert read(f"{box}/in/a.csv").rows == ROWS
    got = read(f"{box}/big.csv")
    assert len(got.rows) == 20_000
    assert got.table.files == [f"{box}/big.csv"]


def test_a_pattern_and_a_folder_stand_for_their_files(box: str) -> None:
    assert read(f"{box}/in/*.csv*").rows == ROWS * 3
    got = read(f"{box}/in/**/c.csv")
    assert got.table.files == [f"{box}/in/deep/c.csv"]
    assert len(read(f"{box}/in/").table.files) == 3


def test_a_name_may_hold_the_sign_of_parts(box: str) -> None:
    assert read(f"{box}/in/e#1.csv").rows == ROWS


def test_what_is_not_there_is_worded(box: str) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(f"{box}/nope.csv")
    with pytest.raises(InputError):
        read(f"{box.replace('box', 'no-such-box')}/a.csv")
    with pytest.raises(InputError, match="No file matches"):
        read(f"{box}/in/*.parquet")


def test_what_changed_is_known_without_fetching(box: str) -> None:
    (file,) = expand(f"{box}/in/a.csv", Path("/"))
    (other,) = expand(f"{box}/in/b.csv.gz", Path("/"))
    assert content_hash(file) == content_hash(file) != content_hash(other)


def test_s3_without_credentials_says_which_to_set(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError) as caught:
        read("s3://private-of-nobody/a.csv")
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint or "no such file" in caught.value.message


def test_azure_without_an_account_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match="No credentials") as caught:
        read("az://box/a.csv")
    assert "AZURE_STORAGE_CONNECTION_STRING" in caught.value.hint


def test_a_wrong_key_is_a_refusal(gs: str, az: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="does not let us read"):
        read("gs://locked/a.csv")
    with pytest.raises(InputError, match="does not let us read"):
        read("az://locked/a.csv")


def test_a_store_that_is_gone_is_a_service_error(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ServiceError, match="S3 fails"):
        read(f"{s3}/in/a.csv")


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError) as caught:
        read("s3://box/a.csv")
    assert caught.value.hint == "pip install aifirst-dagster[s3]"
