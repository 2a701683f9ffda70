"""Which delimiters and quotes a text might use: what is worth scoring, and how common each is before looking."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from aifirst_dagster.inference.tokenizer import Tokenizer

#: How likely each delimiter is before the text is seen, from 0 to 1.
_PRIOR = {
    ",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "\x01": 1.0, "\x1f": 1.0, "\x1e": 0.9, "\x07": 0.9,
    "§": 0.9, "¦": 0.9, "¬": 0.9,
    "^": 0.9, "~": 0.9, ":": 0.65, " ": 0.72, "@": 0.55, "#": 0.6, "&": 0.6, "*": 0.6, "!": 0.6,
    "$": 0.5, "=": 0.5, "%": 0.5,
}  # fmt: skip
_OTHER_SYMBOL, _SEVERAL = 0.75, 0.97
_NEVER = frozenset("\"'`()[]{}<>-_/.\\+?\r\n\0\u00a0“”‘’«»")
"""Characters that text is full of, or that stand in pairs: no delimiters by themselves."""


def delimiters(lines: Sequence[str], suffix: str = "") -> dict[str, float]:
    """Delimiters worth trying on `lines`, and how likely each is before it is tried."""
    seen: Counter[str] = Counter()
    for line in lines:
        seen.update(set(line))
    symbols = {sign for sign in seen if not sign.isalnum() and sign not in _NEVER and not "\u0300" <= sign <= "\u036f"}
    least = max(1, len(lines) // 5)
    found = {
        sign: _PRIOR.get(sign, _OTHER_SYMBOL)
        for sign in symbols
        if seen[sign] >= least and (sign in _PRIOR or (sign.isprintable() and seen[sign] >= 0.8 * len(lines)))
    }
    found |= _runs(lines)
    if suffix in (".tsv", ".tab") and "\t" in found:
        found["\t"] *= 1.15
    if suffix == ".psv" and "|" in found:
        found["|"] *= 1.15
    return found


def _runs(lines: Sequence[str]) -> dict[str, float]:
    """Delimiters of several characters: a run of signs, or a sign and a blank, wherever the sign stands unquoted."""
    text = "\n".join(re.sub(r'"(?:[^"]|"")*"', '"', line) for line in lines)
    found = {}
    apart = re.sub(r"(?<=\d),(?=\d)", "", text)  # without commas within numbers
    for sign in (",", ";", "|", ":"):
        count = apart.count(sign)
        if count >= len(lines) and apart.count(sign + " ") == count:
            both = sign == "|" and text.count(" | ") == count
            found[" | " if both else sign + " "] = _PRIOR[sign] * 1.05
    runs = Counter(re.findall(r"[^\w\s\"'.\-]{2,4}", text))
    for run, count in runs.most_common(4):
        if count < max(2, 0.9 * len(lines)) or len(run.encode()) > 4 or run in ("//", "://", "()", "[]"):
            continue
        # Empty cells make runs of a delimiter that is one character; a part of a longer one never stands alone.
        rest = text.replace(run, "")
        if not any(sign in rest for sign in set(run) if len(set(run)) == 1 or sign in _PRIOR):
            found[run] = _SEVERAL
    for run in (sign * 2 for sign in ":|;,&~^#@\t"):
        alone = sum(run[0] in line.replace(run, "") for line in lines) > 0.1 * len(lines)
        if run not in found and _even(lines, run) and not (alone and _even(lines, run[0])):
            found[run] = _SEVERAL
    return found


def _even(lines: Sequence[str], delimiter: str) -> bool:
    """Whether nearly every line holds a delimiter as often as the others do."""
    counts = Counter(line.count(delimiter) for line in lines)
    usual, times = counts.most_common(1)[0] if counts else (0, 0)
    return usual > 0 and times >= 0.7 * len(lines)


def quotings(lines: Sequence[str], delimiter: str) -> list[tuple[str | None, str | None, float]]:
    """(quotechar, escapechar, how likely) worth trying under `delimiter`."""
    text = "\n".join(lines)
    end = f"(?:{re.escape(delimiter)}|$)" if delimiter else "$"
    start = f"(?:{re.escape(delimiter)}|^)" if delimiter else "^"
    found: list[tuple[str | None, str | None, float]] = []
    for quote, prior in (
        ('"', 1.0),
        ("'", 0.97),
        ("`", 0.9),
        ("~", 0.9),
        ("|", 0.9),
        ("*", 0.9),
        ("$", 0.85),
        ("%", 0.85),
        ("@", 0.85),
    ):
        if quote == delimiter or quote not in text:
            continue
        cells = len(re.findall(rf"{start}\s*{re.escape(quote)}[^\n]*?{re.escape(quote)}\s*{end}", text, re.MULTILINE))
        least = {"'": 1, "`": max(2, len(lines) // 20)}.get(quote, len(lines))
        if quote != '"' and cells < least:
            continue
        if re.search(rf"\\{re.escape(quote)}", text):
            found.append((quote, "\\", prior * 0.99))
        found.append((quote, None, prior))
    if '"' in text:
        found.append((None, None, 0.93))
    else:
        found.append(('"', None, 0.95 if found else 1.0))
    if delimiter and re.search(rf"\\{re.escape(delimiter)}", text):
        found.append((None if '"' not in text else '"', "\\", 0.96))
    return found


def tokenizer(delimiter: str, quoting: tuple[str | None, str | None, float]) -> Tokenizer:
    """A tokenizer for a delimiter and one of its `quotings`."""
    return Tokenizer(delimiter, quoting[0], quoting[1])
