"""Repairs of text: space around and inside, invisible characters, accents in two forms, text decoded wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.repair.expressions import UNTIDY, Context, Stages, among, lookup

#: Runs of any white space, the kinds that SQL's trim does not know among them.
SPACE = r"[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+"
NOT_ASCII = r"[^ -~]"
#: The same within a line: line breaks are their author's.
INNER_SPACE = r"[ \t\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]+"
#: Characters without width or meaning in a table's cell. Joiners stay: scripts and emoji need them.
INVISIBLE = (
    r"[\x{0000}-\x{0008}\x{000E}-\x{001F}\x{007F}\x{00AD}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]"
)

# What UTF-8 read as Windows-1252 looks like: a lead byte's character, then one to three of a trailing byte's.
_HIGH = "\u0080-\u00bf" + "".join(re.escape(bytes([at]).decode("cp1252")) for at in range(0x80, 0xA0)
                                  if at not in (0x81, 0x8D, 0x8F, 0x90, 0x9D))  # fmt: skip
WRONG = f"[ÂÃÄÅÎÐÑâ][{_HIGH}]{{1,2}}"
_WRONG_TWICE = f"Ã[ƒ\u0083]Â?[{_HIGH}]|Ã[‚\u0082]Â[{_HIGH}]"
MOJIBAKE = f"{_WRONG_TWICE}|{WRONG}"
#: What UTF-8 read as any one-byte encoding holds somewhere: two characters of the upper half in a row.
SUSPICIOUS = (
    r"[\x{00C0}-\x{00FF}\x{0160}\x{0178}\x{017D}\x{0080}-\x{009F}\x{0410}-\x{044F}]"
    r"[\x{0080}-\x{00BF}\x{2010}-\x{2122}\x{0152}-\x{0192}]"
)


def trim_whitespace(context: Context) -> Stages:
    """Space around the text goes; `inner`: runs within become one space."""
    text = context.text
    within = f"regexp_replace({text}, {literal(INNER_SPACE)}, ' ', 'g')"
    tidy = within if context.params.get("inner") else text
    tidy = f"regexp_replace({tidy}, {literal(f'^{SPACE}|{SPACE}$')}, '', 'g')"
    return [(context.stage("trimmed"), _where(text, UNTIDY, f"nullif({tidy}, '')"))]


def clean_characters(context: Context) -> Stages:
    """Invisible characters go, accents are composed."""
    cleaned = f"nfc_normalize(regexp_replace({context.text}, {literal(INVISIBLE)}, '', 'g'))"
    return [(context.stage("cleaned"), _where(context.text, NOT_ASCII, cleaned))]


def fix_encoding(context: Context) -> Stages:
    """The wrong sequences that were found in the column, longest first, are replaced."""
    fixed = context.text
    for wrong, right in sorted(context.params.get("sequences", {}).items(), key=_longest_first):
        fixed = f"replace({fixed}, {literal(wrong)}, {literal(right)})"
    fixed = _where(context.text, NOT_ASCII, fixed)
    if whole := context.params.get("mapping"):
        # Sequences leave a text that the mapping knows alone: it is looked up as it stands.
        fixed = f"CASE WHEN {among(context.text, whole)} THEN {lookup(context.text, whole)} ELSE {fixed} END"
    return [(context.stage("decoded"), fixed)]


def unify_categories(context: Context) -> Stages:
    """Each spelling becomes the one that stands for it."""
    return [(context.stage("category"), lookup(context.text, context.params.get("mapping", {})))]


def _longest_first(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[0]


def _where(text: str, pattern: str, changed: str) -> str:
    """SQL: `changed` for the few texts that match, so that the others cost one look."""
    return f"CASE WHEN regexp_matches({text}, {literal(pattern)}) THEN {changed} ELSE {text} END"


def redecoded(texts: Iterable[str]) -> dict[str, str]:
    """Each text that was decoded wrongly -> what it says, by ftfy's statistics of what such text looks like.

    Stricter than ftfy alone: the text must look bad, come out shorter, and lose nothing.
    """
    from ftfy import fix_encoding_and_explain
    from ftfy.badness import is_bad

    found = {}
    for text in texts:
        if not is_bad(text):
            continue
        fixed = fix_encoding_and_explain(text)[0]
        if fixed != text and len(fixed) < len(text) and "\ufffd" not in fixed and not is_bad(fixed):
            found[text] = fixed
    return found


def mended(text: str) -> str:
    """One text with what was decoded wrongly set right: by its sequences, else as a whole."""
    sequences = decoded(sorted(set(re.findall(MOJIBAKE, text))))
    for wrong, right in sorted(sequences.items(), key=_longest_first):
        text = text.replace(wrong, right)
    return text if sequences else redecoded([text]).get(text, text)


def decoded(sequences: Iterable[str]) -> dict[str, str]:
    """Each sequence that is UTF-8 read as Windows-1252 (once or twice over) -> the character that was meant."""
    found = {}
    for sequence in sequences:
        for length in range(len(sequence), 1, -1):
            text = sequence[:length]
            meant = _decode(text)
            if meant is None:
                continue
            twice = _decode(meant)
            found[text] = twice if twice is not None else meant
            break
    return found


def _decode(text: str) -> str | None:
    """What `text` says when its characters are taken for the bytes of one UTF-8 character; None where they are not."""
    try:
        raw = b"".join(_byte(character) for character in text)
        meant = raw.decode("utf-8")
    except (UnicodeError, ValueError):
        return None
    # Letters of European languages and common punctuation only: `É™` is far likelier to be meant than a schwa.
    common = all(
        0xA0 <= ord(c) <= 0x17F or 0x218 <= ord(c) <= 0x21B or 0x370 <= ord(c) <= 0x45F
        or 0x2010 <= ord(c) <= 0x2044 or c in "€™"
        for c in meant
    )  # fmt: skip
    return meant if common and len(meant) < len(text) else None


def _byte(character: str) -> bytes:
    return bytes([ord(character)]) if ord(character) < 0x100 else character.encode("cp1252")
