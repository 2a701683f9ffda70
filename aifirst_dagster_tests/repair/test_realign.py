"""Rows whose values stand in the wrong columns are righted where one shift explains them, and left alone elsewhere."""

import csv

import pytest

from aifirst_dagster.cli.clean import Wishes, clean_files
from aifirst_dagster.repair.plan import RepairPlan

HEADER = ["id", "city", "country", "zip", "joined", "status"]
PLACES = [("Zurich", "CH", "8001"), ("Hamburg", "DE", "20095"), ("Lyon", "FR", "69001"), ("Graz", "AT", "8010")]


def rows(count=200):
    days = [f"20{10 + n % 14}-{1 + n % 12:02}-{1 + n % 27:02}" for n in range(count)]
    return [[str(1000 + n), *PLACES[n % 4], days[n], ("active", "closed")[n % 3 > 0]] for n in range(count)]


def write(path, table):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *table])
    return str(path)


def cleaned(tmp_path, table, **wishes):
    out = tmp_path / "out.csv"
    answer = clean_files([write(tmp_path / "in.csv", table)], Wishes(output=out, **wishes))
    with out.open(newline="", encoding="utf-8") as file:
        return answer, list(csv.reader(file))[1:]


def right(row, at, by=1):
    return [*row[:at], *[""] * by, *row[at : len(row) - by]]


def left(row, at, by=1):
    return [*row[:at], *row[at + by :], *[""] * by]


def realigned(answer):
    return sum(a["rows_changed"] for a in answer["actions"] if a["action"] == "realign_row")


@pytest.mark.parametrize("by", [1, 2])
def test_rows_shifted_to_the_right_are_moved_back_and_what_they_lost_is_empty(tmp_path, by):
    table, whole = rows(), rows()
    for at in range(5 - by):
        line = 20 * at + 5
        table[line], whole[line] = right(table[line], at, by), [*whole[line][:-by], *[""] * by]
    answer, kept = cleaned(tmp_path, table)
    assert realigned(answer) == 5 - by
    assert kept == whole


def test_rows_shifted_to_the_left_are_moved_back_and_their_lost_cells_are_empty(tmp_path):
    table, whole = rows(), rows()
    for at in range(5):
        table[20 * at + 5] = left(table[20 * at + 5], at)
        whole[20 * at + 5][at] = ""
    answer, kept = cleaned(tmp_path, table)
    assert realigned(answer) == 5
    assert kept == whole


def test_a_postal_code_of_a_shifted_row_is_no_spreadsheet_day(tmp_path):
    table = rows()
    for n in range(0, 200, 20):
        table[n] = right(table[n], 1)
    answer, kept = cleaned(tmp_path, table)
    assert realigned(answer) == 10
    assert [row[4] for row in kept] == [row[4] for row in rows()]
    assert not [a for a in answer["actions"] if a["action"] == "parse_dates"]


def test_each_moved_cell_is_listed_with_what_the_file_had(tmp_path):
    table = rows()
    table[7] = right(table[7], 1)
    cleaned(tmp_path, table)
    with (tmp_path / "out.csv.repairs.csv").open(newline="", encoding="utf-8") as file:
        listed = {row["column"]: (row["before"], row["after"]) for row in csv.DictReader(file)}
    whole = rows()[7]
    assert listed["city"] == ("", whole[1])
    assert listed["zip"] == (whole[2], whole[3])
    assert listed["status"] == (whole[4], "")


def test_the_plan_rights_other_rows_in_the_same_way_and_says_so_beforehand(tmp_path):
    table = rows()
    table[7], table[9] = right(table[7], 1), left(table[9], 2)
    plan = tmp_path / "plan.yaml"
    dry = clean_files([write(tmp_path / "in.csv", table)], Wishes(dry_run=True, save_plan=plan))
    (action,) = (a for a in RepairPlan.load(plan).actions if a.action == "realign_row")
    assert action.params["by"] == [1, -1] and action.rows_affected == 2 and action.reversible
    before, after = action.examples[0]
    assert before.startswith("1007 |  | ") and after.startswith("1007 | Graz | AT")
    assert realigned(dry) == 2
    other = rows()
    other[50] = right(other[50], 0)
    answer, kept = cleaned(tmp_path, other, plan=plan)
    assert realigned(answer) == 1 and kept[50][:5] == rows()[50][:5]


def test_what_is_righted_once_is_left_as_it_is(tmp_path):
    table = rows()
    table[7], table[9] = right(table[7], 1), left(table[9], 2)
    _, kept = cleaned(tmp_path, table)
    again, same = cleaned(tmp_path, kept)
    assert same == kept and not again["actions"] and not again["quarantined"]


def test_rows_that_no_single_shift_explains_are_not_moved(tmp_path):
    table = rows()
    table[3][4] = "soon"  # one wrong cell
    table[5][3], table[5][1] = table[5][1], ""  # a name where the code should be, and none in its place
    table[8] = ["", "", "", "", "", table[8][0]]  # what is left of a row
    answer, _ = cleaned(tmp_path, table)
    assert realigned(answer) == 0


def test_a_lost_cell_that_could_be_either_of_two_is_no_reason_to_move_the_row(tmp_path):
    header, HEADER[:] = list(HEADER), ["id", "a", "b", "c", "day", "state"]
    try:
        table = [
            [str(n), str(n % 7), str(n % 5), str(n % 6), f"2020-01-{1 + n % 28:02}", "xy"[n % 2]] for n in range(100)
        ]
        table[7] = left(table[7], 1)
        answer, _ = cleaned(tmp_path, table)
        assert realigned(answer) == 0 and answer["quarantined"] == 1
    finally:
        HEADER[:] = header


def test_a_clean_table_with_gaps_is_no_shifted_one(tmp_path):
    table = [[cell if (n * 7 + at * 3) % 5 else "" for at, cell in enumerate(row)] for n, row in enumerate(rows())]
    answer, _ = cleaned(tmp_path, table)
    assert realigned(answer) == 0


def test_lines_with_a_cell_too_many_or_too_few_are_rows_again_in_their_place(tmp_path):
    header = "id,name,country,zip,joined,status"
    names = [f"Word {'abcdefgh'[n % 8]} {'xyzuvw'[n // 8 % 6]} {n}" for n in range(60)]
    days = [f"2020-01-{1 + n % 27:02}" for n in range(60)]
    whole = [f"{100 + n},{names[n]},{PLACES[n % 4][1]},{PLACES[n % 4][2]},{days[n]},open" for n in range(60)]
    lines = list(whole)
    lines[5] = lines[5].replace("Word ", "Words, and ")  # a delimiter without quotes
    lines[9] = lines[9].replace(",20095,", ",")  # a cell is missing
    lines[13] = lines[13].replace(",2020", ",,2020")  # an empty one too many
    lines[17] = lines[17] + ",what,is,this"
    lines[21] = f'121,"{names[21]}","DE",2020-01-22,open'
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    answer = clean_files([str(path)], Wishes(output=out, save_plan=tmp_path / "plan.yaml"))
    kept = list(csv.reader(out.open(newline="")))[1:]
    assert [a["rows_changed"] for a in answer["actions"] if a["action"] == "restore_row"] == [4]
    assert (answer["rows_in"], answer["rows_out"], answer["quarantined"]) == (60, 59, 1)
    assert kept[5][1] == "Words, and f x 5"
    assert kept[9] == [*whole[9].split(",")[:3], "", *whole[9].split(",")[4:]]
    assert kept[13] == whole[13].split(",")
    assert kept[20] == ["121", names[21], "DE", "", "2020-01-22", "open"]
    same = clean_files([str(path)], Wishes(output=tmp_path / "same.csv", plan=tmp_path / "plan.yaml"))
    assert (tmp_path / "same.csv").read_text() == out.read_text() and same["quarantined"] == 1
