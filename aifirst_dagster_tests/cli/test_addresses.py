"""Commands on addresses: the file is read, its secrets are printed nowhere."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster.cli.main import cli
from aifirst_dagster.cli.output import run_safely
from aifirst_dagster_tests.connectors.places.server import site


def test_infer_reads_an_address_and_prints_none_of_its_secrets(capfd: pytest.CaptureFixture[str]) -> None:
    with site() as served:
        served.files["/d/data.csv"] = b"id,day\n1,2024-01-05\n2,2024-01-06\n"
        address = served.url.replace("http://", "http://me:s3cr3t@") + "/d/data.csv?token=t0p"
        assert run_safely(cli, ["infer", address, "--json"]) == 0
        said = capfd.readouterr()
        assert run_safely(cli, ["infer", address.replace("data", "gone"), "--json"]) == 2
        gone = capfd.readouterr()
    answer = json.loads(said.out)
    assert answer["rows"] == 2
    assert answer["file"] == f"{served.url}/d/data.csv?token=***"
    assert json.loads(gone.out)["error"]["type"] == "InputError"
    assert not any(secret in "".join((*said, *gone)) for secret in ("s3cr3t", "t0p"))
