"""Columns of known meaning with a fixed seed: (name, texts, meaning); None: nothing may be said."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

from aifirst_dagster.inference.meanings import checks

Labelled = tuple[str, list[str], str | None]


def _digits(rng: random.Random, size: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(size))


def _checked(rng: random.Random, make: Callable[[], str], valid: Callable[[str], bool], many: int = 60) -> list[str]:
    """Texts from `make` that `valid` takes."""
    found: list[str] = []
    while len(found) < many:
        if valid(text := make()):
            found.append(text)
    return found


def columns(seed: int = 5) -> list[Labelled]:
    """The labelled columns."""
    rng = random.Random(seed)

    def many(make: Callable[[], str], size: int = 60) -> list[str]:
        return [make() for _ in range(size)]

    def of(text: str, size: int = 80) -> list[str]:
        words = text.split("|")
        return [rng.choice(words) for _ in range(size)]

    word = lambda low=4, high=9: "".join(rng.choice("abcdefghilmnorstu") for _ in range(rng.randint(low, high)))  # noqa: E731
    first = "Anna|Peter|Maria|Thomas|Julia|David|Laura|Michael|Sofia|Paul|Emma|Carlos"
    last = "Meyer|Diaz|Smith|Rossi|Novak|Silva|Berg|Moreau|Kowalski|Jensen"
    person = lambda: f"{rng.choice(first.split('|'))} {rng.choice(last.split('|'))}"  # noqa: E731
    gtin = lambda: "40" + _digits(rng, 11)  # noqa: E731
    return [
        ("kontakt", many(lambda: f"{word()}@{word()}.org"), "email"),
        ("seite", many(lambda: f"https://{word()}.com/{word()}"), "url"),
        ("x1", many(lambda: f"{word()}.{rng.choice(['de', 'com', 'org'])}"), "domain"),
        ("quelle", many(lambda: ".".join(str(rng.randint(1, 254)) for _ in range(4))), "ip_address"),
        ("x2", many(lambda: ":".join(f"{rng.randint(0, 255):02x}" for _ in range(6))), "mac_address"),
        ("x3", many(lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4))), "uuid"),
        ("x4", many(lambda: f"{rng.getrandbits(128):032x}"), "hash"),
        ("x5", many(lambda: f"#{rng.getrandbits(24):06x}"), "color"),
        ("x6", of("text/html|image/png|application/json|audio/mpeg"), "mime_type"),
        ("x7", many(lambda: f"/{word()}/{word()}/{word()}.csv"), "file_path"),
        ("release", many(lambda: f"{rng.randint(0, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 30)}"), "version"),
        ("konto", _checked(rng, lambda: f"DE{_digits(rng, 20)}", checks.iban, 20), "iban"),
        ("x8", _checked(rng, lambda: "4" + _digits(rng, 15), checks.card), "credit_card"),
        ("x9", _checked(rng, lambda: "978" + _digits(rng, 10), checks.isbn), "isbn"),
        ("x10", _checked(rng, gtin, checks.gtin), "ean"),
        ("articles", many(gtin), None),
        ("x11", _checked(rng, lambda: f"{_digits(rng, 4)}-{_digits(rng, 4)}", checks.issn), "issn"),
        ("x12", _checked(rng, lambda: "1HGCM826" + _digits(rng, 9), checks.vin, 20), "vin"),
        ("x13", many(lambda: f"10.{_digits(rng, 4)}/{word()}.{_digits(rng, 3)}"), "doi"),
        ("x14", _checked(rng, lambda: f"US{_digits(rng, 10)}", checks.isin), "isin"),
        ("ssn", many(lambda: f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"), "ssn"),
        ("Telefon", many(lambda: f"0{rng.randint(30, 89)} {_digits(rng, 7)}"), "phone"),
        ("x15", many(lambda: f"+49 30 {rng.randint(2, 9)}{_digits(rng, 6)}"), "phone"),
        ("readings", many(lambda: _digits(rng, 9)), None),
        ("Vorname", of(first), "first_name"),
        ("apellido", of(last), "last_name"),
        ("x16", many(person), "person_name"),
        ("firma", many(lambda: f"{word().title()} {rng.choice(['GmbH', 'Inc', 'Ltd', 'S.A.'])}"), "company"),
        ("x17", of("Germany|France|Peru|Japan|Kenya|Brazil|Canada|Norway"), "country"),
        ("land", of("Deutschland|Frankreich|Österreich|Ungarn|Schweden|Ägypten|Südafrika"), "country"),
        ("x18", of("DE|FR|PE|JP|KE|BR|CA|NO|IT|AT|US|GB"), "country_code"),
        ("answer", of("YES|NO"), None),
        ("pronoun", of("IT|AT|NO"), None),
        ("x19", of("California|Texas|New York|Ohio|Utah|Nevada"), "us_state"),
        ("state", of("CA|TX|NY|OH|UT|NV"), "us_state"),
        ("state", of("open|closed|pending"), "category"),
        ("bundesland", of("Bayern|Hessen|Sachsen|Berlin"), "region"),
        ("x20", of("Berlin|Paris|Lima|Tokyo|London|Madrid|Chicago|Oslo"), "city"),
        ("strasse", many(lambda: f"{word().title()}straße {rng.randint(1, 99)}"), "address"),
        ("x21", many(lambda: f"{rng.randint(1, 999)} {word().title()} Street"), "address"),
        ("plz", many(lambda: _digits(rng, 5)), "postal_code"),
        ("lat", many(lambda: f"{rng.uniform(-89, 89):.5f}"), "latitude"),
        ("lng", many(lambda: f"{rng.uniform(-179, 179):.5f}"), "longitude"),
        ("x22", of("Europe/Berlin|America/New_York|Asia/Tokyo"), "timezone"),
        ("währung", of("EUR|USD|CHF|GBP"), "currency_code"),
        ("sprache", of("Deutsch|English|Français|Español"), "language"),
        ("locale", of("de-DE|en-US|fr-FR"), "language_code"),
        ("x23", of("Monday|Tuesday|Friday|Sunday"), "weekday"),
        ("x24", of("May|June|July|August"), "month_name"),
        ("quarter", of("Q1|Q2|Q3|Q4"), "quarter"),
        ("geschlecht", of("m|w|d"), "gender"),
        ("alter", many(lambda: str(rng.randint(1, 99))), "age"),
        ("birth_date", many(lambda: f"19{rng.randint(30, 99)}-0{rng.randint(1, 9)}-15"), "date_of_birth"),
        ("blood", of("A+|B-|O+|AB-"), "blood_type"),
        ("Preis", many(lambda: f"{rng.uniform(1, 900):.2f}"), "money"),
        ("weight_kg", many(lambda: f"{rng.uniform(1, 90):.1f}"), "weight"),
        ("temp_max", many(lambda: f"{rng.uniform(-20, 40):.1f}"), "temperature"),
        ("duration (s)", many(lambda: f"{rng.uniform(1, 90):.1f}"), "duration"),
        ("unit", of("kg|g|lbs|oz"), "unit_of_measure"),
        ("num_rooms", many(lambda: str(rng.randint(1, 40))), "count"),
        ("Customer No", many(lambda: str(rng.randint(10000, 99999))), "identifier"),
        ("x25", [str(row) for row in range(1, 61)], "identifier"),
        ("year", many(lambda: str(rng.randint(1950, 2024))), "year"),
        ("x26", of("low|medium|high"), "ordinal"),
        ("active", of("yes|no"), "flag"),
        ("notes", many(lambda: " ".join(word() for _ in range(12))), "free_text"),
        ("colour_x", of("alpha|beta|gamma"), "category"),
        ("measure", many(lambda: f"{rng.uniform(0, 900):.4f}"), None),
    ]  # fmt: skip
