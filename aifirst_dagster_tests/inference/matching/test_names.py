"""Names of columns are compared as people write them: spellings, abbreviations, acronyms, synonyms, languages."""

from __future__ import annotations

import pytest

from aifirst_dagster.inference.matching.names import Names, alike, similarity, words

SAME = [
    ("custNo", "customer_number"), ("First Name", "firstname"), ("qty", "quantity"), ("zip_code", "PostalCode"),
    ("DOB", "date_of_birth"), ("Vorname", "first_name"), ("order-date", "OrderDate"), ("e-mail", "email"),
    ("pathological_stage", "PathologicStage"), ("lost_to_follow_up", "lost_to_followup"), ("Straße", "street"),
]  # fmt: skip
DIFFERENT = [("price", "country"), ("id", "paid"), ("stage", "state"), ("city", "quantity"), ("1", "2"), ("", "name")]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_spellings_of_one_name_are_alike(left: str, right: str) -> None:
    assert similarity(left, right) >= 0.75 and similarity(right, left) >= 0.75


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_names_are_not(left: str, right: str) -> None:
    assert similarity(left, right) < 0.5


def test_words_are_told_apart_by_case_signs_and_accents() -> None:
    assert words("shippedDate2") == ("shipped", "date2")
    assert words("HTTPServer.Größe") == ("http", "server", "grosse")
    assert words("") == () and words("---") == ()


def test_an_abbreviation_is_less_sure_than_a_synonym_and_that_than_the_word() -> None:
    assert 1 == alike("amount", "amount") > alike("sex", "gender") > alike("dpt", "depot") > alike("a", "b") == 0


def test_a_rare_word_says_more_than_one_that_many_names_have() -> None:
    targets = ["tumor_grade", "tumor_size", "tumor_site", "tumor_type", "necrosis_present"]
    row = Names(["tumor_necrosis"], targets).row(0)
    assert row.argmax() == 4


def test_an_acronym_stands_for_neighbouring_words() -> None:
    row = Names(["mpv"], ["mean_platelet_volume", "map_version", "volume"]).row(0)
    assert row.argmax() == 0 and row[0] > 0.5


def test_names_without_a_letter_and_empty_sides_are_compared() -> None:
    assert Names(["", "a"], ["", "---"]).row(0).tolist() == [0.0, 0.0]
    assert Names(["a"], []).row(0).tolist() == []
