"""Texts that mean "no value", and when a column may be read so."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Without width or meaning: a cell that they stand in says what it says without them.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")

#: Never a value of anything, in any kind of column (compared in lower case, trimmed).
CERTAIN = frozenset({
    "n/a", "#n/a", "n.a.", "n.a", "null", "<null>", "(null)", "[null]", "nan", "<na>", "#null!", "#n/a n/a", "\\n",
    "nil", "#ref!", "#value!", "#div/0!", "#name?", "not available", "not applicable", "no data",
})  # fmt: skip

#: No value where the rest of the column is something else (numbers, dates, longer texts).
LIKELY = frozenset({
    "na", "none", "-", "--", "---", "–", "—", "?", "??", ".", "..", "...", "*", "x", "nd", "n.d.", "nr", "missing",
    "unknown", "unk", "undefined", "empty", "blank", "tbd", "tba", "not set", "unspecified", "inf", "-inf", "+inf",
    "infinity", "-infinity", ":", "not reported", "not known", "no value", "k.a.", "s/d", "nicht verfügbar",
    "unbekannt", "inconnu", "desconocido", "keine angabe", "(blank)", "(empty)", "(none)", "#", "nul", "void",
    "suppressed", "not stated", "not specified", "not recorded", "not provided", "not given", "not collected",
    "not asked", "not answered", "not entered", "none given", "no answer", "no response", "no information", "no entry",
    "not found", "not determined", "not measured", "not tested", "don't know", "do not know", "dont know", "dk", "nk",
    "n/k", "n/s", "n/r", "n/d", "n.k.", "n.v.", "tbc", "to be confirmed", "refused", "declined", "prefer not to say",
    "withheld", "redacted", "confidential", "not applic", "non disponible", "no disponible", "n.b.", "s.o.", "nvt",
    "null value", "<none>", "<null>", "<empty>", "(missing)", "(unknown)", "[unknown]", "[none]", "<unknown>", "**",
    "***", "****", "----", "-----", "....", "???", "????", "xx", "xxx", "error", "#error", "#err", "pending", 
    "\N{HORIZONTAL ELLIPSIS}", "ohne angabe", "non renseigné", "sin datos", "nicht bekannt", "onbekend", "brak",
    "brak danych", "b.d.", "ej tillgänglig", "inconnue", "sconosciuto", "desconhecido", "不明", "無", "なし", "未知",
})  # fmt: skip

#: Also in text columns, where they are the odd ones out.
_ODD_IN_TEXT = frozenset({
    "na", "-", "--", "---", "–", "—", "?", "??", "none", "missing", "undefined", "(blank)", "(none)", "(empty)",
    "tbd", "k.a.", "...", ".",
})  # fmt: skip


def is_token(text: str) -> bool:
    """Whether `text` may mean "no value" in a column of numbers, dates or other non-text."""
    plain = _plain(text)
    return plain in CERTAIN or plain in LIKELY


def in_text(counts: Mapping[str, int]) -> list[str]:
    """The texts of a string column that mean "no value", by its sampled values and their counts.

    A doubtful one ("NA", "-", "none") counts only as the odd one out: two-letter codes keep their "NA" (Namibia), a
    category column that is mostly "none" keeps it, single characters keep their "?".
    """
    tokens = [text for text in counts if _plain(text) in CERTAIN]
    odd = [text for text in counts if _plain(text) in _ODD_IN_TEXT]
    if not odd:
        return tokens
    others = [text.strip() for text in counts if text not in odd and text not in tokens and text.strip()]
    total = sum(counts.values())
    for text in odd:
        plain = _plain(text)
        if not others or counts[text] > 0.5 * total:
            continue
        alike = sum(len(other) <= max(2, len(plain)) for other in others)
        words = plain in {"none", "missing", "undefined"}  # as a category they may be meant: "severity: none"
        if alike <= 0.2 * len(others) and not (words and len(others) <= 12):
            tokens.append(text)
    return tokens


def _plain(text: str) -> str:
    return (text if text.isprintable() else _INVISIBLE.sub("", text)).strip().lower()
