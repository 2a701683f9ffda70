"""Incidents, their messages and mutes, on SQLite and on PostgreSQL: one tells, one sends, nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from aifirst_dagster.observe.alerts import Alert, Message
from aifirst_dagster.state.database import State

DAY = timedelta(days=1)
HOSTILE = "O'Brien\"; DROP TABLE incidents; --\n雪\x00"


def alert(key: str = "score:p/s", occurrence: str = "") -> Alert:
    return Alert(key, HOSTILE, HOSTILE, dataset="p/s", context={HOSTILE: HOSTILE}, occurrence=occurrence)


def test_of_many_that_find_it_at_once_one_tells_and_all_count(state: State):
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda number: state.alerts.note(alert(occurrence=str(number)), DAY, ["a"]), range(16)))
    assert sum(message is not None for message in told) == 1
    (incident,) = state.alerts.list()
    assert incident.times == 16
    assert incident.title == "O'Brien\"; DROP TABLE incidents; -- 雪"
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda _: state.alerts.resolve("score:p/s", "well", "", ["a"]), range(8)))
    assert sum(message is not None for message in ended) == 1
    assert len(state.alerts.messages()) == 2


def test_of_many_that_send_each_message_is_leased_to_one(state: State):
    for number in range(6):
        state.alerts.note(alert(f"k{number}"), DAY, ["a", "b"])
    with ThreadPoolExecutor(8) as pool:
        leased = [one for one in pool.map(lambda _: state.alerts.lease("a", 60), range(12)) if one]
    assert sorted(one.message.alert["key"] for one in leased) == [f"k{number}" for number in range(6)]
    assert state.alerts.lease("b", 60) is not None, "each channel has its own"
    state.alerts.mark_sent(leased[0])
    state.alerts.mark_failed(leased[1], "no", 0, give_up=True)
    states = sorted(row["status"] for row in state.alerts.messages() if row["channel"] == "a")
    assert states == ["failed", "sent", "waiting", "waiting", "waiting", "waiting"]
    assert state.alerts.hurry() == 11


def test_messages_go_in_the_order_they_were_made(state: State):
    for number in range(5):
        state.alerts.note(alert(f"k{number}"), DAY, ["a"])
    order = []
    while leased := state.alerts.lease("a", 60):
        order.append(leased.message.alert["key"])
        state.alerts.mark_sent(leased)
    assert order == [f"k{number}" for number in range(5)]


def test_while_a_channel_is_down_new_messages_wait_with_the_others(state: State):
    state.alerts.note(alert("k1"), DAY, ["a"])
    leased = state.alerts.lease("a", 60)
    assert leased is not None
    state.alerts.mark_failed(leased, "down", 3_600, others_too=True)
    state.alerts.note(alert("k2"), DAY, ["a"])
    assert state.alerts.lease("a", 60) is None
    waits = {row["not_before"] for row in state.alerts.messages()}
    assert len(waits) == 1


def test_what_a_person_resolved_is_not_opened_again_by_the_same_finding(state: State):
    state.alerts.note(alert(occurrence="v1"), DAY, [])
    state.alerts.resolve("score:p/s", "fine", "me")
    assert state.alerts.note(alert(occurrence="v1"), DAY, []) is None
    assert state.alerts.list() == []
    assert set(state.alerts.accepted(["score:p/s", "cost:p/s"])) == {"score:p/s"}
    assert state.alerts.note(alert(occurrence="v2"), DAY, []) is not None


def test_a_message_of_an_id_is_queued_once(state: State):
    message = Message("digest-1", "digest", alert().to_dict(), datetime.now(UTC).isoformat())
    with ThreadPoolExecutor(4) as pool:
        queued = list(pool.map(lambda _: state.alerts.queue(message, ["a", "b"]), range(4)))
    assert sorted(queued) == [False, False, False, True]
    assert len(state.alerts.messages()) == 2


def test_mutes_end_by_themselves_or_by_hand(state: State):
    now = datetime.now(UTC)
    short = state.alerts.mutes.add("p/*", now + timedelta(milliseconds=1), "me")
    long = state.alerts.mutes.add("*:p/s", now + DAY, "me", HOSTILE.replace("\x00", ""))
    assert [mute.id for mute in state.alerts.mutes.list()] == [long.id]
    assert state.alerts.note(alert(), DAY, ["a"]) is None
    assert [mute.id for mute in state.alerts.mutes.end(long.id)] == [long.id]
    assert {mute.id for mute in state.alerts.mutes.list(ended=True)} == {short.id, long.id}
    assert [message.event for message in state.alerts.catch_up(["a"])] == ["opened"]
    assert state.alerts.catch_up(["a"]) == []
