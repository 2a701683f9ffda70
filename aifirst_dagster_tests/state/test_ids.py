"""Ids whose order is that of time."""

from __future__ import annotations

import time
import uuid

from aifirst_dagster.state.ids import new_id


def test_ids_are_uuids_of_version_7_and_all_different():
    made = [new_id() for _ in range(10_000)]
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in made} == {(7, uuid.RFC_4122)}
    assert all(str(uuid.UUID(one)) == one for one in made)
    assert len(set(made)) == len(made)


def test_a_later_id_sorts_behind_and_says_when_it_was_made():
    before = time.time()
    made = []
    for _ in range(5):
        made.append(new_id())
        time.sleep(0.002)
    assert made == sorted(made)
    milliseconds = uuid.UUID(made[0]).int >> 80
    assert before - 0.001 <= milliseconds / 1000 <= time.time()
