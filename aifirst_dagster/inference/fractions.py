"""Fractions of one character: `½`, `1½`, `2 ¾ cups`; as decimals, in Python and in SQL."""

from __future__ import annotations

import re
from unicodedata import numeric

from aifirst_dagster.datasets.session import literal

SIGNS = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_FRACTION = re.compile(rf"(?P<whole>\d{{0,9}})[ \u00a0\u2009]?(?P<sign>[{SIGNS}])")


def held(text: str) -> bool:
    """Whether a text has such a fraction."""
    return not text.isascii() and _FRACTION.search(text) is not None


def plain(text: str) -> str:
    """The text with its fraction as decimals: `1½` -> `1.500000`. Six of them are no group of thousands."""
    if text.isascii():
        return text
    return _FRACTION.sub(lambda found: f"{int(found['whole'] or 0) + numeric(found['sign']):.6f}", text, count=1)


def plain_sql(text: str) -> str:
    """SQL: as `plain`; what comes before and behind the number stays."""
    pattern = rf"(\d{{0,9}})[ \x{{00A0}}\x{{2009}}]?([{SIGNS}])"
    whole = f"coalesce(TRY_CAST(regexp_extract({text}, {literal(pattern)}, 1) AS BIGINT), 0)"
    sign = f"regexp_extract({text}, {literal(pattern)}, 2)"
    cases = " ".join(f"WHEN {literal(each)} THEN {numeric(each)!r}" for each in SIGNS)
    number = f"printf('%.6f', {whole} + CASE {sign} {cases} ELSE 0 END)"
    before = f"regexp_extract({text}, {literal(rf'^([^0-9{SIGNS}]*)')}, 1)"
    behind = f"regexp_replace({text}, {literal(rf'^[^0-9{SIGNS}]*' + pattern)}, '')"
    written = f"regexp_matches({text}, {literal(f'[{SIGNS}]')})"
    return f"CASE WHEN {written} THEN {before} || {number} || {behind} ELSE {text} END"
