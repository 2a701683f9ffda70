"""Rows that are the same thing in other words: reported, merged only where a plan says so."""

from aifirst_dagster.repair.plan import RepairPlan
from aifirst_dagster_tests.repair.scene import Scene, typed

ID = typed("id", "integer", "BIGINT", unique=True)
STREETS = ("Main", "Lake", "Hill", "Old", "New", "Station", "Market", "Forest", "River", "Church", "Garden", "School",
           "Bridge", "Mill")  # fmt: skip
NAMES = ("Anna", "Ben", "Clara", "Dora", "Emil", "Felix", "Greta", "Hans", "Ida", "Jonas", "Klara", "Liam", "Mia",
         "Noah")  # fmt: skip
FAMILIES = ("Moser", "Keller", "Fischer", "Gray", "Huber", "Imhof", "Jansen", "Kurz", "Lang", "Otto", "Nagel", "Peters",
            "Roth", "Weber")  # fmt: skip


def people(*more):
    rows = [[n, f"{NAMES[n]} {FAMILIES[n]}", f"{n * 7 + 3} {STREETS[n]} Street", f"20{n:02}-01-01"] for n in range(14)]
    return rows + [[100 + n, *row] for n, row in enumerate(more)]


def scene(con, *more):
    return Scene(con, {"id": ID, "name": "string", "address": "string", "since": "string"}, people(*more))


def clusters(plan):
    return [cluster for a in plan.actions if a.action == "report_similar_rows" for cluster in a.params["clusters"]]


def lines(found):
    return [[int(row.split()[0]) for row in cluster] for cluster in found]


def test_a_misspelt_and_a_turned_name_are_found_with_the_rows_that_they_resemble(con):
    plan = scene(con, ["Clara Fisher", "17 Hill Street", "2002-01-01"], ["Huber Emil", "31 New Street", "2004-01-01"])
    assert lines(clusters(plan.propose())) == [[4, 16], [6, 17]]


def test_different_people_at_one_address_and_numbers_that_differ_are_not_alike(con):
    other = scene(con, ["Otto Fischer", "17 Hill Street", "2002-01-01"], ["Emil Huber", "38 New Street", "2004-01-01"])
    assert clusters(other.propose()) == []


def test_rows_that_are_alike_stay_until_a_plan_merges_them(con):
    found = scene(con, ["Clara Fisher", "17 Hill Street", "2002-01-01"])
    found.repair()
    assert found.result.merged == 0
    plan = RepairPlan.parse(found.plan.dump().replace("report_similar_rows", "merge_similar_rows"))
    found.repair(plan)
    assert (found.result.rows_in, found.result.rows_out, found.result.merged) == (15, 14, 1)
    assert con.execute(f"SELECT _source_line, _duplicate_of FROM {found.result.duplicates}").fetchall() == [(16, 4)]
    assert found.did("merge_similar_rows") == 1 and found.did("merge_duplicates") == 0


def test_a_merge_pinned_for_one_file_leaves_other_rows_on_the_same_line_alone(con):
    plan = scene(con, ["Clara Fisher", "17 Hill Street", "2002-01-01"]).propose()
    plan = RepairPlan.parse(plan.dump().replace("report_similar_rows", "merge_similar_rows"))
    other = scene(con, ["Someone Else", "5 Far Away", "2011-11-11"])
    other.repair(plan)
    assert other.result.merged == 0
