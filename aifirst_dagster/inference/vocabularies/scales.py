"""Scales of words, each from its low end to its high one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aifirst_dagster.inference.vocabularies.words import spaced

_SCALES = tuple(
    tuple(step.strip() for step in line.split("|"))
    for line in """
    very low|low|medium low|medium|moderate|normal|medium high|high|very high|critical|urgent|extreme
    none|minor|mild|moderate|major|severe|critical|blocker|fatal
    xxs|xs|s|m|l|xl|xxl|xxxl|3xl|4xl
    tiny|extra small|small|medium|large|extra large|huge
    strongly disagree|disagree|somewhat disagree|neutral|neither agree nor disagree|undecided|somewhat agree|agree
    strongly agree
    very dissatisfied|dissatisfied|neutral|satisfied|very satisfied
    very poor|poor|bad|below average|fair|typical|average|above average|good|very good|excellent|very excellent
    outstanding
    terrible|bad|ok|good|great|excellent
    never|rarely|seldom|sometimes|occasionally|often|usually|frequently|always
    fair|good|very good|premium|ideal
    no schooling|primary|secondary|high school|associate|college|some college|bachelor|bachelors|master|masters|phd
    doctorate
    beginner|novice|intermediate|advanced|expert|proficient
    bronze|silver|gold|platinum|diamond
    first|second|third|fourth|fifth
    1st|2nd|3rd|4th|5th|6th|7th|8th|9th|10th
    lowest|low|medium|high|highest
    p0|p1|p2|p3|p4|p5
    a+|a|a-|b+|b|b-|c+|c|c-|d+|d|d-|e|f
    small|medium|big
    short|medium|tall|venti
    young|middle-aged|old
    cold|cool|mild|warm|hot
    slow|medium|fast
    daily|weekly|biweekly|monthly|quarterly|yearly|annually
    niedrig|mittel|hoch|sehr hoch
    sehr schlecht|schlecht|mittel|gut|sehr gut
    bajo|medio|alto|muy alto
    faible|moyen|élevé|très élevé
    baixo|médio|alto
    basso|medio|alto
    """.strip().splitlines()
)
#: Steps that also stand for something else by themselves: two of these alone are no scale.
_VAGUE = spaced("s m l a b c d e f first second cold hot ok bad good old young none fair normal average")
#: Bands of ages or amounts: `18-24`, `< 5`, `65+`.
_BAND = re.compile(r"(?i)(?:[$€£]? ?\d[\d,.]*k? ?(?:-|–|to|bis) ?[$€£]? ?\d[\d,.]*k?|(?:<|>|<=|>=|under|over"
                   r"|unter|über) ?[$€£]? ?\d[\d,.]*k?"
                   r"|[$€£]?\d[\d,.]*k? ?\+)(?: \w+)?")  # fmt: skip


def of(texts: Sequence[str]) -> list[str] | None:
    """`texts` in the order of the scale that they are all steps of; None where there is none."""
    plain = {text.casefold().strip().replace("_", " "): text for text in texts}
    if len(plain) < 2:
        return None
    for scale in _SCALES:
        if set(plain) <= set(scale) and not set(plain) <= _VAGUE:
            return [plain[step] for step in scale if step in plain]
    if len(plain) >= 3 and all(_BAND.fullmatch(text) for text in plain):
        return sorted(texts, key=_start)
    return None


def _start(text: str) -> float:
    number = re.search(r"\d[\d,.]*", text)
    value = float(number[0].replace(",", "").rstrip(".")) if number else 0.0
    return value - 0.5 if re.match(r"(?i)<|under|unter", text.strip()) else value
