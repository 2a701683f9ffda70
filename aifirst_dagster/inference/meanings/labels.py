"""What tells rows apart or sorts them: identifiers, codes, categories, scales, companies, and plain words."""

from __future__ import annotations

import re
from itertools import pairwise

from aifirst_dagster.inference.meanings.kind import DIGITS, TEXT, WHOLE, Look, Meaning, like, one_of
from aifirst_dagster.inference.vocabularies import languages, locales, scales

_LEGAL = like(
    r"(?i).*\b(?:inc|llc|ltd|limited|corp|corporation|company|co|plc|llp|lp|gmbh|ag|kg|ohg|mbh|e\.?k|se|s\.?a\.?"
    r"|s\.?a\.?s|sarl"
    r"|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|oy|ab|aps|a/s|kgaa|pty|pte|group|holdings?|partners|associates|industries"
    r"|technologies"
    r"|systems|solutions|bank|enterprises|labs|ventures|motors|airlines|pharma|pharmaceuticals|gruppe|stiftung|verein"
    r"|sp\. z o\.? ?o|s\.?l|ltda|s\.?c\.?a?|e\.?v|foundation|brewing|brewery|university|bros|and sons|& sons)\b\.?\)?"
    r"|.*(?:株式会社|有限公司|有限会社|주식회사).*|(?:ООО|ОАО|ЗАО|ПАО|АО)\b.*"
)
_PARTNERS = like(r"[A-Z][\w'’-]+(?:, [A-Z][\w'’-]+)* and [A-Z][\w'’-]+")
_CODE = like(r"(?=.*[A-Z])(?=.*\d)[A-Z0-9][A-Z0-9._/-]{1,19}|[a-z]{1,4}[-_]?\d{2,12}")


def _company(text: str) -> bool:
    return bool(_LEGAL(text)) or bool(_PARTNERS(text))


def _key(look: Look) -> bool:
    """Whether the name's number is a name of things rather than how many there are of them."""
    first = look.words[:2]
    counted = len(look.words) > 1 and first[0] in ("number", "num")
    if counted or first in (["no", "of"], ["nr", "of"]):
        return False
    if set(look.words) & {"count", "total", "sum", "avg", "average", "mean", "rate"}:
        return False
    weak = look.words and look.words[-1] in {"number", "no", "nr", "num", "key", "code", "ref", "index"}
    if weak and look.type == "integer" and look.distinct and look.cells:
        # Few small numbers under such a name are a scale or a count.
        return look.distinct > 12 or max(look.numbers, default=0) > 1000
    return True


def _keys_of_text(look: Look) -> bool:
    """Labels with digits, or nearly each one once: a few words under such a name are a category."""
    if look.type != "string":
        return _key(look)
    digits = sum(any(map(str.isdigit, text)) for text in look.few)
    return _key(look) and (digits * 2 >= len(look.few) or 2 * look.distinct >= look.cells)


def _counts_up(look: Look) -> bool:
    """Whole numbers that count the rows: each one more than the one before, none twice."""
    if not look.unique or look.cells < 5 or len(look.in_order) < 5:
        return False
    try:
        values = [int(text) for text in look.in_order]
    except ValueError:
        return False
    return values[0] in (0, 1) and all(after - before == 1 for before, after in pairwise(values))


def _distinct_codes(look: Look) -> bool:
    """Codes, nearly each of them once, of at most three lengths."""
    return (
        look.cells >= 10
        and look.distinct >= 0.98 * look.cells
        and len(set(look.lengths)) <= 3
        and 3 <= look.middle <= 24
    )


def _repeated_codes(look: Look) -> bool:
    return look.cells >= 10 and len(set(look.lengths)) <= 4 and 2 <= look.middle <= 12 and len(look.texts) >= 5


def _foreign(look: Look) -> bool:
    """Written in another script than the Latin one, where a word may be a sign or two."""
    return bool(look.few) and sum(text.isascii() for text in look.few) * 4 < len(look.few)


def _prose(look: Look) -> bool:
    spaces = sum(text.count(" ") >= 3 for text in look.texts)
    return look.middle > 30 and spaces > 0.7 * len(look.texts)


def _scale(look: Look) -> bool:
    return 2 <= len(look.texts) <= 15 and scales.of(look.texts) is not None


def _points(look: Look) -> bool:
    """A few whole numbers that follow each other: a rating from 1 to 5, a class from 1 to 3."""
    values = sorted({int(value) for value in look.numbers if value == int(value)})
    return (
        2 <= len(values) <= 11 and len(values) == look.distinct and values[0] in (0, 1) and values[-1] - values[0] <= 11
    )


def _zero_one(look: Look) -> bool:
    return sorted(look.texts) == ["0", "1"]


MEANINGS = (
    Meaning(
        "language", "Languages", "names of languages", one_of(languages.NAMES),
        "language",
        alone=0.85, named=0.6, chance=0.05, weight=0.9,
    ),
    Meaning(
        "language", "Languages", "names of languages in 28 languages", lambda text: locales.knows("languages", text),
        "language", alone=None, named=0.6, weight=0.85, most=60, given=lambda look: look.middle >= 4 or _foreign(look),
    ),
    Meaning(
        "language_code", "Languages", "codes of ISO 639", locales.is_language_code, "language_code", alone=None,
        named=0.9,
        weight=0.8, most=100, given=lambda look: 2 <= look.middle <= 7,
    ),
    Meaning(
        "language_code", "Languages", "two or three letters of ISO 639, perhaps with a country",
        lambda text: bool(re.fullmatch(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?", text)) and re.split("[-_]",
        text)[0] in languages.CODES,
        "language_code",
        alone=None, named=0.8, weight=0.85,
    ),
    Meaning(
        "language_code", "Languages", "a language and a country",
        lambda text: bool(re.fullmatch(r"[a-z]{2}[-_][A-Z]{2}", text))
        and text[:2] in languages.CODES, chance=0.1, weight=0.9,
    ),
    Meaning(
        "company", "Companies and organisations", "a legal form, or a word that companies carry", _company,
        "company?",
        alone=0.5, named=0.25, chance=0.01, weight=0.88, open=True, given=lambda look: 4 <= look.middle <= 80,
    ),
    Meaning(
        "company", "Companies and organisations", "words with letters", like(r"(?=.*[^\W\d_]).{2,120}"),
        "company",
        alone=None, named=0.85, weight=0.45, open=True, given=lambda look: look.middle >= 3,
    ),
    Meaning(
        "identifier", "Identifiers", "letters, digits and few signs, without blanks", like(r"[\w./:#|+-]{1,60}"),
        "identifier",
        types=DIGITS, alone=None, named=0.9, weight=0.5, given=_keys_of_text,
    ),
    Meaning(
        "identifier", "Identifiers", "whole numbers that count the rows", like(r"\d+"), types=WHOLE, alone=0.99,
        weight=0.7,
        given=_counts_up,
    ),
    Meaning(
        "identifier", "Identifiers", "codes of one form, each once", _CODE, alone=0.95, weight=0.65, open=True,
        given=_distinct_codes,
    ),
    Meaning("code", "Codes", "capital letters with digits, in few forms", _CODE, "code",
            alone=0.95, named=0.9, weight=0.55, given=_repeated_codes),
    Meaning("flag", "Yes or no", "one of two", like(r"(?s).*"), types=frozenset({"boolean"}), alone=0.0, weight=0.9),
    Meaning("flag", "Yes or no", "0 or 1", like(r"[01]"), types=WHOLE, alone=1.0, weight=0.75, chance=0.0,
    given=_zero_one),
    Meaning(
        "ordinal", "Steps of a scale", "words of one scale", like(r"(?s).*"), "ordinal",
        alone=1.0, chance=0.0, weight=0.85, given=_scale,
    ),
    Meaning(
        "ordinal", "Steps of a scale", "whole numbers that follow each other", like(r"\d+"),
        "ordinal",
        types=WHOLE, alone=None, named=1.0, weight=0.7, given=_points,
    ),
    Meaning(
        "rating", "Ratings", "0 to 10, or to 100", like(r"\d{1,2}(?:\.\d+)?|100"),
        "rating",
        types=frozenset({"number", "integer"}), alone=None, named=0.99, weight=0.6,
    ),
    Meaning(
        "free_text", "Free text", "more than one word", like(r"(?s).+"),
        "free_text",
        alone=None, named=0.9, weight=0.5, open=True,
        given=lambda look: look.middle > 12 and (look.some(" ") or _foreign(look)),
    ),
    Meaning("free_text", "Free text", "several words, some thirty characters or more", like(r"(?s).+"), alone=0.9,
    weight=0.75,
            open=True, given=_prose),
    Meaning("title", "Titles of works", "words with letters", like(r"(?=.*[^\W\d_]).{1,250}"),
            "title",
            alone=None, named=0.9, weight=0.4, open=True, given=lambda look: look.middle >= 4 and len(look.texts) > 12),
    Meaning(
        "category", "Kinds", "a small set of words that repeat", like(r"(?s).*"), "category",
        alone=0.0, weight=0.5, given=lambda look: look.closed,
    ),
    Meaning(
        "category", "Kinds as numbers", "a small set of whole numbers that repeat", like(r"-?\d{1,4}"),
        "category",
        types=WHOLE, alone=None, named=0.99, weight=0.6,
        given=lambda look: 2 <= look.distinct <= 40 and look.cells >= 4 * look.distinct,
    ),
)  # fmt: skip

__all__ = ["MEANINGS", "TEXT"]
