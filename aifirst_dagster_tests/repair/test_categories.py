"""Spellings of the same category become one; different categories stay apart."""

import pytest

from aifirst_dagster.repair.categories import fingerprint, unify


def test_the_most_frequent_spelling_wins():
    counts = {"Canada": 30, "canada": 4, "CANADA": 2, "France": 20}
    assert unify(counts).mapping == {"canada": "Canada", "CANADA": "Canada"}


def test_accents_and_punctuation_are_spelling():
    counts = {"Montréal": 9, "Montreal": 3, "non-profit": 9, "Non profit": 2, "U.S.A.": 5, "USA": 9}
    assert unify(counts).mapping == {"Montreal": "Montréal", "Non profit": "non-profit", "U.S.A.": "USA"}


@pytest.mark.parametrize(
    ("one", "other"), [("1.5", "15"), ("C#", "C"), ("C++", "C"), ("+1", "-1"), ("A-1", "A1"), ("18-25", "1825")]
)
def test_signs_that_mean_something_keep_texts_apart(one, other):
    assert fingerprint(one) != fingerprint(other)
    assert unify({one: 50, other: 2}).mapping == {}


def test_two_frequent_texts_are_never_merged_for_being_similar():
    assert unify({"Walton": 40, "Dalton": 30, "columbia": 25, "columbus": 400}).mapping == {}


def test_a_rare_slip_in_a_closed_set_is_mended():
    assert unify({"birmingham": 200, "birminghxm": 1, "sheffield": 100, "montgomery": 150}).mapping == {
        "birminghxm": "birmingham"
    }


def test_resemblance_means_little_where_rare_texts_abound():
    rare = {f"{name}ville": 1 for name in ("Harris", "Larris", "Parris", "Gordon", "Nash", "Knox", "Rosa", "Emery")}
    assert unify({"Farrisville": 300, "Baxterton": 200, **rare}).mapping == {}


def test_slips_never_touch_digits():
    assert unify({"model 2024": 300, "model 2025": 1, "model 2023": 200}).mapping == {}


def test_columns_of_many_texts_are_no_categories():
    assert unify({f"Name {n}": 1 for n in range(500)} | {"name 1": 1}).mapping == {}
