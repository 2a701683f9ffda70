"""What is said of people: names, telephones, age, gender, when they were born."""

from __future__ import annotations

import re

from aifirst_dagster.inference.meanings.kind import (
    DATED,
    DIGITS,
    NUMERIC,
    TEXT,
    Look,
    Meaning,
    like,
    one_of,
    within,
)
from aifirst_dagster.inference.vocabularies import people

_WORD = like(r"[^\W\d_](?:[^\W\d_]|['’.-])*")
_PHONE = like(r"(?:\+|00)?[\d\s().\-/·]{6,24}\d(?:\s?(?:x|ext\.?|#) ?\d{1,6})?|\+?\d{7,15}")
_NATIONAL = like(
    r"(?:1[-. ])?\([2-9]\d{2}\) ?\d{3}[-. ]\d{4}(?: ?(?:x|ext\.? ?)\d+)?|(?:1[-. ]"
    r"|001-)?[2-9]\d{2}([-. ])\d{3}\1\d{4}(?: ?x\d+)?"
    r"|\(0\d{1,5}\) ?[\d -]{4,12}|0\d{1,4}[ /-]\d[\d -]{4,12}|0\d(?:[ .]\d{2}){4}"
)


def _phone(text: str) -> bool:
    return 7 <= sum(map(str.isdigit, text)) <= 20 and bool(_PHONE(text))


def _international(text: str) -> bool:
    """A number with its country, of a length that the country gives; or written as in a few countries only."""
    if not text.startswith(("+", "00")):
        return bool(_NATIONAL(text)) and not re.fullmatch(r"\d{1,4}[-/ ]\d{1,2}[-/ ]\d{1,4}", text)
    if not _phone(text) or not re.search(r"\d{5}", re.sub(r"\D", "", text)):
        return False
    import phonenumbers

    try:
        number = phonenumbers.parse("+" + re.sub(r"^(?:\+|00)|\(0\)", "", re.split(r"(?i)x|ext|#", text)[0]))
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_possible_number(number))


def _person(text: str) -> bool:
    """A first name that is common, with a last name; or `last, first`."""
    last, comma, first = text.partition(",")
    parts = _parts(f"{first} {last}" if comma else text)
    return 2 <= len(parts) <= 5 and parts[0].casefold() in people.FIRST_NAMES and all(map(_name_like, parts[1:]))


def _parts(text: str) -> list[str]:
    parts = text.split()
    while parts and parts[0].casefold() in people.TITLES:
        parts = parts[1:]
    return parts


def _name_like(word: str) -> bool:
    return word.casefold() in people.PARTICLES or (word[:1].isupper() and bool(_WORD(word)))


def _several_words(text: str) -> bool:
    return not re.search(r"[\d@/:;=<>]", text) and 2 <= len(text.replace(",", " ").split()) <= 6


def _one_name(text: str) -> bool:
    return len(text) <= 40 and not re.search(r"[\d@/:;=<>!?]", text) and len(text.split()) <= 3


def _not_codes(look: Look) -> bool:
    """Names are longer than a code's two letters, and start large where their script has cases."""
    if look.closed and look.distinct < 6:
        return False
    if look.few and not "".join(look.few).isascii():
        return True
    return look.middle >= 3 and sum(text[:1].islower() for text in look.few) * 2 <= len(look.few)


def _full_names(look: Look) -> bool:
    """Nearly all are a few words, each of which may be a part of a name."""
    shaped = sum(2 <= len(parts) <= 5 and all(map(_name_like, parts)) for parts in map(_words, look.few))
    return shaped >= 0.8 * len(look.few) > 0


def _words(text: str) -> list[str]:
    return _parts(text.replace(",", " "))


def _varied(look: Look) -> bool:
    return _not_codes(look) and len(look.texts) >= 8


MEANINGS = (
    Meaning(
        "phone", "Telephone numbers", "digits, blanks and signs of a telephone number", _phone,
        "phone",
        types=DIGITS | NUMERIC, alone=None, weight=0.8, personal=True, open=True,
    ),
    Meaning(
        "phone", "Telephone numbers", "a country's prefix and length, or the form of a national number", _international,
        chance=0.02, weight=0.85, most=40, personal=True, open=True, alone=0.6,
        given=lambda look: 7 <= look.middle <= 26,
    ),
    Meaning(
        "gender", "Genders", "a word or letter for a gender", one_of(people.GENDERS),
        "gender", alone=None, named=0.5, weight=0.9,
    ),
    Meaning("gender", "Genders", "a word for a gender", one_of(people.CLEAR_GENDERS), weight=0.9, chance=0.001),
    Meaning(
        "first_name", "First names", "short words without digits", _one_name,
        "first_name",
        alone=None, named=0.9, weight=0.5, personal=True, open=True, given=_not_codes,
    ),
    Meaning(
        "first_name", "First names", "names that are common", one_of(people.FIRST_NAMES),
        "first_name?", alone=0.6, named=0.4, chance=0.1, weight=0.8, personal=True, open=True,
        given=_varied,
    ),
    Meaning(
        "last_name", "Last names", "short words without digits", _one_name,
        "last_name",
        alone=None, named=0.9, weight=0.5, personal=True, open=True, given=_not_codes,
    ),
    Meaning(
        "person_name", "Names of people", "words without digits", lambda text: _several_words(text) or _one_name(text),
        "person_name",
        alone=None, named=0.85, weight=0.45, personal=True, open=True, given=_not_codes,
    ),
    Meaning(
        "person_name", "Names of people", "a first name that is common, and a last name", _person,
        "person_name?", alone=0.3, named=0.15, chance=0.02,
        weight=0.9, personal=True, open=True, given=_full_names,
    ),
    Meaning(
        "honorific", "Forms of address", "Mr, Ms, Dr and the like", one_of(people.TITLES),
        "honorific", chance=0.05,
    ),
    Meaning(
        "marital_status", "Marital statuses", "single, married, divorced, ...", one_of(people.MARITAL),
        "marital_status", chance=0.001,
    ),
    Meaning(
        "blood_type", "Blood types", "A, B, AB or O with the rhesus factor",
        like(r"(?:A|B|AB|O|0)(?: ?(?:\+|-|−|pos|neg|positive|negative|Rh[+-]))"),
        "blood_type", chance=0.01,
    ),
    Meaning(
        "job_title", "Job titles", "words with letters", like(r"(?=.*[^\W\d_]).{2,120}"),
        "job_title", alone=None, named=0.85, weight=0.4, open=True, given=lambda look: look.middle >= 3,
    ),
    Meaning(
        "age", "Ages in years", "0 to 130", within(0, 130),
        "age",
        types=NUMERIC, alone=None, named=0.9, weight=0.6,
        given=lambda look: "page" not in look.words and look.words[-1:] != ["group"],
    ),
    Meaning(
        "date_of_birth", "Dates of birth", "",
        called="date_of_birth",
        types=DATED, personal=True,
    ),
    Meaning(
        "nationality", "Nationalities", "words for the people of a country", lambda text: _demonym(text),
        "nationality",
        TEXT, alone=0.8, named=0.5, chance=0.01, weight=0.8,
    ),
)  # fmt: skip


def _demonym(text: str) -> bool:
    from aifirst_dagster.inference.vocabularies import languages

    return text.casefold() in languages.DEMONYMS
