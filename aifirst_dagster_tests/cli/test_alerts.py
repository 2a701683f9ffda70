"""`aifirst alerts`: what is open is listed and shown, people mute and resolve, digests and tests go out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.observe.alerts import WEBHOOK, Alert, Change, Since
from aifirst_dagster.state.alerts import Alerts
from aifirst_dagster.state.measures import Measure
from aifirst_dagster_tests.observe.servers import webhook
from aifirst_dagster_tests.scenario import Place, step


@pytest.fixture
def alerts(place: Place, aifirst) -> Alerts:
    """Two open incidents."""
    found = state_package.open(place.project).alerts
    for kind in ("score", "cost"):
        alert = Alert(
            f"{kind}:shop/check", f"[bold]{kind} is worse", "more on it", dataset="shop/check", since=Since("v1"),
            changed=[Change(kind, "1", "2")], todo=["Look at it"],
        )  # fmt: skip
        found.note(alert, timedelta(days=1), ["webhook"] if kind == "score" else [])
    return found


def test_what_is_open_is_listed_and_what_was_with_all(aifirst, alerts: Alerts):
    assert [one["key"] for one in aifirst("alerts", "list", "--json").json["incidents"]] == [
        "cost:shop/check", "score:shop/check"
    ]  # fmt: skip
    alerts.resolve("cost:shop/check", "well")
    said = aifirst("alerts", "list", "--json").json
    assert [one["key"] for one in said["incidents"]] == ["score:shop/check"]
    assert [row["channel"] for row in said["undelivered"]] == ["webhook"]
    assert len(aifirst("alerts", "list", "--all", "--json").json["incidents"]) == 2
    shown = aifirst("alerts", "list", "--all").out
    assert "[bold]score" in shown
    assert "not tried yet" in shown


def test_one_is_shown_whole_by_its_key_or_id(aifirst, alerts: Alerts):
    found = aifirst("alerts", "show", "score:shop/check", "--json").json
    assert found["alert"]["changed"] == [{"what": "score", "before": "1", "after": "2"}]
    assert found["messages"][0]["event"] == "opened"
    text = aifirst("alerts", "show", found["id"]).out
    for line in ("- score: 1 → 2", "- version v1", "- Look at it"):
        assert line in text.splitlines()
    wrong = aifirst("alerts", "show", "score:shop/chek")
    assert wrong.code == 2
    assert "Did you mean 'score:shop/check'?" in wrong.err


def test_muting_is_by_pattern_until_a_time_with_who_and_why(aifirst, alerts: Alerts):
    made = aifirst("alerts", "mute", "shop/*", "--until", "2h", "--why", "known", "--by", "me", "--json").json["mute"]
    assert (made["by"], made["why"]) == ("me", "known")
    until = datetime.fromisoformat(made["until"])
    assert timedelta(minutes=119) < until - datetime.now(UTC) <= timedelta(hours=2)
    listed = aifirst("alerts", "list", "--json").json
    assert {one["muted_until"] for one in listed["incidents"]} == {made["until"]}
    assert "muted until" in aifirst("alerts", "list").out
    assert aifirst("alerts", "unmute", "shop/*").code == 0
    again = aifirst("alerts", "unmute", "shop/*")
    assert (again.code, "Nothing is muted" in again.err) == (2, True)


@pytest.mark.parametrize("until", ["2x", "2020-01-01", "0h"])
def test_a_time_that_is_none_or_over_is_refused(aifirst, alerts: Alerts, until: str):
    assert aifirst("alerts", "mute", "*", "--until", until).code == 2


def test_resolving_says_who_and_why(aifirst, alerts: Alerts):
    done = aifirst("alerts", "resolve", "score:shop/check", "--why", "mended", "--by", "me", "--json").json
    assert (done["status"], done["resolved_by"], done["why"]) == ("resolved", "me", "mended")
    assert aifirst("alerts", "resolve", "score:shop/check").code == 2


def test_a_look_judges_and_a_digest_sums_up(aifirst, place: Place):
    place.file(step("load", "connector", type="csv", path="x.csv"), monitoring={"freshness": "1d"})
    state = state_package.open(place.project)
    state.measures.add(Measure("shop", "load", None, "v1", "r", datetime.now(UTC) - timedelta(days=2)))
    came = aifirst("alerts", "check", "--json").json
    assert (came["judged"], came["told"]) == (1, ["freshness:shop"])
    made = aifirst("alerts", "digest", "--since", "3d", "--json").json
    assert [one["key"] for one in made["open"]] == ["freshness:shop"]
    assert (made["versions"], made["sent"]) == (1, False)
    assert "freshness:shop" in aifirst("alerts", "digest").out


def test_without_a_daemon_a_look_tells_of_runs_and_their_checks_once(aifirst, place: Place, furnished):
    rule = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}}
    place.file(
        step("load", "connector", type="csv", path="people.csv"),
        step("check", "llm_validation", rules=[rule], threshold=0.9, on_fail="warn"),
    )
    place.write("people.csv", "name,age\nAnn,31\nBob,420\n")
    assert aifirst("run", "shop").code in (0, 1)
    came = aifirst("alerts", "check", "--json").json
    assert (came["runs"], came["told"]) == (1, ["checks:shop/check"])
    again = aifirst("alerts", "check", "--json").json
    assert (again["runs"], again["told"]) == (0, [])
    place.write("people.csv", "name,age\nAnn,31\nBob,42\n")
    assert aifirst("run", "shop").code == 0
    (place.root / "people.csv").unlink()
    assert aifirst("run", "shop").code not in (0, 1)
    last = aifirst("alerts", "check", "--json").json
    assert (last["runs"], last["told"], last["resolved"]) == (2, ["run:shop"], ["checks:shop/check"])
    assert "2 runs" not in aifirst("alerts", "check").out


def test_channels_are_tried_and_a_dead_one_is_a_failure(aifirst, place: Place, monkeypatch: pytest.MonkeyPatch):
    assert aifirst("alerts", "test").code == 0
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with webhook() as hook:
        monkeypatch.setenv(WEBHOOK, hook.address)
        assert aifirst("alerts", "test", "--json").json["channels"] == [
            {"channel": "webhook", "state": "sent", "error": ""}
        ]
        assert hook.bodies[0]["event"] == "test"
        hook.status = 404
        found = aifirst("alerts", "test")
    assert found.code == 3
    assert "it answers 404" in found.out
    assert "secret-path" not in found.text
