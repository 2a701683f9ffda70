"""What stands among a column's values and is none of them: notes, slips, codes; whether the rest still has a type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: The share of cells that a type has to read, whatever the others are.
ENOUGH = 0.9
#: The same where what it does not read looks like a code ("14a"), not like a slip or a note.
ENOUGH_AMONG_CODES = 0.985
#: Fewer cells than this never carry a type alone, however alike the others are.
LEAST = 0.3
#: For a type that few cells bear out, each word beside its values has to stand against so many different values.
VALUES_PER_WORD, VALUES_PER_LETTER = 5, 20
#: The share that has to be read where qualified numbers ("<0.5", "12*", "approx 5") make up the rest.
ENOUGH_WITH_QUALIFIED = 0.6

_CORE = r"[+\-−–]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d+)?%?"
_BEFORE = r"(?:[<>~≈≤≥=±]{1,2}|(?:approx|approximately|about|ca|circa|c|est|under|over|up to|min|max)\b\.?:?|[$€£])"
_AFTER = (
    r"(?:[*†‡§¶#^+~?!'’]{1,3}|[⁰¹²³⁴-⁹ᵃᵇᶜ]{1,3}|\[\w{1,3}\]|\((?:\w{1,2}|est\.?|e|approx\.?|\*)\)|"
    r" ?(?:est|approx|ca)\.?| [a-z]{1,2}|[epr]|[.,;:]{1,2}|(?:k|m|bn|mn|b)(?:[*†‡§¶]{1,3}|\[\w{1,3}\]))"
)
_QUALIFIED = re.compile(rf"(?i)\s*(?:{_BEFORE}\s*)?{_CORE}\s*(?:{_AFTER})?\s*")


@dataclass(frozen=True)
class Noise:
    """Whether a type holds in spite of the cells it does not read.

    Attributes:
        holds: It does.
        words: Texts that stand for "no value" here, beyond what is known to: repeated words among many values.
        share: The share of cells read, those words aside.
    """

    holds: bool
    words: tuple[str, ...] = ()
    share: float = 1.0


def weigh(held: Mapping[str, int], reads: Callable[[str], bool], quantities: bool) -> Noise:
    """Whether the texts that `reads` takes make a column of their type.

    Args:
        held: Distinct trimmed texts (null tokens aside) and their cells.
        reads: Whether the type reads a text.
        quantities: The values can hardly be labels (fractions, signs, grouping): codes among them are slips.
    """
    total = sum(held.values())
    odd = {text: count for text, count in held.items() if not reads(text)}
    share = 1 - sum(odd.values()) / total if total else 0.0
    if share >= ENOUGH_AMONG_CODES:
        return Noise(True, share=share)
    codes = [text for text in odd if any(map(str.isdigit, text)) and not qualified(text)]
    if share >= ENOUGH and (quantities or len(codes) <= 0.5 * len(odd)):
        return Noise(True, share=share)
    if share < LEAST:
        return Noise(False, share=share)
    words = tuple(text for text in odd if not any(map(str.isdigit, text)))
    rest = {text: count for text, count in odd.items() if text not in words}
    near = sum(count for text, count in rest.items() if qualified(text))
    wordy = _few(words, len(held) - len(odd))
    read = sum(held.values()) - sum(odd.values())
    if words and not wordy:
        return Noise(False, share=share)
    cells = read + sum(rest.values())
    if read + near >= ENOUGH * cells and read >= (ENOUGH_WITH_QUALIFIED if quantities else ENOUGH) * cells:
        if codes and not quantities and read < ENOUGH_AMONG_CODES * cells:
            return Noise(False, share=share)
        return Noise(True, words, read / cells)
    return Noise(False, share=share)


def qualified(text: str) -> bool:
    """Whether `text` is one number with a mark that qualifies it: `<0.5`, `12*`, `5.3[1]`, `approx 5`, `5+`."""
    return bool(_QUALIFIED.fullmatch(text))


def _few(words: tuple[str, ...], values: int) -> bool:
    """Whether words are so few beside the different values that they are no values themselves."""
    letters = sum(len(word) == 1 for word in words)
    return values >= VALUES_PER_WORD * (len(words) - letters) + VALUES_PER_LETTER * letters and values >= 4
