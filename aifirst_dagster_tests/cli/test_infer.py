"""`aifirst infer`: the answer's shape, keys and cleaning hints, on files of every kind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aifirst_dagster.cli.main import main

CSV = "Customer ID,Name,Joined,Spent\n1,Ana,31/01/2020,12.5\n2,Bo,28/02/2020,7\n3,Cy,15/03/2020,N/A\n"


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--json"])
    return int(stopped.value.code or 0), json.loads(capsys.readouterr().out)


def test_infer_prints_the_contract(tmp_path: Path, capsys):
    file = tmp_path / "customers.csv"
    file.write_text(CSV)
    code, answer = _run(capsys, "infer", str(file))
    assert code == 0
    assert {"file", "format", "dialect", "rows", "columns", "primary_key", "candidate_keys", "relationships",
            "cleaning", "proposed_by", "llm", "seconds", "schema_version"} <= answer.keys()  # fmt: skip
    assert (answer["rows"], answer["format"], answer["proposed_by"], answer["llm"]["calls"]) == (3, "csv", "offline", 0)
    assert [column["source_name"] for column in answer["columns"]] == ["Customer ID", "Name", "Joined", "Spent"]
    assert [column["type"] for column in answer["columns"]] == ["integer", "string", "date", "number"]
    assert answer["primary_key"] == ["customer_id"]
    assert answer["columns"][3]["null_tokens"] == ["N/A"]


def test_infer_reads_standard_input():
    command = [sys.executable, "-m", "aifirst_dagster.cli.main", "infer", "-", "--json"]
    done = subprocess.run(command, input=CSV, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout)["rows"] == 3


def test_a_missing_file_is_a_worded_error(capsys):
    code, answer = _run(capsys, "infer", "no/such/file.csv")
    assert code == 2
    assert "no/such/file.csv" in json.dumps(answer["error"])


def test_bare_file_commands_import_neither_dagster_nor_a_model_client(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text(CSV)
    probe = (
        "import sys\nfrom aifirst_dagster.cli.infer import infer_file\n"
        f"infer_file({str(file)!r})\n"
        "print(sorted({'dagster', 'anthropic', 'pandas', 'great_expectations', 'sqlalchemy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_profile_prints_the_contract_and_writes_a_report(tmp_path: Path, capsys):
    file, report = tmp_path / "customers.csv", tmp_path / "report.html"
    file.write_text(CSV)
    code, answer = _run(capsys, "profile", str(file), "--html", str(report))
    assert code == 0
    assert {"rows", "columns", "correlations", "duplicates", "seconds"} <= answer.keys()
    assert {"name", "type", "nulls", "distinct", "min", "max", "mean", "stddev", "quantiles", "histogram", "top_values",
            "patterns", "length"} <= answer["columns"][0].keys()  # fmt: skip
    assert answer["columns"][2]["min"] == "2020-01-31"
    assert report.read_text().startswith("<!doctype html>")


def test_people_get_a_table(tmp_path: Path, capsys):
    file = tmp_path / "customers.csv"
    file.write_text(CSV)
    with pytest.raises(SystemExit):
        main(["infer", str(file)])
    shown = capsys.readouterr().out
    assert "customer_id" in shown
    assert "primary key: customer_id" in shown


def test_infer_with_another_file_finds_references_both_ways(tmp_path: Path, capsys):
    orders, items = tmp_path / "orders.csv", tmp_path / "items.csv"
    orders.write_text("no,sku\n" + "".join(f"{at},S-{at % 9}\n" for at in range(40)))
    items.write_text("sku,price\n" + "".join(f"S-{at},{at}.5\n" for at in range(12)))
    found = {}
    for file, other in ((orders, items), (items, orders)):
        code, answer = _run(capsys, "infer", str(file), "--with", str(other))
        assert code == 0
        found[file.name] = [(one["columns"], one["kind"], one["table"]) for one in answer["relationships"]]
    assert found["orders.csv"] == [(["sku", "sku"], "foreign_key", str(items))]
    assert found["items.csv"] == [(["sku", "sku"], "referenced_by", str(orders))]
