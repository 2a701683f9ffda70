"""Text files as UTF-8 on disk, with the counts that tell whether they are regular; other encodings are copied over."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster.inference import encoding as encodings

#: For copying. What is counted goes in blocks small enough for a processor's cache: each is looked at several times.
_BLOCK, _LOOK = 1 << 20, 1 << 17
_SAMPLE = 1 << 18
#: Bytes from which on a file is presumed to be what its beginning is.
_LARGE = 1 << 22


@dataclass(frozen=True)
class Text:
    """A text file that can be read as UTF-8.

    Attributes:
        path: The file itself, or a copy in UTF-8.
        encoding: The file's own encoding.
        intact: Whether all of it is valid; lines of a file that is not must be looked at one by one.
        size: Bytes of `path`.
        returns: Carriage returns. pairs: those with a line feed behind them.
        ended: Whether the last line has its line end.
        marked: Whether `path` begins with a byte order mark.
        presumed: Only the beginning was looked at; whoever reads on sees whether the rest is as it is.
    """

    path: Path
    encoding: str
    intact: bool
    size: int
    returns: int
    pairs: int
    ended: bool
    marked: bool
    presumed: bool = False

    @cached_property
    def feeds(self) -> int:
        """Line feeds; counted when they are asked for, which takes as long as all the rest."""
        if self.presumed:  # as many as there are pairs, or nobody counts on them
            return self.pairs
        with self.path.open("rb", buffering=0) as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(_LOOK), b""))

    @property
    def line_terminator(self) -> str:
        """What ends most lines."""
        if not self.returns:
            return "\n"
        alone = {"\r\n": self.pairs, "\n": self.feeds - self.pairs, "\r": self.returns - self.pairs}
        return max(alone, key=lambda end: alone[end]) if any(alone.values()) else "\n"

    @property
    def uniform(self) -> bool:
        """Whether all lines end alike, by line feeds: then a line feed more is a line more."""
        return not self.returns or self.returns == self.pairs == self.feeds

    @property
    def mixed(self) -> bool:
        """Whether carriage returns alone end lines, too; a few among many line feeds stand for themselves."""
        alone = self.returns - self.pairs
        return alone > 0 and alone > 0.1 * self.feeds

    def blank(self) -> bool:
        """Whether there is nothing but white space in it."""
        with self.path.open("rb") as file:
            return all(not block.strip() for block in iter(lambda: file.read(_BLOCK), b""))

    def head(self, size: int) -> str:
        """The beginning, up to `size` bytes and never a part of a line of a longer file."""
        with self.path.open("rb") as file:
            block = file.read(size)
            if len(block) == size and not block.endswith(b"\n"):
                cut = max(block.rfind(b"\n"), block.rfind(b"\r") if self.returns and not self.feeds else -1)
                block = block[: cut + 1] if cut >= 0 else block + file.readline()
        return block.decode("utf-8-sig", "surrogateescape")


def presumed(source: Source, encoding: str | None) -> Text | None:
    """A large file as its beginning lets expect it, where that is valid UTF-8 whose lines end alike; else None.

    To look at all of it takes a tenth as long as to parse it, which looks at all of it anyway.
    """
    if source.size < _LARGE or encoding is not None:
        return None
    with source.path.open("rb") as file:
        head = file.read(_BLOCK)
        head = head[: head.rfind(b"\n") + 1]
        file.seek(-1, 2)
        last = file.read(1)
    found = encodings.by_mark(head) or encodings.by_zeros(head) or "utf-8"
    returns, pairs = head.count(b"\r"), head.count(b"\r\n")
    alike = returns == pairs and returns in (0, head.count(b"\n"))
    if not (head and alike) or codecs.lookup(found).name not in ("utf-8", "utf-8-sig") or not valid(head):
        return None
    marked = head.startswith(codecs.BOM_UTF8)
    return Text(source.path, "utf-8", True, source.size, returns, pairs, last in (b"\n", b"\r"), marked, presumed=True)


def as_utf8(source: Source, encoding: str | None, scratch: Scratch) -> Text:
    """Find the encoding of `source` (or take `encoding`) and give its text as UTF-8.

    A file that is UTF-8 but for some damaged places stays as it is: its bad lines are the reader's to reject.

    Raises:
        ConfigError: There is no such encoding.
        InputError: The text is not in the encoding that it should be in.
    """
    head = source.head()
    chosen = encoding or encodings.by_mark(head) or encodings.by_zeros(head) or "utf-8"
    try:
        name = codecs.lookup(chosen).name
    except LookupError as error:
        raise ConfigError(f"There is no encoding {chosen!r}.", hint="Say utf-8, cp1252, latin-1, utf-16.") from error
    if name in ("utf-8", "utf-8-sig", "ascii"):
        text = _measure(source.path, "utf-8")
        if text.intact or encoding:
            return text
        foreign = _foreign_lines(source.path)
        if encodings.is_mostly_utf8(foreign):
            return text
        name = encodings.legacy(foreign)
    copy = scratch.new(".utf8")
    _transcode(source, name, copy)
    return _measure(copy, name)


def _measure(path: Path, encoding: str) -> Text:
    """Count what `Text` holds, in one pass."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    intact, size, returns, pairs, last, head = True, 0, 0, 0, b"", b""
    with path.open("rb", buffering=0) as file:
        while block := file.read(_LOOK):
            head = head or block[:4]
            size += len(block)
            if b"\r" in block:
                returns += block.count(b"\r")
                pairs += block.count(b"\r\n")
            pairs += last == b"\r" and block.startswith(b"\n")
            last = block[-1:]
            if intact and not block.isascii():
                intact = _decodes(decoder, block)
            elif intact:
                intact = _decodes(decoder, b"") and not decoder.getstate()[0]
    intact = intact and not decoder.getstate()[0]
    marked = head.startswith(codecs.BOM_UTF8)
    return Text(path, encoding, intact, size, returns, pairs, last in (b"\n", b"\r", b""), marked)


def valid(block: bytes) -> bool:
    """Whether whole lines are UTF-8."""
    return block.isascii() or _decodes(codecs.getincrementaldecoder("utf-8")(), block)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _foreign_lines(path: Path) -> bytes:
    """Lines that hold other bytes than ASCII, up to a sample's size."""
    found, size = [], 0
    with path.open("rb") as file:
        while size < _SAMPLE and (lines := file.readlines(_BLOCK)):
            for line in lines:
                if not line.isascii():
                    found.append(line[:4096])
                    size += len(found[-1])
                    if size >= _SAMPLE:
                        break
    return b"".join(found)


def _transcode(source: Source, encoding: str, target: Path) -> None:
    """Copy as UTF-8, block by block."""
    try:
        with (
            source.path.open(encoding=encoding, newline="") as text,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            while block := text.read(_BLOCK):
                out.write(block)
    except UnicodeError:
        # Five bytes mean nothing in Windows-1252; Latin-1 has a (control) character for each byte.
        if encoding == "cp1252":
            return _transcode(source, "latin-1", target)
        raise InputError(
            f"The text is not in the encoding {encoding}.", hint="Name its encoding, or leave it to be found out.",
            file=source.given,
        ) from None  # fmt: skip
