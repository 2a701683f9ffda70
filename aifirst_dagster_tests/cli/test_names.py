"""Columns may be called what they will: no name that our SQL uses for its own ends breaks a command."""

import csv
import json
import random
import re
from pathlib import Path

import pytest

import aifirst_dagster
from aifirst_dagster.cli.main import cli
from aifirst_dagster.cli.output import run_safely

SOURCE = Path(aifirst_dagster.__file__).parent
OTHERS = [
    "rowid", "oid", "count", "select", "map", "x.y", "cell", "entry", "#row", "#nth", 'a"b', "LINE ", "position",
    "filename", "file_row_number", "columns", "t0", "r0", "f0", "c0", "v0", "cell_0",
]  # fmt: skip
WIDTH = 12


def names():
    """What our SQL calls its own columns, and what DuckDB does; each once, whatever the case."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    ours = re.findall(r"\bAS ([a-z_]{1,14})\b", code)
    every = {name.strip().lower(): name for name in sorted({*ours, *OTHERS})}
    return [name for lower, name in every.items() if lower not in ("_source", "_source_line", "_raw")]


def tables():
    """All names, a dozen to a table, in an order that is the same each time."""
    every = names()
    random.Random(7).shuffle(every)
    return [every[at : at + WIDTH] for at in range(0, len(every), WIDTH)]


def cells(number, dice):
    """Half a row: a key, kinds in several spellings, rows alike in other words, dates and numbers of two styles."""
    street = f"{dice.choice(['Mill', 'Oak', 'Main'])} Street {number // 2} House{'' if number % 2 else ' Annex'}"
    day, month = 1 + number % 28, 1 + number % 9
    return [
        number, dice.choice(["Red", "red ", "Blue", "n/a"]), street,
        f"2024-0{month}-{day:02}" if number % 5 else f"{day:02}.0{month}.2024",
        f"{dice.random() * 100:.2f}" if number % 17 else "$1,234.50", f"C{dice.randrange(10):03}",
    ]  # fmt: skip


def write(path, columns, seed):
    dice = random.Random(seed)
    rows = [(cells(number, dice) + cells(number + 300, dice))[: len(columns)] for number in range(1, 200)]
    rows += [rows[3], ["90000", "Green", "", "soon", "9999999", "C001", *[""] * 6][: len(columns)]]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


@pytest.mark.parametrize("columns", tables(), ids=lambda columns: columns[0])
def test_no_name_of_a_column_breaks_a_command(columns, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, seed in (("a.csv", 1), ("b.csv", 2)):
        write(tmp_path / name, columns, seed)
    for command in (
        ["infer", "a.csv"], ["clean", "a.csv", "b.csv", "-o", "out.csv"], ["check", "a.csv"],
        ["check", "a.csv", "--cells"], ["anomalies", "a.csv"], ["drift", "a.csv", "b.csv"], ["map", "a.csv", "b.csv"],
    ):  # fmt: skip
        run_safely(cli, [*command, "--json"])
        said = json.loads(capsys.readouterr().out)
        assert "error" not in said, (command, said["error"])
