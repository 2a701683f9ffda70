"""The customer sample is what its list of planted problems says, byte for byte."""

from __future__ import annotations

import csv
import io
import json
import runpy
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "samples" / "customers"
ENCODINGS = {"crm_export_2026-01.csv": "utf-8-sig", "shop_kunden.csv": "cp1252", "partner_feed.txt": "utf-16"}
DELIMITERS = {"crm_export_2026-01.csv": ",", "shop_kunden.csv": ";", "partner_feed.txt": "\t"}
FACTS = json.loads((FOLDER / "planted.json").read_text(encoding="utf-8"))


def text(name: str) -> str:
    return (FOLDER / name).read_bytes().decode(ENCODINGS[name])


def records(name: str) -> list[list[str]]:
    quoting = csv.QUOTE_NONE if name == "partner_feed.txt" else csv.QUOTE_MINIMAL
    return list(csv.reader(io.StringIO(text(name), newline=""), delimiter=DELIMITERS[name], quoting=quoting))


def standard(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def test_the_script_writes_the_committed_bytes_again(tmp_path: Path) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_samples.py"))
    script["main"].__globals__["FOLDER"] = tmp_path
    script["main"]()
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(path.name for path in FOLDER.iterdir())
    for name in written:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


@pytest.mark.parametrize("name", ENCODINGS)
def test_each_file_has_the_stated_count_of_records(name: str) -> None:
    header, *rows = records(name)
    whole = [row for row in rows if len(row) == len(header) and row != header]
    assert len(whole) == FACTS["rows"][name]


@pytest.mark.parametrize("name", ENCODINGS)
def test_columns_are_the_same_once_standardised(name: str) -> None:
    missing = {"age"} if name == "shop_kunden.csv" else set()
    assert [standard(column) for column in records(name)[0]] == [c for c in FACTS["columns"] if c not in missing]


@pytest.mark.parametrize("entry", FACTS["planted"], ids=lambda e: f"{e['problem']}-{e['file']}-{e['line']}")
def test_each_planted_problem_stands_in_its_line(entry: dict[str, str]) -> None:
    lines = text(entry["file"]).replace("\r\n", "\n").split("\n")
    line = lines[int(entry["line"]) - 1]
    said = str(entry.get("value", "")).split("\r\n")[0]
    assert said in line or said.replace('"', '""') in line
    if entry["problem"] == "duplicate_row":
        assert Counter(lines)[line] == 2
    if entry["problem"] == "blank_line":
        assert line == ""
