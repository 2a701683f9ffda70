"""Check digits, as their standards define them: cheap enough to be tried on every column of digits."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

from aifirst_dagster.inference.meanings.kind import like


def gtin(text: str) -> bool:
    """GS1's EAN-8, UPC-12, EAN-13, GTIN-14: the weighted sum of the digits is a multiple of ten."""
    if len(text) not in (8, 12, 13, 14) or not text.isdigit() or not text.isascii():
        return False
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(text))) % 10 == 0


def luhn(digits: str) -> bool:
    """ISO/IEC 7812: every second digit doubled, the cross sums are a multiple of ten."""
    return sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(reversed(digits))) % 10 == 0


_CARD = like(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}|3[47]\d{13}|3(?:0[0-5]"
    r"|[68]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}|(?:5[06-8]|6\d)\d{10,17}|1800\d{11}"
    r"|2131\d{11}"
)


def card(text: str) -> bool:
    """Payment cards: an issuer's prefix and length, and a Luhn check digit."""
    digits = text.replace(" ", "").replace("-", "")
    return 12 <= len(digits) <= 19 and digits.isdigit() and bool(_CARD(digits)) and luhn(digits)


def imei(text: str) -> bool:
    """3GPP TS 23.003: 15 digits with a Luhn check digit."""
    digits = re.sub(r"[ -]", "", text)
    return len(digits) == 15 and digits.isdigit() and luhn(digits)


def iban(text: str) -> bool:
    """ISO 13616: letters as numbers, the first four characters last, is 1 modulo 97."""
    plain = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def lei(text: str) -> bool:
    """ISO 17442: twenty characters, 1 modulo 97."""
    return bool(re.fullmatch(r"[A-Z0-9]{18}\d{2}", text)) and int("".join(str(int(c, 36)) for c in text)) % 97 == 1


def isbn(text: str) -> bool:
    """ISO 2108: ISBN-10 (weights 10 to 1, modulo 11) or ISBN-13 (978, 979)."""
    plain = text.replace("-", "").replace(" ", "").upper()
    if len(plain) == 13:
        return plain.startswith(("978", "979")) and gtin(plain)
    return bool(re.fullmatch(r"\d{9}[\dX]", plain)) and _weighted(plain) % 11 == 0


def issn(text: str) -> bool:
    """ISO 3297: eight characters, weights 8 to 1, modulo 11."""
    plain = text.replace("-", "").upper()
    return bool(re.fullmatch(r"\d{7}[\dX]", plain)) and _weighted(plain) % 11 == 0


def _weighted(plain: str) -> int:
    return sum((10 if sign == "X" else int(sign)) * (len(plain) - at) for at, sign in enumerate(plain))


def orcid(text: str) -> bool:
    """ISO 27729 (ISNI): sixteen characters, modulo 11-2."""
    plain = re.sub(r"^https?://orcid\.org/|-", "", text)
    if not re.fullmatch(r"\d{15}[\dX]", plain):
        return False
    total = 0
    for digit in plain[:-1]:
        total = (total + int(digit)) * 2
    return (12 - total % 11) % 11 == (10 if plain[-1] == "X" else int(plain[-1]))


_VIN_VALUE = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", [*range(10), 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9,
                                                            2, 3, 4, 5, 6, 7, 8, 9], strict=True))  # fmt: skip
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(text: str) -> bool:
    """49 CFR 565: seventeen characters without I, O and Q; the ninth checks the others modulo 11."""
    if len(text) != 17 or any(sign not in _VIN_VALUE for sign in text):
        return False
    rest = sum(_VIN_VALUE[sign] * weight for sign, weight in zip(text, _VIN_WEIGHTS, strict=True)) % 11
    return text[8] == ("X" if rest == 10 else str(rest))


def isin(text: str) -> bool:
    """ISO 6166: two letters, nine characters, and a Luhn digit over the letters as numbers."""
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}\d", text):
        return False
    return luhn("".join(str(int(sign, 36)) for sign in text))


def ipv4(text: str) -> bool:
    """Four numbers below 256."""
    parts = text.split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)


def ipv6(text: str) -> bool:
    """RFC 4291, as Python's own reader takes it."""
    if text.count(":") < 2:
        return False
    from ipaddress import AddressValueError, IPv6Address

    try:
        IPv6Address(text)
    except (AddressValueError, ValueError):
        return False
    return True


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


def stdnum(name: str, text: str) -> bool:
    """Whether the module `name` of python-stdnum takes `text` for valid."""
    return bool(_module(name).is_valid(text))
