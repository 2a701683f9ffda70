"""Reports on bare files and odd tables; a killed process leaves no half of one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from aifirst_dagster.errors import StorageError
from aifirst_dagster.quality.report.files import write
from aifirst_dagster.quality.report.page import html, percent, text

ROWS = "id,price\n" + "".join(f"{n},{n * 1.5}\n" for n in range(300))


def test_a_file_without_rules_has_no_score_and_says_why(aifirst, tmp_path: Path):
    file, out = tmp_path / "prices.csv", tmp_path / "r.html"
    file.write_text(ROWS, encoding="utf-8")
    answer = aifirst("report", file, "-o", out, "--json").json
    assert (answer["report"]["score"], answer["report"]["self_learned"], answer["dimensions"]) == (None, True, {})
    assert "learned from the file itself" in out.read_text(encoding="utf-8")
    assert [column["name"] for column in answer["report"]["columns"]] == ["id", "price"]


def test_a_file_with_rules_has_a_score(aifirst, tmp_path: Path):
    file, rules = tmp_path / "prices.csv", tmp_path / "rules.json"
    file.write_text(ROWS, encoding="utf-8")
    rule = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "id", "max_value": 149}}
    rules.write_text(json.dumps({"rules": [rule]}), encoding="utf-8")
    answer = aifirst("report", file, "--rules", rules, "-o", tmp_path / "r.html", "--json").json
    assert answer["report"]["score"] == answer["dimensions"]["validity"] == pytest.approx(0.5)
    assert answer["report"]["rules"][0]["unexpected"] == 150


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS a WHERE false",
        "SELECT 1 AS a",
        "SELECT NULL::INTEGER AS a, NULL::VARCHAR AS b, NULL::DATE AS c FROM range(50)",
        "SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b, [1, 2] AS c, {'x': 1} AS d FROM range(9)",
        "SELECT DATE '0001-01-01' + (i * 10000)::INTEGER AS d, TIME '10:00' AS t, i % 2 = 0 AS f FROM range(200) t(i)",
        "SELECT (i * 1e300)::DOUBLE AS a, (i * 1e30)::HUGEINT AS b, i::DECIMAL(18, 4) AS c FROM range(90) t(i)",
    ],
)
def test_odd_tables_have_reports_too(aifirst, tmp_path: Path, query: str):
    file = tmp_path / "odd.parquet"
    duckdb.sql(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    said = aifirst("report", file, "-o", tmp_path / "r.html", "--json")
    assert said.code == 0, said.text
    assert said.json["bytes"] > 5_000


def test_names_of_columns_are_text_whatever_they_hold(aifirst, tmp_path: Path):
    file, out = tmp_path / "odd.parquet", tmp_path / "r.html"
    name = "<img src=x onerror=alert(1)>\"'|`"
    quoted = name.replace('"', '""')
    duckdb.sql(f"COPY (SELECT i AS \"{quoted}\" FROM range(300) t(i)) TO '{file}' (FORMAT parquet)")
    answer = aifirst("report", file, "-o", out, "--json").json
    assert [column["name"] for column in answer["report"]["columns"]] == [name]
    assert "<img" not in out.read_text(encoding="utf-8")


def test_shares_are_never_rounded_to_all_or_nothing():
    assert [percent(value) for value in (0, 1, 0.5, 0.99999, 0.00001, None)] == [
        "0%", "100%", "50.0%", "> 99.9%", "< 0.1%", "–"]  # fmt: skip


def test_texts_are_one_line_without_hidden_signs():
    assert text("a\nb\x00\u202ec" + "x" * 500, 10) == "a b\ufffd\ufffdcxxx…"


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError):
        write(tmp_path / "file" / "r.html", "text")


_WRITER = """
import sys
from pathlib import Path
from aifirst_dagster.quality.report.files import write
print("ready", flush=True)
number = 0
while True:
    number += 1
    body = str(number) * 1000
    write(Path(sys.argv[1]), f"<html>{body * 200}</html>")
"""


def test_a_killed_process_leaves_a_whole_report_or_the_one_before(tmp_path: Path):
    out = tmp_path / "report.html"
    write(out, "<html>before</html>")
    for wait in (0.0, 0.02, 0.05, 0.11):
        process = subprocess.Popen([sys.executable, "-c", _WRITER, str(out)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = out.read_text(encoding="utf-8")
        assert found.startswith("<html>") and found.endswith("</html>")
        assert len(set(found[6:10])) == 1 or found == "<html>before</html>" or len(found) % 1000 == 13


def test_a_page_needs_no_history_and_no_rules():
    from aifirst_dagster.quality.report.content import Content

    page = html(Content(title="x"))
    assert page.count("<section") == 0
    assert "<svg" not in page


def test_drift_is_drawn_from_the_same_bins_of_both():
    from aifirst_dagster.datasets.session import connect
    from aifirst_dagster.quality.drift import baseline
    from aifirst_dagster.quality.report.measured import measure, shift

    with connect() as con:
        con.execute("CREATE TABLE one AS SELECT (i % 100)::INTEGER AS n, if(i % 4 = 0, 'a', 'b') AS k "
                    "FROM range(2000) t(i)")  # fmt: skip
        con.execute("CREATE TABLE two AS SELECT n + CASE WHEN n % 50 = 0 THEN 100000 ELSE 40 END AS n, k FROM one")
        before = {one["name"]: one for one in baseline(con, "one").stored()["columns"]}
        columns, _ = measure(con, "two", 2000)
        number, kind = (shift(con, "two", one, before[one.name], 2000) for one in columns)
    assert number is not None and kind is not None
    assert sum(number["before"]) == pytest.approx(1) == pytest.approx(sum(number["after"]))
    middle = [(low + high) / 2 for low, high in zip(number["labels"], number["labels"][1:], strict=False)]
    means = [sum(at * share for at, share in zip(middle, number[name], strict=True)) for name in ("before", "after")]
    assert means[0] == pytest.approx(49.5, abs=5), "one far value does not press the others into a bin"
    assert means[1] > means[0] + 30
    assert dict(zip(kind["labels"], kind["after"], strict=True)) == {"b": 0.75, "a": 0.25}
