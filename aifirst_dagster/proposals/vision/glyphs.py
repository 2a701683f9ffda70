"""Text as it can be drawn on any machine: Pillow's own font, a font of the machine for what it lacks, else the code."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as PlainFont

    Font = FreeTypeFont | PlainFont

SIZE = 13
#: Looked for by name in the folders where the system keeps its fonts; none of them has to be there.
_OTHERS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "LiberationSans-Regular.ttf",
    "arial.ttf",
)
#: Signs that show nothing, or change how their neighbours stand: a text could hide behind them.
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp"}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """`text` with every sign that cannot be seen or drawn here as its code, `<U+65E5>` say."""
    return "".join(_SHORT.get(sign) or (sign if _font(sign) is not None else f"<U+{ord(sign):04X}>") for sign in text)


def runs(text: str) -> Iterator[tuple[str, Font]]:
    """The parts of a `visible` text, each with the font that has its signs."""
    part, font = "", _fonts()[0]
    for sign in text:
        wanted = _font(sign) or _fonts()[0]
        if wanted is not font and part:
            yield part, font
            part = ""
        part, font = part + sign, wanted
    if part:
        yield part, font


def width(text: str) -> float:
    """How many pixels wide a `visible` text is drawn."""
    return sum(font.getlength(part) for part, font in runs(text))


@lru_cache(maxsize=1)
def _fonts() -> tuple[Font, ...]:
    from PIL import ImageFont

    found: list[Font] = [ImageFont.load_default(SIZE)]
    for name in _OTHERS:
        try:
            found.append(ImageFont.truetype(name, SIZE))
        except OSError:
            continue
    return tuple(found)


@lru_cache(maxsize=8192)
def _font(sign: str) -> Font | None:
    """The first font that has this sign; None where it cannot be seen or drawn."""
    if unicodedata.category(sign) in _UNSEEN:
        return None
    return next((font for font in _fonts() if sign == " " or bytes(font.getmask(sign)) != _missing(font)), None)


@lru_cache(maxsize=8)
def _missing(font: Font) -> bytes:
    """What a font draws for signs that it lacks."""
    return bytes(font.getmask("\uffff"))
