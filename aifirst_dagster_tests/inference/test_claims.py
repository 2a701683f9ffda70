"""Someone else's word on a column's meaning: tested by the values, refuted by them, or left open."""

import pytest

from aifirst_dagster.inference.meanings import claims

IBANS = ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606"]


def test_values_that_pass_a_telling_test_bear_a_claim_out():
    tried = claims.test("iban", IBANS, ["string"])
    assert tried and tried.holds is True and tried.evidence.startswith("3 of 3 different values pass")


def test_values_that_fail_the_test_refute_a_claim():
    tried = claims.test("iban", ["DE00370400440532013000", "GB00NWBK60161331926819"], ["string"])
    assert tried and tried.holds is False and len(tried.failing) == 2


def test_a_look_that_other_things_have_too_leaves_a_claim_open():
    tried = claims.test("last_name", ["Meyer", "Diaz", "Li"], ["string"])
    assert tried and tried.holds is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("zip_code", "postal_code"),
        ("email_address", "email"),
        ("PLZ", "postal_code"),
        ("iban", "iban"),
        ("zweck", None),
    ],
)
def test_a_word_for_a_meaning_is_understood(said, meant):
    assert claims.canonical(said) == meant


def test_text_is_never_money():
    tried = claims.test("money", ["a lot"], ["string"])
    assert tried and tried.holds is False
