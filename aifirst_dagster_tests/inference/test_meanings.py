"""Meanings measured on labelled columns: how many are told, and that what is said is so."""

import pytest

from aifirst_dagster_tests.inference.meanings_data import columns
from aifirst_dagster_tests.inference.tables import column

#: What may be said of values that mean nothing in particular.
NOTHING = {None, "category", "code", "identifier", "flag"}
LABELLED = columns()


def test_there_are_enough_columns_to_measure_by():
    assert len(LABELLED) >= 60 and len({meaning for *_, meaning in LABELLED}) >= 50


@pytest.mark.parametrize("labelled", LABELLED, ids=[f"{name}: {meaning}" for name, _, meaning in LABELLED])
def test_a_columns_meaning_is_told(labelled):
    name, texts, meaning = labelled
    found = column(name, texts, times=1)
    assert found.semantic_type in (NOTHING if meaning is None else {meaning}), found.semantic_evidence
    if meaning is not None:
        assert found.semantic_confidence and 0 < found.semantic_confidence <= 1 and found.semantic_evidence


def test_what_tells_who_somebody_is_does_not_stand_in_a_description():
    found = column("contact", [f"p{number}@example.org" for number in range(30)], times=1)
    assert "@" not in found.description and found.description.startswith("E-mail addresses")
