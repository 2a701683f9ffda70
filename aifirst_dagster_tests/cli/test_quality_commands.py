"""`aifirst rules`, `check` and `drift` as people and scripts call them."""

import json
import subprocess
import sys

import pytest

from aifirst_dagster.quality.expectations.vocabulary import OWN


def aifirst(*arguments, code=0):
    command = [sys.executable, "-m", "aifirst_dagster.cli.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def answer(*arguments, code=0):
    return json.loads(aifirst(*arguments, "--json", code=code).stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    rows = [f"{i},user{i}@example.org,{['new', 'paid', 'sent'][i % 3]},{i % 50}.5" for i in range(400)]
    (folder / "orders.csv").write_text("Order No,email,state,price\n" + "\n".join(rows) + "\n")
    bad = [*rows[:-3], "397,nobody,paid,7.5", "397,user398@example.org,sent,8.5", "399,user399@example.org,snet,-900"]
    (folder / "bad.csv").write_text("Order No,email,state,price\n" + "\n".join(bad) + "\n")
    return folder


@pytest.fixture(scope="module")
def rules(shop):
    aifirst("rules", shop / "orders.csv", "-o", shop / "rules.yaml")
    return shop / "rules.yaml"


def test_rules_learned_from_a_file_hold_on_it_and_find_what_is_wrong_in_the_next(shop, rules):
    good = answer("check", shop / "orders.csv", "--rules", rules)
    assert good["success"] is True and good["score"] == 1.0 and good["self_learned"] is False
    bad = answer("check", shop / "bad.csv", "--rules", rules, code=1)
    failed = {rule["id"]: rule["unexpected_list"] for rule in bad["rules"] if not rule["success"]}
    assert failed["email.values_to_match_regex"] == ["nobody"]
    assert failed["state.values_to_be_in_set"] == ["snet"]
    assert failed["Order No.values_to_be_unique"] == [397, 397]
    assert 0 < bad["score"] < 1 and bad["rows"] == 400


def test_check_without_rules_learns_them_and_gives_no_score(shop):
    found = answer("check", shop / "orders.csv")
    assert found["self_learned"] is True and found["score"] is None and found["rules"]


def test_both_engines_answer_alike(shop, rules):
    ours = answer("check", shop / "bad.csv", "--rules", rules, code=1)
    theirs = answer("check", shop / "bad.csv", "--rules", rules, "--engine", "great_expectations", code=1)
    keys = ("id", "success", "unexpected_count", "unexpected_list")
    ours, theirs = (
        [[rule[key] for key in keys] for rule in found["rules"] if rule["type"] not in OWN] for found in (ours, theirs)
    )
    assert len(ours) > 5 and ours == theirs


def test_examples_are_cut_where_asked(shop, tmp_path):
    rule = {"type": "expect_column_values_to_be_null", "kwargs": {"column": "state"}, "id": "any text: ok"}
    (tmp_path / "r.json").write_text(json.dumps({"rules": [rule]}))
    for number, length in ((2, 2), (0, 400)):
        found = answer("check", shop / "orders.csv", "--rules", tmp_path / "r.json", "--examples", number, code=1)
        assert len(found["rules"][0]["unexpected_list"]) == length
        assert found["rules"][0]["id"] == "any text: ok"


def test_a_rule_that_cannot_be_judged_is_no_success(shop, tmp_path):
    (tmp_path / "r.yaml").write_text(
        "rules:\n  - type: expect_column_values_to_be_unique\n    kwargs: {column: nope}\n"
    )
    found = answer("check", shop / "orders.csv", "--rules", tmp_path / "r.yaml", code=1)
    assert found["success"] is False and found["rules"][0]["success"] is None and "nope" in found["rules"][0]["error"]


def test_a_typo_in_a_rule_file_is_told_with_its_line(shop, tmp_path):
    (tmp_path / "r.yaml").write_text("rules:\n  - type: expect_column_values_to_be_uniq\n    kwargs: {column: state}\n")
    error = answer("check", shop / "orders.csv", "--rules", tmp_path / "r.yaml", code=2)["error"]
    assert error["type"] == "ConfigError" and error["line"] == 2 and "Did you mean" in error["hint"]


def test_cells_name_row_line_and_suggestion(shop, rules):
    found = answer("check", shop / "bad.csv", "--rules", rules, "--cells", code=1)
    cells = {(cell["row"], cell["column"]): cell for cell in found["cells"]}
    assert cells[399, "state"]["suggestion"] == "sent" and cells[399, "state"]["source_line"] == 401


def test_a_suite_is_great_expectations_own(shop):
    import great_expectations as gx

    suite = answer("rules", shop / "orders.csv", "--format", "gx")["suite"]
    loaded = gx.ExpectationSuite(**suite)
    assert len(loaded.expectations) == len(suite["expectations"]) > 5


def test_drift_exits_with_1_and_says_what_changed(shop):
    same = answer("drift", shop / "orders.csv", shop / "orders.csv")
    assert same["drifted"] is False and same["rows"] == [400, 400]
    moved = shop / "moved.csv"
    text = (shop / "orders.csv").read_text().splitlines()
    moved.write_text("\n".join([text[0] + ",extra", *(line.replace("new", "paid") + ",1" for line in text[1:])]) + "\n")
    found = answer("drift", shop / "orders.csv", moved, code=1)
    assert [change["column"] for change in found["schema_changes"]] == ["extra"]
    assert [one["name"] for one in found["columns"] if one["drifted"]] == ["state"]
    assert "state" in found["insight"] and "extra" in found["insight"]


def test_people_get_tables(shop, rules):
    assert "not all rules hold" in aifirst("check", shop / "bad.csv", "--rules", rules, code=1).stdout
    assert "email.values_to_match_regex" in aifirst("rules", shop / "orders.csv").stdout
    assert "Nothing changed" in aifirst("drift", shop / "orders.csv", shop / "orders.csv").stdout


def test_an_empty_table_is_told_of_not_crashed_on(shop, tmp_path):
    (tmp_path / "empty.csv").write_text("a,b\n")
    assert answer("rules", tmp_path / "empty.csv")["rules"] == []
    assert answer("check", tmp_path / "empty.csv")["rows"] == 0
    assert answer("drift", tmp_path / "empty.csv", tmp_path / "empty.csv")["drifted"] is False
