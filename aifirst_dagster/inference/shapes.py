"""What a cell's text looks like, coarsely: enough to tell data from names, and a right split from a wrong one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

EMPTY, NUMBER, DATE, TIME, CODE, LINK, FLAG, WORD, TEXT, OTHER = (
    "empty", "number", "date", "time", "code", "link", "flag", "word", "text", "other",
)  # fmt: skip
#: Shapes that a column's name rarely has.
TYPED = frozenset({NUMBER, DATE, TIME, LINK, FLAG})

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?"
_ZONE = r"(?:\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
_DAY = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})|"
    rf"\d{{1,2}}[ -]{_MONTH}[ ,-]+\d{{2,4}}|{_MONTH}\.?[ -]\d{{1,2}},?[ -]\d{{4}}|\d{{4}}[-/]\d{{2}})"
)
_MONEY = "(?:[$€£¥]|usd|eur|gbp)"
_DIGITS = r"(?:\d+|\d{1,3}(?:[,. ' ]\d{3})+)"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PATTERNS = (
    (EMPTY, r"|-+|\.|\?|n/?a|#n/a|nan|null|none|nil|\\n|missing|unknown"),
    (NUMBER, rf"[-+(]?\s*{_MONEY}?\s*[-+]?{_DIGITS}?(?:[.,]\d+)?(?:e[-+]?\d+)?\s*(?:%|{_MONEY})?\)?"),
    (DATE, rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?{_DAY}(?:[T ,]+{_CLOCK}{_ZONE})?"),
    (TIME, rf"{_CLOCK}{_ZONE}"),
    (LINK, rf"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d{{1,3}}(?:\.\d{{1,3}}){{3}}|{_UUID}"),
    (FLAG, r"true|false|yes|no|y|n|t|f"),
    (WORD, r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?"),
    (CODE, r"[\w./#+:-]*\d[\w./#+:-]*|[A-Za-z]\w*(?:[_-]\w+)+"),
    (TEXT, r"[^\t|;\x00-\x1f]*[^\W\d_]{2}[^\t|;\x00-\x1f]*"),
)  # fmt: skip
_COMPILED = tuple((shape, re.compile(pattern, re.IGNORECASE)) for shape, pattern in _PATTERNS)


@lru_cache(maxsize=16_384)
def shape(cell: str) -> str:
    """The shape of a cell's text; the name of the first that it matches as a whole."""
    text = cell.strip().replace("\r", " ").replace("\n", " ")
    if len(text) > 200:
        return TEXT
    for name, pattern in _COMPILED:
        if pattern.fullmatch(text) and (name != NUMBER or any(map(str.isdigit, text))):
            return name
    return OTHER


def family(name: str) -> str:
    """Shapes that one column may well mix, under one name."""
    return {WORD: TEXT, CODE: TEXT, FLAG: FLAG, TIME: DATE}.get(name, name)


def dominant(cells: Iterable[str]) -> tuple[str, float]:
    """The most frequent family of the cells that are not empty, and its share of them; (EMPTY, 1.0) where all are."""
    counts = Counter(family(shape(cell)) for cell in cells)
    counts.pop(EMPTY, None)
    if not counts:
        return EMPTY, 1.0
    name, count = counts.most_common(1)[0]
    return name, count / counts.total()
