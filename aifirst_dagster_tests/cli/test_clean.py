"""`aifirst clean`: what it writes, what it says, and what it refuses."""

import csv
import json

import pytest

from aifirst_dagster.cli.clean import Wishes, clean_files
from aifirst_dagster.cli.main import cli
from aifirst_dagster.cli.output import run_safely

MESSY = """Customer ID,Full Name,Amount,Since
1, Ann Lee ,"$1,234.50",2024-02-01
2,Jürgen MÃ¼ller,$12,13.02.2024
3,Bob Roy,$7.25,2024-03-04
3,Bob Roy,$7.25,2024-03-04
4,Cy Fox,oops,2024-03-05
5,Di Poe,$9,2024-03-06
6,Ed Ash,$10,2024-03-07
7,Flo Ray,$11,2024-03-08
8,Gus Kay,$11.5,2024-03-09
9,Hal May,$11.75,2024-03-10
10,Ida Lux,$12.5,2024-03-11
"""


@pytest.fixture
def messy(tmp_path):
    path = tmp_path / "messy.csv"
    path.write_text(MESSY, encoding="utf-8")
    return path


def clean(capsys, *arguments):
    code = run_safely(cli, ["clean", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_messy_file_becomes_a_clean_one_with_every_change_listed(messy, tmp_path, capsys):
    out = tmp_path / "out.csv"
    code, answer = clean(capsys, messy, "-o", out)
    assert code == 0
    assert answer["rows_in"] == 11 == answer["rows_out"] + answer["quarantined"] + answer["failed"] + answer["merged"]
    kept = rows(out)
    assert len(kept) == answer["rows_out"] == 9
    assert kept[1] == {"customer_id": "2", "full_name": "Jürgen Müller", "amount": "12.0", "since": "2024-02-13"}
    changes = {
        (each["row"], each["column"]): (each["before"], each["after"])
        for each in rows(tmp_path / "out.csv.repairs.csv")
    }
    assert changes["0", "full_name"] == (" Ann Lee ", "Ann Lee")
    assert changes["1", "since"] == ("13.02.2024", "2024-02-13")
    (aside,) = rows(tmp_path / "out.csv.quarantine.csv")
    assert (aside["row"], aside["source_line"], aside["column"], aside["value"]) == ("4", "6", "amount", "oops")
    assert json.loads(aside["values"])["full_name"] == "Cy Fox"
    assert answer["quarantine_path"] == str(tmp_path / "out.csv.quarantine.csv")


def test_cleaning_the_output_again_changes_nothing(messy, tmp_path, capsys):
    clean(capsys, messy, "-o", tmp_path / "once.csv")
    _, answer = clean(capsys, tmp_path / "once.csv", "-o", tmp_path / "twice.csv")
    assert answer["actions"] == []
    assert (tmp_path / "once.csv").read_bytes() == (tmp_path / "twice.csv").read_bytes()
    assert not (tmp_path / "twice.csv.repairs.csv").exists()


def test_a_saved_plan_can_be_edited_and_pinned(messy, tmp_path, capsys):
    plan = tmp_path / "plan.yaml"
    clean(capsys, messy, "--dry-run", "--save-plan", plan)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["messy.csv", "plan.yaml"]
    plan.write_text(plan.read_text(encoding="utf-8").replace("on_unparseable: quarantine", "on_unparseable: 'null'"))
    _, answer = clean(capsys, messy, "-o", tmp_path / "out.parquet", "--plan", plan)
    assert (answer["quarantined"], answer["rows_out"]) == (0, 10)


def test_a_plan_for_another_file_is_refused(messy, tmp_path, capsys):
    plan, other = tmp_path / "plan.yaml", tmp_path / "other.csv"
    clean(capsys, messy, "--dry-run", "--save-plan", plan)
    other.write_text("a,b\n1,x\n2,y\n")
    code, answer = clean(capsys, other, "-o", tmp_path / "out.csv", "--plan", plan)
    assert code == 2
    assert "customer_id" in answer["error"]["message"]
    assert not (tmp_path / "out.csv").exists()


def test_too_many_quarantined_rows_fail_after_the_report(messy, tmp_path, capsys):
    assert clean(capsys, messy, "-o", tmp_path / "out.csv", "--fail-on", "0.5")[0] == 0
    code, answer = clean(capsys, messy, "-o", tmp_path / "out.csv", "--fail-on", "0.01")
    assert code == 1
    assert answer["quarantined"] == 1


def test_lines_that_do_not_fit_count_as_quarantined(messy, tmp_path, capsys):
    messy.write_text(MESSY + "11,Jo Kim,$5,2024-03-12,surplus,more,cells\n", encoding="utf-8")
    _, answer = clean(capsys, messy, "-o", tmp_path / "out.csv")
    assert (answer["rows_in"], answer["quarantined"], answer["rows_out"], answer["merged"]) == (12, 2, 9, 1)
    assert len(rows(tmp_path / "out.csv.quarantine.csv")) == 2


def test_formulas_are_neutralised_where_asked(tmp_path, capsys):
    path = tmp_path / "f.csv"
    path.write_text("id,note\n1,\"=cmd|' /C calc'!A0\"\n2,+49 170 1234\n3,fine\n4,also fine\n")
    clean(capsys, path, "-o", tmp_path / "plain.csv")
    assert rows(tmp_path / "plain.csv")[0]["note"].startswith("=cmd")
    clean(capsys, path, "-o", tmp_path / "safe.csv", "--neutralise-formulas")
    notes = [row["note"] for row in rows(tmp_path / "safe.csv")]
    assert notes == ["'=cmd|' /C calc'!A0", "+49 170 1234", "fine", "also fine"]


def test_an_output_that_cannot_be_written_leaves_what_was_there(messy, tmp_path, capsys):
    code, answer = clean(capsys, messy, "-o", tmp_path / "missing" / "out.csv")
    assert code == 2
    assert answer["error"]["type"] == "StorageError"
    assert clean(capsys, messy, "-o", tmp_path / "out.xyz")[0] == 2
    assert clean(capsys, messy)[0] == 2


@pytest.mark.parametrize("text", ["", "a,b\n", "a\n1\n"])
def test_files_with_little_in_them_are_cleaned_too(text, tmp_path, capsys):
    path = tmp_path / "small.csv"
    path.write_text(text)
    code, answer = clean(capsys, path, "-o", tmp_path / "out.csv", "--accept-unsure")
    assert code == 0, answer
    assert (tmp_path / "out.csv").is_file()


def test_the_report_for_people_shows_before_and_after(messy, tmp_path, capsys):
    assert run_safely(cli, ["clean", str(messy), "-o", str(tmp_path / "out.csv")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "11 rows in, 9 out, 1 quarantined, 1 duplicates merged" in shown
    assert "Jürgen MÃ¼ller -> Jürgen Müller" in shown


def test_a_table_too_large_for_memory_is_worked_on_in_a_file_that_goes_with_it(messy, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    files = {}
    for name, large in (("memory", 1_000_000), ("file", 0)):
        output = tmp_path / f"{name}.csv"
        clean_files([str(messy)], Wishes(output=output), large=large)
        files[name] = [path.read_text() for path in sorted(tmp_path.glob(f"{name}.csv*"))]
    assert files["memory"] == files["file"] and len(files["file"]) > 1
    assert not list(scratch.iterdir())
