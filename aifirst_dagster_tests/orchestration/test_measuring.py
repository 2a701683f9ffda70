"""Every published version leaves its figures in the history, once, also where a run was killed in between."""

from __future__ import annotations

from pathlib import Path

import aifirst_dagster.state as state_package
from aifirst_dagster.orchestration.execute import published
from aifirst_dagster.orchestration.metadata import materialisation
from aifirst_dagster_tests.scenario import Place

RULES = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}, "severity": "error"},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}},
]


def _shop(tmp_path: Path, **config):
    place = Place(tmp_path)
    place.write("landing/shop/people.csv", "name,age\nAnn,31\nBob,42\n,17\nDee,230\n")
    pipeline = place.pipeline(
        {"name": "load", "type": "connector", "config": {"type": "csv"}},
        {"name": "check", "type": "llm_validation", "config": {"rules": RULES, "threshold": 0.1, **config}},
        drift={},
    )
    return place, pipeline


def test_a_version_leaves_its_counts_score_and_verdicts(tmp_path: Path):
    place, pipeline = _shop(tmp_path)
    version = place.run(pipeline)
    measures = state_package.open(place.project).measures
    (kept,) = measures.of("shop", "check")
    verdict = version.read_json("verdict.json")
    assert (kept.version, kept.run_id, kept.partition) == (version.manifest.version, "run", None)
    assert (kept.rows_in, kept.rows_out, kept.quarantined) == (4, 3, 1)
    assert kept.score == verdict["score"]
    assert [(rule["check"], rule["success"]) for rule in kept.rules] == [
        ("name__values_to_not_be_null", False),
        ("age__values_to_be_between", False),
    ]
    assert kept.seconds > 0
    assert kept.drifted is None
    assert [one.step for one in measures.latest()] == ["check", "load"]


def test_the_history_grows_by_version_newest_last_and_knows_drift(tmp_path: Path):
    place, pipeline = _shop(tmp_path)
    for shift in (0, 400):
        lines = "\n".join(f"P{number},{number % 90 + shift}" for number in range(300))
        place.write("landing/shop/people.csv", f"name,age\n{lines}\n")
        last = place.run(pipeline)
    first, second = state_package.open(place.project).measures.of("shop", "check")
    assert (first.drifted, second.version) == (None, last.manifest.version)
    assert second.drifted is True
    assert second.drift
    (newest,) = state_package.open(place.project).measures.of("shop", "check", last=1)
    assert newest == second


def test_publishing_again_changes_nothing_and_a_lost_measure_is_made_good(tmp_path: Path):
    place, pipeline = _shop(tmp_path)
    for key in pipeline.order:
        done = place.execute(pipeline, key)
        done.writer.publish(done.manifest)  # killed before its figures were kept
    measures = state_package.open(place.project).measures
    assert measures.latest() == []
    version = place.run(pipeline, "check")
    assert [one.version for one in measures.of("shop", "check")] == [done.manifest.version, version.manifest.version]
    published(place.project, place.store, version.manifest, place.notes.append)
    assert len(measures.of("shop", "check")) == 2


def test_a_materialisation_shows_figures_to_plot_and_the_report_in_short(tmp_path: Path):
    place, pipeline = _shop(tmp_path)
    place.run(pipeline)
    done = place.execute(pipeline, "check")
    shown = materialisation(done, pipeline, pipeline.step("check"), None)
    assert (shown["quality score"], shown["score: completeness"]) == (0.75, 0.75)
    assert "Fit for use" in shown["quality"].value
    assert "over 2 versions" in shown["quality"].value
    assert len(shown["quality"].value) < 1_000, "the UI shows it without a click"
    assert f"aifirst report shop check --version {done.manifest.version}" in shown["report"].value
    assert "quality" not in materialisation(place.execute(pipeline, "load"), pipeline, pipeline.step("load"), None)


def test_a_step_that_asks_for_it_has_its_report_beside_each_version(tmp_path: Path):
    place, pipeline = _shop(tmp_path, report=True)
    place.run(pipeline, "load")
    done = place.execute(pipeline, "check")
    page = done.writer.folder / "report.html"
    shown = materialisation(done, pipeline, pipeline.step("check"), None)
    assert (shown["report"].value, page.exists()) == (str(page), False), "named before, written once it is published"
    done.writer.publish(done.manifest)
    published(place.project, place.store, done.manifest, place.notes.append)
    assert "shop: check" in page.read_text(encoding="utf-8")
    assert place.notes == []
