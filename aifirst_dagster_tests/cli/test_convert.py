"""`aifirst convert`, called as a user calls it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest


def convert(*arguments: object, stdin: bytes | None = None) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "aifirst_dagster.cli.main", "convert", *map(str, arguments), "--json"]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60)
    return done.returncode, json.loads(done.stdout)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_as_text_keeps_names_and_cells_as_they_stand(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes('a;a;;é "x"\n007;1,50;n/a; z \n;"";"p;q";y\n'.encode("cp1252"))
    code, answer = convert(source, out, "--as-text")
    assert code == 0
    assert table(out) == [["a", "a", "", 'é "x"'], ["007", "1,50", "n/a", " z "], ["", "", "p;q", "y"]]
    assert (answer["rows_in"], answer["rows_out"], answer["quarantined"], answer["quarantine_path"]) == (2, 2, 0, None)
    assert answer["dialect"]["delimiter"] == ";"


def test_lines_that_do_not_fit_are_beside_the_output(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text("id,name,x\n" + "".join(f"{i},n{i},{i}.5\n" for i in range(50)) + "1,2,3,4\n")
    _, answer = convert(source, out)
    assert (answer["rows_in"], answer["rows_out"], answer["quarantined"]) == (51, 50, 1)
    assert table(Path(answer["quarantine_path"]))[1] == [str(source), "52", "expected 3 cells, found 4", "1,2,3,4"]
    assert duckdb.sql(f"SELECT typeof(id), typeof(name) FROM '{out}' LIMIT 1").fetchall() == [("BIGINT", "VARCHAR")]


def test_a_column_that_does_not_parse_whole_stays_text(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text("id,n\n" + "".join(f"{i},{i}\n" for i in range(200)) + "200,many\n")
    convert(source, out)
    assert ("many",) in duckdb.sql(f"SELECT n FROM '{out}'").fetchall()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl", "parquet"])
def test_a_zero_byte_file_is_an_empty_table(tmp_path: Path, suffix: str) -> None:
    source, out = tmp_path / "in.csv", tmp_path / f"out.{suffix}"
    source.touch()
    code, answer = convert(source, out)
    assert (code, answer["rows_in"], answer["rows_out"]) == (0, 0, 0)
    assert out.exists()


def test_standard_input_and_a_lone_column_with_an_empty_cell(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    _, answer = convert("-", out, stdin=b'x\n1\n""\n2\n')
    assert answer["rows_out"] == 3
    assert table(out) == [["x"], ["1"], [""], ["2"]]


def test_errors_are_objects_with_a_hint(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a,b\n1,2\n")
    for arguments in (
        [tmp_path / "nope.csv", tmp_path / "o.csv"],
        [source, tmp_path / "o.xyz"],
        [source, tmp_path / "no" / "o.csv"],
    ):
        code, answer = convert(*arguments)
        assert code == 2
        assert answer["error"]["hint"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    code, _ = convert(tmp_path / "nope.csv", out)
    assert code == 2
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
