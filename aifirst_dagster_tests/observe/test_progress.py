"""Whoever listens hears how far a step is; nobody else does."""

from __future__ import annotations

from aifirst_dagster.observe.progress import heard, tell


def test_what_is_told_is_heard_while_somebody_listens():
    told: list[tuple[str, str]] = []
    tell("load", "nobody hears this")
    with heard(lambda step, text: told.append((step, text))):
        tell("load", "1 of 2")
    tell("load", "2 of 2")
    assert told == [("load", "1 of 2")]
