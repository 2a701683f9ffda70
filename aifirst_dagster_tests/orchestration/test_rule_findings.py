"""A rule's check in the UI: verdict, reason, trend over versions, failing rows, and what a person decided."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest

from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.orchestration.rule_findings import rule_finding
from aifirst_dagster.orchestration.rulesets import observed, rule_sets_sensor
from aifirst_dagster.pipelines.load import load_file
from aifirst_dagster.state.measures import Measure
from aifirst_dagster_tests.scenario import Place, step

RESULT = {
    "id": "age", "type": "expect_column_values_to_be_between", "kwargs": {"column": "age"}, "severity": "error",
    "success": False, "evaluated": 100, "unexpected_count": 2, "unexpected_percent": 2.0, "rationale": "People age.",
    "failing": [{"source": "f.csv", "source_line": 7, "values": {"age": "430", "name": None}}],
}  # fmt: skip


def measures(*percents: float | None) -> list[Measure]:
    return [
        Measure("p", "s", None, f"v{number}", "r", datetime(2026, 1, 1 + number, tzinfo=UTC), rules=[
            {"id": "age", "success": None if percent is None else percent == 0, "unexpected_percent": percent}
        ])
        for number, percent in enumerate(percents)
    ]  # fmt: skip


def test_a_failed_check_tells_the_reason_the_rows_and_the_trend():
    finding = rule_finding(RESULT, 0, measures(0, 0.0, 0.1, None, 2.0))
    assert (finding.passed, finding.error) == (False, True)
    assert finding.metadata["why"] == "People age."
    (row,) = finding.metadata["failing rows"].value.records
    assert row.data == {"_source_line": "7", "age": "430", "name": ""}
    assert finding.metadata["trend"] == "██▇ ▆ 100.0% → 98.0% over 5 versions"
    assert [record.data["verdict"] for record in finding.metadata["versions"].value.records][:2] == [
        "failed", "not evaluated",
    ]  # fmt: skip


def test_one_version_makes_no_trend():
    assert "trend" not in rule_finding(RESULT, 0, measures(2.0)).metadata


@pytest.mark.parametrize(("status", "words"), [("muted", "Muted by ann because: refunds"), ("proposed", "waits")])
def test_a_rule_that_does_not_count_passes_and_says_what_it_finds(status, words):
    decided = {**RESULT, "status": status, "decision": {"by": "ann", "why": "refunds"}}
    finding = rule_finding(decided, 0)
    assert finding.passed and not finding.error
    assert words in finding.description and "2 values break the rule." in finding.description


RULES = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}, "severity": "error"},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}, "status": "muted"},
]


def test_a_rule_set_is_an_asset_upstream_of_its_validation(tmp_path):
    place = Place(tmp_path)
    path = tmp_path / "resources/pipelines/shop.yaml"
    place.pipeline(
        step("load", "connector", type="csv"), step("check", "llm_validation", rules=RULES), name="shop"
    )  # fmt: skip
    found = load_file(next(path.parent.glob("*.yaml")))
    graph = definitions(place.project, [found]).resolve_asset_graph()
    rules, check = dg.AssetKey(["shop", "check", "rules"]), dg.AssetKey(["shop", "check"])
    assert graph.get(check).parent_keys == {rules, dg.AssetKey(["shop", "load"])}
    assert graph.get(rules).is_observable and not graph.get(rules).is_materializable

    version, metadata = observed(place.project, found.spec, found.spec.step("check"))
    assert (metadata["rules"], metadata["muted rules"]) == (2, 1)
    assert [record.data["status"] for record in metadata["rule set"].value.records] == ["active", "muted"]
    assert version != observed(place.project, found.spec, found.spec.step("load"))[0]


def test_a_change_of_the_rules_is_observed_once(tmp_path):
    place = Place(tmp_path)
    rules = place.write("rules.yaml", "rules:\n  - type: expect_column_to_exist\n    kwargs: {column: age}\n")
    pipeline = place.pipeline(step("load", "connector", type="csv"), step("check", "llm_validation", rules=str(rules)))
    sensor = rule_sets_sensor(place.project, [pipeline])

    def tick(cursor: str | None):
        with dg.build_sensor_context(cursor=cursor) as context:
            said = sensor(context)
        return said.cursor, [event.tags["dagster/data_version"] for event in said.asset_events]

    cursor, first = tick(None)
    cursor, again = tick(cursor)
    rules.write_text(rules.read_text() + "    status: muted\n")
    cursor, changed = tick(cursor)
    assert (len(first), again, len(changed)) == (1, [], 1) and first != changed
    rules.write_text(rules.read_text() + "# a remark\n")
    assert tick(cursor)[1] == [], "what the rules say is as it was"
