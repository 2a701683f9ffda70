"""Numbers that states give to people and companies, tested by python-stdnum's rules for each country."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from aifirst_dagster.inference.meanings import checks
from aifirst_dagster.inference.meanings.kind import DIGITS, Look, Meaning, like


@dataclass(frozen=True)
class _Scheme:
    """One country's numbers: python-stdnum's module, their form, and whether the form alone tells them."""

    module: str
    form: str
    telling: bool = False


_PEOPLE = (
    _Scheme("br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}", True),
    _Scheme("br.cpf", r"\d{11}"),
    _Scheme("es.nif", r"(?:\d{8}|[XYZ]\d{7})-?[A-Z]", True),
    _Scheme("it.codicefiscale", r"(?i)[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", True),
    _Scheme("fr.nir", r"[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}", True),
    _Scheme("mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", True),
    _Scheme("mx.rfc", r"[A-ZÑ&]{4}\d{6}[A-Z0-9]{3}"),
    _Scheme("in_.pan", r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]", True),
    _Scheme("in_.aadhaar", r"\d{4}[ -]?\d{4}[ -]?\d{4}"),
    _Scheme("ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}", True),
    _Scheme("be.nn", r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}[.-]?\d{2}"),
    _Scheme("cl.rut", r"\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]", True),
    _Scheme("fi.hetu", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", True),
    _Scheme("se.personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}", True),
    _Scheme("se.personnummer", r"(?:\d{2})?\d{10}"),
    _Scheme("dk.cpr", r"\d{6}-?\d{4}"),
    _Scheme("no.fodselsnummer", r"\d{6} ?\d{5}"),
    _Scheme("nl.bsn", r"\d{9}"),
    _Scheme("pl.pesel", r"\d{11}"),
    _Scheme("gb.nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}"),
    _Scheme("de.idnr", r"\d{11}"),
    _Scheme("ca.sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}"),
    _Scheme("cn.ric", r"\d{17}[\dX]", True),
    _Scheme("za.idnr", r"\d{13}"),
    _Scheme("tr.tckimlik", r"\d{11}"),
    _Scheme("cz.rc", r"\d{6}/\d{3,4}", True),
    _Scheme("kr.rrn", r"\d{6}-?\d{7}"),
    _Scheme("au.tfn", r"\d{3} ?\d{3} ?\d{3}"),
    _Scheme("il.idnr", r"\d{8,9}"),
    _Scheme("hr.oib", r"\d{11}"),
    _Scheme("ro.cnp", r"\d{13}"),
    _Scheme("bg.egn", r"\d{10}"),
    _Scheme("ee.ik", r"\d{11}"),
    _Scheme("lt.asmens", r"\d{11}"),
    _Scheme("pt.nif", r"\d{9}"),
)
_COMPANIES = (
    _Scheme("br.cnpj", r"\d{2}\.?\d{3}\.?\d{3}/\d{4}-\d{2}", True),
    _Scheme("br.cnpj", r"\d{14}"),
    _Scheme("us.ein", r"\d{2}-\d{7}"),
    _Scheme("fr.siret", r"\d{3} ?\d{3} ?\d{3} ?\d{5}"),
    _Scheme("fr.siren", r"\d{3} ?\d{3} ?\d{3}"),
    _Scheme("es.cif", r"[A-HJNPQRSUVW]-?\d{7}-?[0-9A-J]", True),
    _Scheme("ar.cuit", r"(?:20|23|24|27|30|33|34)-\d{8}-\d", True),
    _Scheme("in_.gstin", r"\d{2}[A-Z]{5}\d{4}[A-Z]\dZ[\dA-Z]", True),
    _Scheme("au.abn", r"\d{2} ?\d{3} ?\d{3} ?\d{3}"),
    _Scheme("pl.nip", r"\d{3}-?\d{3}-?\d{2}-?\d{2}"),
    _Scheme("ru.inn", r"\d{10}|\d{12}"),
    _Scheme("ch.uid", r"CHE-?\d{3}\.?\d{3}\.?\d{3}", True),
    _Scheme("gb.utr", r"\d{10}"),
    _Scheme("de.stnr", r"\d{2,3}[/ ]\d{3}[/ ]\d{4,5}"),
    _Scheme("se.orgnr", r"\d{6}-\d{4}"),
    _Scheme("co.nit", r"\d{3}\.?\d{3}\.?\d{3}-\d"),
    _Scheme("pe.ruc", r"\d{11}"),
    _Scheme("it.iva", r"\d{11}"),
)


@cache
def _forms(schemes: tuple[_Scheme, ...], telling: bool) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(one.form), one.module) for one in schemes if one.telling or not telling]


def _valid(schemes: Iterable[_Scheme], telling: bool) -> Callable[[str], bool]:
    held = tuple(schemes)

    def valid(text: str) -> bool:
        return any(form.fullmatch(text) and checks.stdnum(module, text) for form, module in _forms(held, telling))

    return valid


def _short_codes(look: Look) -> bool:
    return 8 <= look.middle <= 21 and any(map(str.isdigit, "".join(look.few)))


MEANINGS = (
    Meaning(
        "ssn", "US social security numbers", "three, two and four digits, as they are given out",
        like(r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"),
        "ssn", weight=0.93, personal=True, open=True,
        given=lambda look: look.middle == 11 and look.some("-"),
    ),
    Meaning(
        "ssn", "US social security numbers", "nine digits", like(r"\d{9}|\d{3}[ -]\d{2}[ -]\d{4}"),
        "ssn", types=DIGITS, alone=None, weight=0.7, personal=True, open=True,
    ),
    Meaning(
        "national_id", "Numbers of citizens", "the form and check digits that a country gives", _valid(_PEOPLE, True),
        "national_id", chance=0.1, named=0.6, weight=0.9, most=100, personal=True, open=True, given=_short_codes,
    ),
    Meaning(
        "national_id", "Numbers of citizens", "the check digits of some country", _valid(_PEOPLE, False),
        "national_id", types=DIGITS, alone=None, named=0.6, weight=0.8, most=100, personal=True, open=True,
        given=_short_codes,
    ),
    Meaning(
        "tax_id", "Tax and company numbers", "the form and check digits that a country gives", _valid(_COMPANIES, True),
        "tax_id", chance=0.1, named=0.6, weight=0.9, most=100, open=True, given=_short_codes,
    ),
    Meaning(
        "tax_id", "Tax and company numbers", "the check digits of some country", _valid(_COMPANIES, False),
        "tax_id", types=DIGITS, alone=None, named=0.6, weight=0.8, most=100, open=True, given=_short_codes,
    ),
    Meaning(
        "passport_number", "Passport numbers", "six to nine letters and digits",
        like(r"[A-Z]{0,3}\d{5,9}|[A-Z0-9]{8,9}"),
        "passport_number", types=DIGITS, alone=None, weight=0.6,
        personal=True, open=True,
    ),
    Meaning(
        "license_plate", "Number plates", "letters and digits as on a plate",
        like(r"(?=.*\d)[^\W_][^\W_]*[\w ·.-]{2,14}"),
        "license_plate",
        alone=None, named=0.85, weight=0.6, personal=True, open=True,
    ),
)  # fmt: skip
