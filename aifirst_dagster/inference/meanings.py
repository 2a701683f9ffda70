"""The semantic types: how the values of each look, what its columns are called, and which types it can have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from aifirst_dagster.inference import units, vocabularies

_NUMERIC = frozenset({"integer", "number"})
_TEXT = frozenset({"string"})


@dataclass(frozen=True)
class Meaning:
    """A semantic type. Values or the name have to say so; where both patterns are given and `both`, both have to.

    Attributes:
        name: As it stands in `Column.semantic_type`.
        looks: Whether one value looks so (trimmed); None where values tell nothing.
        named: What the column's name looks like, split into lower-case words.
        types: The column types it can have.
        both: Values alone are not enough.
    """

    name: str
    looks: Callable[[str], object] | None = None
    named: re.Pattern[str] | None = None
    types: frozenset[str] = _TEXT
    both: bool = False


def _like(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern).fullmatch


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|.* )(?:{pattern})(?: .*|$)")


def _one_of(values: frozenset[str]) -> Callable[[str], object]:
    return lambda text: text.lower() in values


def _within(low: float, high: float) -> Callable[[str], object]:
    def inside(text: str) -> bool:
        try:
            return low <= float(text) <= high
        except ValueError:
            return False

    return inside


def _check_digit(text: str) -> bool:
    """EAN-8, UPC-12, EAN-13 (ISBN-13 too): the weighted sum of the digits is a multiple of ten."""
    if len(text) not in (8, 12, 13) or not text.isdigit():
        return False
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(text))) % 10 == 0


def _luhn(text: str) -> bool:
    """Payment card numbers: 13 to 19 digits with a Luhn check digit (ISO/IEC 7812)."""
    digits = re.sub(r"[ -]", "", text)
    if not 13 <= len(digits) <= 19 or not digits.isdigit():
        return False
    return sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(reversed(digits))) % 10 == 0


def _iban(text: str) -> bool:
    """ISO 13616: letters as numbers, the first four characters last, is 1 modulo 97."""
    plain = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def _ipv4(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)


def _phone(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return 7 <= digits <= 15 and bool(re.fullmatch(r"\+?[\d\s().\-/]{7,24}(?:(?:x|ext\.?) ?\d{1,6})?", text))


_PHONE_SHAPE = re.compile(
    r"\+\d[\d ().-]{6,20}|\(\d{2,5}\) ?[\d .-]{5,14}|\d{3}[-. ]\d{3}[-. ]\d{4}(?: ?x\d+)?|0\d{2,4}[ /-]\d[\d -]{4,12}"
)

#: In this order: the first that fits is taken.
MEANINGS = (
    Meaning("email", _like(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,24}"), _words("e ?mails?|e mail address")),
    Meaning("url", _like(r"(?i)(?:https?|ftp)://\S+|www\.\S+\.\S+"), _words("urls?|links?|websites?|homepage|uri")),
    Meaning("uuid", _like(r"(?i)\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?")),
    Meaning("ip_address", lambda text: _ipv4(text) or re.fullmatch(r"(?i)(?=.*:.*:)[0-9a-f:]{3,39}", text)),
    Meaning("mac_address", _like(r"(?i)[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}")),
    Meaning("iban", _iban, _words("iban")),
    Meaning(
        "credit_card",
        _luhn,
        _words("(?:credit |payment )?card(?: (?:no|nr|number))?|cc number"),
        _TEXT | _NUMERIC,
        True,
    ),
    Meaning(
        "isbn",
        _like(r"97[89][- ]?(?:\d[- ]?){9}\d|(?:\d[- ]?){9}[\dXx]"),
        _words("isbn(?: ?1[03])?"),
        _TEXT | _NUMERIC,
        True,
    ),
    Meaning("ean", _check_digit, _words("ean|gtin|upc|barcode"), _TEXT | _NUMERIC, True),
    Meaning("ssn", _like(r"\d{3}-\d{2}-\d{4}"), _words("ssn|social security(?: number)?")),
    Meaning("hash", _like(r"(?i)(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})")),
    Meaning("color", _like(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})"), _words("colou?r|hex")),
    Meaning("mime_type", _like(r"(?:application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+")),
    Meaning(
        "file_path",
        _like(r"(?:[A-Za-z]:\\|\\\\|/|\./|~/)[^\n]*[\\/][^\n]*|[\w-]+(?:/[\w.-]+)+\.\w{1,5}"),
        _words("path|file|filename|directory|folder"),
    ),
    Meaning("version", _like(r"v?\d+\.\d+(?:\.\d+){1,2}(?:[-+.]?\w+)*"), _words("versions?|release"), both=True),
    Meaning("latitude", _within(-90, 90), _words("lat|latitude|breitengrad"), _NUMERIC, True),
    Meaning("longitude", _within(-180, 180), _words("lon|lng|long|longitude|laengengrad"), _NUMERIC, True),
    Meaning(
        "phone",
        _phone,
        _words("(?:tele)?phones?(?: (?:no|number))?|tel|fax|mobile|cell|handy|telefon"),
        _TEXT | _NUMERIC,
        True,
    ),
    Meaning("phone", _PHONE_SHAPE.fullmatch),
    Meaning(
        "postal_code",
        _like(r"(?i)[\dA-Z]{2,5}[ -]?[\dA-Z]{0,5}"),
        _words("zips?|zip ?codes?|post(?:al)? ?codes?|plz|cep|postcode"),
        _TEXT | _NUMERIC,
        True,
    ),
    Meaning(
        "currency_code",
        lambda text: text in units.CURRENCY_CODES,
        _words("currency|curr|ccy|waehrung|devise"),
        both=False,
    ),
    Meaning(
        "country_code",
        _one_of(vocabularies.COUNTRY_CODES),
        _words("countries|country|nation|nationality|land|iso ?[23]?|country code|cc|pais|pays"),
        both=True,
    ),
    Meaning("country", _one_of(vocabularies.COUNTRIES)),
    Meaning("country", _like(r"[^\d@]{3,60}"), _words("country(?: name)?|nation|pais|pays|countries"), both=True),
    Meaning("us_state", _one_of(vocabularies.US_STATES)),
    Meaning("us_state", _like(r"[A-Z]{2}"), _words("states?"), both=True),
    Meaning("language", _one_of(vocabularies.LANGUAGES), _words("languages?|lang|locale|sprache"), both=True),
    Meaning("month_name", _one_of(vocabularies.MONTHS)),
    Meaning("weekday", _one_of(vocabularies.WEEKDAYS)),
    Meaning("gender", _one_of(vocabularies.GENDERS), _words("gender|sex|geschlecht|sexe|sexo"), both=True),
    Meaning(
        "first_name", _like(r"[^\d@]{1,40}"), _words("first ?name|given ?name|forename|vorname|prenom|fname"), both=True
    ),
    Meaning("last_name", _like(r"[^\d@]{1,40}"), _words("last ?name|family ?name|surname|nachname|lname"), both=True),
    Meaning(
        "company",
        _like(r".{2,120}"),
        _words(
            "company|companies|organi[sz]ation|employer|firm|firma|security|vendor|supplier|manufacturer|brand|brewery"
        ),
        both=True,
    ),
    Meaning("city", _like(r"[^\d@]{2,60}"), _words("city|cities|town|ort|stadt|ville|ciudad|municipality"), both=True),
    Meaning(
        "region",
        _like(r"[^@]{2,60}"),
        _words("state|province|region|county|district|subcountry|bundesland|prefecture"),
        both=True,
    ),
    Meaning(
        "address",
        _like(r"(?=.*[A-Za-z]).{5,200}"),
        _words("address(?: ?[123])?|street|strasse|adresse|direccion|addr"),
        both=True,
    ),
    Meaning(
        "address",
        _like(
            r"\d{1,6} [A-Za-z0-9 .'-]+ (?:St|Street|Ave|Avenue|Rd|Road|Blvd|Dr|Drive|Ln|Lane|Way|Ct|Court|Pl)"
            r"\.?(?:[ ,].*)?"
        ),
    ),
    Meaning(
        "person_name",
        _like(r"[^\d@]{3,80}"),
        _words(
            "(?:full|customer|contact|client|employee|person|patient|student|user|owner|author|manager) ?names?|"
            "customer|employee|author|passenger|director|artist"
        ),
        both=True,
    ),
    Meaning(
        "timezone",
        _like(r"(?:Africa|America|Asia|Europe|Australia|Pacific|Atlantic|Indian|Antarctica|Etc)/[\w/+-]+|UTC|GMT"),
    ),
    Meaning("percentage", _within(0, 100), _words("percent(?:age)?|pct|share|prozent"), _NUMERIC, True),
    Meaning(
        "money",
        None,
        _words(
            "prices?|amounts?|costs?|salar(?:y|ies)|revenues?|income|fees?|balance|totals?(?: price)?|payments?|budget|"
            "spend|turnover|profit|usd|eur|gbp|betrag|preis|umsatz|wage"
        ),
        _NUMERIC,
    ),
    Meaning("age", _within(0, 130), _words("age|alter"), _NUMERIC, True),
    Meaning("epoch_seconds", _within(1e8, 4e9), _words("time ?stamp|epoch|unix(?: time)?|ts"), _NUMERIC, True),
    Meaning("epoch_milliseconds", _within(1e11, 4e12), _words("time ?stamp|epoch|unix(?: time)?|ts"), _NUMERIC, True),
    Meaning(
        "free_text",
        _like(r"(?s).+"),
        _words("notes?|comments?|remarks?|descriptions?|message|text|body|summary|bemerkung|kommentar|beschreibung"),
        both=True,
    ),
    Meaning(
        "identifier",
        _like(r"[\w./-]{1,40}"),
        _words("id|ids|key|code|sku|ref|reference|no|nr|number|uid|guid|symbol|ticker|ein|cik"),
        _TEXT | frozenset({"integer"}),
        True,
    ),
    Meaning(
        "count",
        None,
        _words("count|num|quantity|qty|number of .*|n|anzahl|menge|population|visits|views|clicks"),
        frozenset({"integer"}),
    ),
)
