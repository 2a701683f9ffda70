"""Which encoding a text is in: by its mark, its zeros, its validity as UTF-8, and what else its letters would be."""

from __future__ import annotations

import codecs
import re

#: Byte order marks, the longer first: UTF-32's little-endian mark begins as UTF-16's.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßšžÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜÝŸŠŽ€£¥¢§°©®™²³¹½¼¾µ·ºª«»‘’“”„–—…•¿¡±×÷\u00a0"
)


def by_mark(head: bytes) -> str | None:
    """The encoding that a byte order mark names (Python's name; the mark itself is not data), or None."""
    return next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)


def by_zeros(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, by where the zero bytes stand; None where there are few."""
    size = len(head) // 4 * 4
    if size < 4 or head[:size].count(0) < size * 0.2:
        return None
    zeros = [head[start:size:4].count(0) / (size / 4) for start in range(4)]
    if zeros[1] > 0.6 and zeros[2] > 0.9 and zeros[3] > 0.9 and zeros[0] < 0.5:
        return "utf-32-le"
    if zeros[0] > 0.9 and zeros[1] > 0.9 and zeros[2] > 0.6 and zeros[3] < 0.5:
        return "utf-32-be"
    if zeros[1] > 0.4 and zeros[3] > 0.4 and max(zeros[0], zeros[2]) < 0.1:
        return "utf-16-le"
    if zeros[0] > 0.4 and zeros[2] > 0.4 and max(zeros[1], zeros[3]) < 0.1:
        return "utf-16-be"
    return None


def legacy(sample: bytes) -> str:
    """The encoding of a text that is not UTF-8, from lines of it that hold other bytes than ASCII.

    Western text (a foreign letter or sign here and there between ASCII) is taken as Windows-1252, a superset of
    what is called Latin-1. All else is left to `charset-normalizer`.
    """
    runs = re.findall(rb"[\x80-\xff]+", sample)
    if not runs:
        return "cp1252"
    single = sum(len(run) <= 2 for run in runs) / len(runs)
    try:
        letters = b"".join(runs).decode("cp1252")
    except UnicodeDecodeError:
        letters = ""
    if single > 0.9 and letters and sum(letter in _WESTERN for letter in letters) >= 0.95 * len(letters):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, steps=5, chunk_size=1024).best()
    return best.encoding if best and best.encoding not in ("ascii", "utf_8") else "latin-1"


def is_mostly_utf8(data: bytes) -> bool:
    """Whether a text that does not decode as UTF-8 is UTF-8 all the same, with some damaged places."""
    intact = len(re.findall(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", data))
    rest = re.sub(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", b"", data)
    damaged = len(re.findall(rb"[\x80-\xff]+", rest))
    return intact > 2 * damaged
