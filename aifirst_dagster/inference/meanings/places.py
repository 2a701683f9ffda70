"""Where things are: countries, regions, cities, addresses, coordinates, time zones."""

from __future__ import annotations

import re

from aifirst_dagster.inference.meanings.kind import (
    DIGITS,
    NUMERIC,
    TEXT,
    WHOLE,
    Look,
    Meaning,
    fold,
    like,
    one_of,
    within,
)
from aifirst_dagster.inference.vocabularies import cities, countries, locales, regions
from aifirst_dagster.inference.vocabularies.words import spaced

_POSTAL = like(
    r"(?i)\d{5}(?:-\d{4})?|[ABCEGHJ-NPRSTVXY]\d[A-Z][ -]?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
    r"|\d{4} ?[A-Z]{2}|\d{5}-\d{3}"
    r"|(?:[A-Z]{1,2}-)?\d{3,6}|\d{3}[ -]\d{2}|\d{2}[ -]\d{3}|\d{3}-\d{4}|\d{4}-\d{3}"
    r"|[A-Z]{1,2}\d{1,4}(?:[ -]?[A-Z\d]{3,4})?|\d{7,8}",
)
_POSTAL_ALONE = like(
    r"\d{5}-\d{4}|[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d"
    r"|[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}"
    r"|[1-9]\d{3} [A-Z]{2}"
)
_STREET = like(
    r"(?i).*\b(?:street|st|avenue|ave|road|rd|boulevard|blvd|drive|dr|lane|ln|way|court|ct|place|pl|square|sq"
    r"|terrace|parkway"
    r"|pkwy|highway|hwy|circle|cir|trail|crescent|close|grove|row|walk|mews|plaza|po box|suite|apt|via|viale"
    r"|piazza|corso|rue"
    r"|chemin|quai|calle|avenida|avda|carrera|paseo|plaza|rua|travessa|ulica|ul|ulitsa|улица|ул|jalan|jl|box|unit"
    r"|estate|loop"
    r"|ridge|points?|forges?|springs?|village|isle|glen|burg|fields?|camp|mill|turnpike|bypass|expressway|pike"
    r"|route|alley"
    r"|allée|impasse|vicolo|strada|largo|praça|rotonda|urbanización|cuesta|ronda|glorieta|callejón|pasadizo|psc"
    r"|rampa)\b.*"
    r"|.*(?:straße|strasse|str\.|weg|allee|platz|gasse|ring|damm|ufer|straat|laan|plein|gatan|vägen|gata|vej|gade"
    r"|veien|katu|tie)"
    r"\b.*|.*(?:丁目|番|路|街|号).*"
)
_POINT = like(
    r"(?:POINT"
    r" ?)?[(\[]?\s*[+-]?\d{1,3}(?:\.\d+)?\s*°?\s*[NSns]?\s*[,;\s]\s*[+-]?\d{1,3}(?:\.\d+)?\s*°?\s*[EWew]?\s*[)\]]?"
    r"|\d{1,3}°\d{1,2}['′][\d.]*[\"″]?[NS][,\s]+\d{1,3}°\d{1,2}['′][\d.]*[\"″]?[EW]"
)
_ZONE = like(
    r"(?:Africa|America|Asia|Europe|Australia|Pacific|Atlantic|Indian|Antarctica|Arctic|US|Canada|Etc)/[\w/+-]+|UTC|GMT"
    r"|(?:UTC|GMT) ?[+-]\d{1,2}(?::?\d{2})?"
)
_WORDY = spaced(
    "active inactive open closed new old pending done on off yes no true false ok none solid liquid gas up down"
)


_FOLDED = frozenset(map(fold, countries.COUNTRIES))


def _country(text: str) -> bool:
    return fold(text.casefold().removeprefix("the ")) in _FOLDED


def _any_country(text: str) -> bool:
    return _country(text) or locales.knows("territories", text)


#: There are no more countries than this, spelled in one language or two.
_NAMES = 400


def _some_known(look: Look) -> bool:
    """Several are countries beyond doubt: worth reading in what the others are called elsewhere."""
    if look.middle <= 3:
        return bool(look.few) and not look.few[0].isascii()
    if sum(map(_country, look.few)) >= min(2, len(look.few)):
        return True
    return len(look.texts) <= _NAMES and not "".join(look.few).isascii()


def _code(text: str) -> bool:
    return text.lower() in countries.COUNTRY_CODES


def _numeric_country(text: str) -> bool:
    from babel.core import get_global

    return text.zfill(3) in get_global("territory_aliases")


def _capital_codes(look: Look) -> bool:
    return look.middle in (2, 3) and all(text.isupper() for text in look.few)


def _region(text: str) -> bool:
    return fold(text.casefold()) in _REGIONS or text in regions.US_CODES or text in regions.CODES


_REGIONS = frozenset(map(fold, regions.REGIONS))
_CITIES = frozenset(map(fold, cities.CITIES))


def _city(text: str) -> bool:
    return fold(text.casefold().split(",")[0]) in _CITIES


def _proper(text: str) -> bool:
    """Looks like a name: no digits and signs, and a capital letter in front where the script has any."""
    plain = re.sub(r"^\w{1,4}\. ?", "", text)
    return not re.search(r"[\d@/:;=<>_!?]", plain) and plain[:1] == plain[:1].upper() and len(text) <= 60


def _proper_names(look: Look) -> bool:
    """Names that are no words for a state of affairs: a `state` may be `open`."""
    odd = sum(text.casefold() in _WORDY for text in look.few)
    return odd == 0 and look.middle >= 2


def _cities(look: Look) -> bool:
    return _proper_names(look) and look.middle >= 3


def _address(text: str) -> bool:
    return bool(re.search(r"\d", text)) and len(text.split()) >= 2 and bool(_STREET(text.replace("\n", ", ")))


def _long_enough(look: Look) -> bool:
    return 7 <= look.middle <= 120 and any(sign.isdigit() for text in look.few for sign in text)


def _written(look: Look) -> bool:
    """A coordinate has a fraction; whole numbers are rather counts."""
    return not look.texts or sum("." in text for text in look.few) * 2 >= len(look.few) or look.unit in ("°", "deg")


MEANINGS = (
    Meaning(
        "us_state", "US states", "one of the states, or its two letters",
        lambda text: text in regions.US_CODES, "us_state",
        chance=0.075, weight=0.9, given=_capital_codes, alone=0.97,
    ),
    Meaning("us_state", "US states", "names of the states", one_of(regions.US_STATES), "us_state",
            chance=0.01, weight=0.93),
    Meaning(
        "country", "Countries", "names of countries", _country,
        "country",
        alone=0.85, named=0.5, chance=0.001, weight=0.94,
    ),
    Meaning(
        "country", "Countries", "names of countries in 28 languages", _any_country,
        "country",
        alone=0.8, named=0.5, chance=0.001, weight=0.92, most=100, given=_some_known,
    ),
    Meaning(
        "country_code", "Countries", "two or three letters of ISO 3166-1", _code,
        "country_code",
        named=0.8, alone=0.97, chance=0.37, weight=0.92, given=_capital_codes,
    ),
    Meaning(
        "country_code", "Countries", "two or three letters of ISO 3166-1", _code,
        "country_code", alone=None, named=0.9, weight=0.85,
        given=lambda look: look.middle in (2, 3),
    ),
    Meaning(
        "country_number", "Countries", "three digits of ISO 3166-1", _numeric_country,
        "country_number", types=DIGITS,
        alone=None, named=0.9, weight=0.8, most=100, given=lambda look: look.middle in (2, 3),
    ),
    Meaning("continent", "Continents", "names of continents", one_of(regions.CONTINENTS),
            "continent", chance=0.001, named=0.8, weight=0.93),
    Meaning(
        "region", "Regions", "names or codes of states and provinces", _region,
        "region?",
        alone=0.8, named=0.3, chance=0.02, weight=0.85, given=_proper_names,
    ),
    Meaning(
        "region", "Regions", "names with capital letters", _proper,
        "region",
        alone=None, named=0.9, weight=0.4, given=_proper_names,
    ),
    Meaning(
        "city", "Cities and towns", "names of large cities", _city,
        "city?",
        alone=0.5, named=0.2, chance=0.01, weight=0.88, open=True, given=_cities,
    ),
    Meaning(
        "city", "Cities and towns", "names with capital letters", _proper,
        "city",
        alone=None, named=0.85, weight=0.45, open=True, given=_cities,
    ),
    Meaning(
        "address", "Addresses", "a house number and a word for a street", _address,
        "address?",
        alone=0.6, named=0.3, chance=0.02, weight=0.93, personal=True, open=True, given=_long_enough,
    ),
    Meaning(
        "address", "Addresses", "letters, and more than one word", like(r"(?=.*[^\W\d_])(?=.*[\s\d])(?s:.{5,250})"
                                                                        r"|(?=.*[^\x00-\x7f]).{3,80}"),
        "address",
        alone=None, named=0.8, weight=0.5, personal=True, open=True,
    ),
    Meaning(
        "postal_code", "Postal codes", "digits and letters as a country's post writes them", _POSTAL,
        "postal_code",
        types=DIGITS | NUMERIC, alone=None, named=0.7, weight=0.7, open=True, given=lambda look: look.middle >= 3,
    ),
    Meaning(
        "postal_code", "Postal codes", "the post's forms of the US (nine digits), Canada, Britain, the Netherlands",
        _POSTAL_ALONE, chance=0.05, weight=0.85, open=True, given=lambda look: 6 <= look.middle <= 10,
    ),
    Meaning(
        "latitude", "Latitudes", "-90 to 90", within(-90, 90),
        "latitude",
        types=NUMERIC, alone=None, named=0.99, weight=0.8, given=_written,
    ),
    Meaning(
        "longitude", "Longitudes", "-180 to 180", within(-180, 180),
        "longitude",
        types=NUMERIC, alone=None, named=0.99, weight=0.8, given=_written,
    ),
    Meaning(
        "coordinates", "Places as latitude and longitude", "two numbers, the first of them 90 at most", _POINT,
        "coordinates",
        types=frozenset({"string", "geopoint", "array"}), alone=0.95, weight=0.85, chance=0.2,
    ),
    Meaning(
        "timezone", "Time zones", "an area and a place of the time zone database, or an offset from UTC", _ZONE,
        "timezone", chance=0.001, weight=0.96,
    ),
    Meaning(
        "timezone", "Time zones", "letters of a zone, or an offset from UTC", like(r"[A-Z]{3,5}|[+-]\d{2}:?\d{2}"),
        "timezone", alone=None, named=0.8, weight=0.7,
    ),
    Meaning("airport_code", "Airports", "three or four letters", like(r"[A-Z]{3,4}"),
            "airport_code",
            alone=None, named=0.95, weight=0.6),
    Meaning(
        "fips_code", "US county and state numbers", "two or five digits", like(r"\d{1,2}|\d{4,5}"),
        "fips_code", types=TEXT | WHOLE, alone=None, named=0.9, weight=0.6,
    ),
)  # fmt: skip
