"""From what the user names to plain bytes on disk: standard input is spooled, compressed files are unpacked."""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aifirst_dagster.connectors.unpack import unpacked
from aifirst_dagster.errors import InputError

_BLOCK = 1 << 20


class Scratch:
    """A temporary folder that goes when this object goes."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = itertools.count(1)

    def new(self, suffix: str) -> Path:
        """A path for a new file."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="aifirst-read-", ignore_cleanup_errors=True)
        return Path(self._folder.name, f"{next(self._numbers)}{suffix}")


@dataclass(frozen=True)
class Source:
    """A file as it can be read.

    Attributes:
        given: Its path as the user gave it; errors and `_source` name this.
        path: Plain bytes on disk: the file itself, or an unpacked copy.
        suffix: Its last suffix once those of compression are gone, lower case: ".csv".
        size: Bytes of `path`.
        sheet: What stands behind `#` in the path of a workbook: `book.xlsx#Prices`.
    """

    given: str
    path: Path
    suffix: str
    size: int
    sheet: str | None = None

    def head(self, size: int = 65536) -> bytes:
        """The first bytes."""
        with self.path.open("rb") as file:
            return file.read(size)


def open_source(given: str | Path, scratch: Scratch) -> Source:
    """Make `given` readable: "-" is standard input; gzip, bzip2, xz, zip (of one file) and zstd are seen through.

    Raises:
        InputError: The file is missing, a folder, not allowed to be read, or its compression is damaged.
    """
    name, sheet = str(given), None
    try:
        path = _spooled(scratch) if name == "-" else Path(given)
        if "#" in name and not path.exists():
            book, _, sheet = name.rpartition("#")
            path = Path(book)
        path, inner = unpacked(path, str(path) if sheet else name, scratch.new)
        return Source(name, path, Path(inner).suffix.lower(), path.stat().st_size, sheet or None)
    except FileNotFoundError as error:
        raise InputError("There is no such file.", hint="Check the path.", file=name) from error
    except IsADirectoryError as error:
        raise InputError("This is a folder.", hint="Name a file, or a glob such as folder/*.csv.", file=name) from error
    except PermissionError as error:
        raise InputError("The file may not be read.", hint="Give this user the right to read it.", file=name) from error


def _spooled(scratch: Scratch) -> Path:
    """Standard input, copied to disk: readers go over a file more than once."""
    path = scratch.new(".stdin")
    with path.open("wb") as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool, _BLOCK)
    return path
