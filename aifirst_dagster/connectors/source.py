"""From what the user names to plain bytes on disk: addresses are fetched, archives and compressed files unpacked."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from aifirst_dagster.connectors.archive import recognise
from aifirst_dagster.connectors.bounds import Bounds, Budget
from aifirst_dagster.connectors.files import split
from aifirst_dagster.connectors.places.address import RemoteFile, is_remote
from aifirst_dagster.connectors.places.address import shown as shown_address
from aifirst_dagster.connectors.places.pace import Pace
from aifirst_dagster.connectors.unpack import DEPTH, unpacked
from aifirst_dagster.datasets.leftovers import PREFIX, sweep
from aifirst_dagster.errors import InputError

Tell = Callable[[str], None]

_BLOCK = 1 << 20


class Scratch:
    """A temporary folder that goes when this object goes."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = itertools.count(1)

    def new(self, suffix: str) -> Path:
        """A path for a new file."""
        if self._folder is None:
            sweep()
            self._folder = tempfile.TemporaryDirectory(
                prefix=f"{PREFIX}read-{os.getpid()}-", ignore_cleanup_errors=True
            )
        return Path(self._folder.name, f"{next(self._numbers)}{suffix}")


@dataclass(frozen=True)
class Source:
    """A file as it can be read.

    Attributes:
        given: Its path as the user gave it; errors and `_source` name this.
        path: Plain bytes on disk: the file itself, or an unpacked copy.
        suffix: Its last suffix once those of compression are gone, lower case: ".csv".
        size: Bytes of `path`.
        sheet: What stands behind `#`: a workbook's sheet, a database's table, a document's list.
        notes: What the user should know of how it was found, in sentences.
    """

    given: str
    path: Path
    suffix: str
    size: int
    sheet: str | None = None
    notes: tuple[str, ...] = ()

    def head(self, size: int = 65536) -> bytes:
        """The first bytes."""
        with self.path.open("rb") as file:
            return file.read(size)


def open_source(given: str | Path, scratch: Scratch) -> Source:
    """The one file that `given` is.

    Raises:
        InputError: As `open_sources` does, or it is an archive of several files.
    """
    found = open_sources(given, scratch)
    if len(found) > 1:
        listed = ", ".join(source.given for source in found[:5])
        raise InputError(f"It holds {len(found)} files; one is expected.", hint=f"Name one: {listed}.", file=str(given))
    return found[0]


def open_sources(
    given: str | Path | RemoteFile,
    scratch: Scratch,
    tell: Tell | None = None,
    pace: Pace | None = None,
    bounds: Bounds | None = None,
) -> list[Source]:
    """Make `given` readable: one file, or each data file of an archive.

    "-" is standard input, an address (`https://`, `s3://` ...) is fetched; gzip, bzip2, xz and zstd are seen through,
    and so is a zip or tar archive of one file.

    Args:
        given: As the user named it; what stands behind `#` chooses a sheet, a table, or files of an archive.
        scratch: Where copies go.
        tell: Is told how far a download is.
        pace: How patient a download is.
        bounds: How much a packed file may become.

    Raises:
        InputError: The file is missing, a folder, not allowed to be read, or its compression is damaged.
        ServiceError: An address cannot be reached.
    """
    name = str(given)
    try:
        if isinstance(given, RemoteFile) or is_remote(name):
            return _remote(given, scratch, tell, pace, bounds)
        path = _spooled(scratch) if name == "-" else Path(given)
        place, wanted = (name, None) if name == "-" else split(name)
        path = path if wanted is None else Path(place)
        budget = Budget(name, path.stat().st_size, bounds)
        return _opened(path, name, name if name == "-" else place, wanted, scratch, budget)
    except FileNotFoundError as error:
        raise InputError("There is no such file.", hint="Check the path.", file=name) from error
    except IsADirectoryError as error:
        raise InputError("This is a folder.", hint="Name a file, or a glob such as folder/*.csv.", file=name) from error
    except PermissionError as error:
        raise InputError("The file may not be read.", hint="Give this user the right to read it.", file=name) from error


def _remote(
    given: str | Path | RemoteFile, scratch: Scratch, tell: Tell | None, pace: Pace | None, bounds: Bounds | None
) -> list[Source]:
    """The files that an address stands for, fetched."""
    from aifirst_dagster.connectors.places.fetch import fetch
    from aifirst_dagster.connectors.places.listing import listed

    files = [given] if isinstance(given, RemoteFile) else listed(str(given))
    if not files:
        raise InputError("No file matches.", hint="Check the address and the pattern.", file=shown_address(str(given)))
    found = []
    for file in files:
        path = scratch.new(".fetched")
        fetch(file, path, tell, pace)
        budget = Budget(str(file), path.stat().st_size, bounds)
        found += _opened(path, str(file), file.path, file.wanted, scratch, budget)
    return found


def _opened(
    path: Path, shown: str, name: str, wanted: str | None, scratch: Scratch, budget: Budget, depth: int = 0
) -> list[Source]:
    """The files that one on disk holds: itself, unpacked, or the members of the archive that it is.

    Args:
        shown: What the user calls it, `wanted` included.
        name: Its own name; suffixes come from here.
    """
    if depth > DEPTH:
        raise InputError(f"Archives in archives, more than {DEPTH} deep.", hint="Unpack it first.", file=shown)
    path, name = unpacked(path, name, shown, scratch.new, budget)
    holder = shown.removesuffix(f"#{wanted}") if wanted else shown
    archive = recognise(path, holder, budget)
    if archive is None:
        return [Source(shown, path, Path(name).suffix.lower(), path.stat().st_size, wanted)]
    members, left_out = archive.chosen(wanted)
    lone = len(archive.members) - len(left_out) == 1 and wanted is None
    found = []
    for member, inside in members:
        target = scratch.new(".member")
        archive.extract(member, target, budget)
        place = shown if lone else f"{holder}#{member.name}" + (f"#{inside}" if inside else "")
        found += _opened(target, place, member.name, inside, scratch, budget, depth + 1)
    if left_out:
        listed = ", ".join(left_out[:5]) + (", …" if len(left_out) > 5 else "")
        note = f"Not read, as no data by their names: {listed}. To read one: {holder}#{left_out[0]}"
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return found


def _spooled(scratch: Scratch) -> Path:
    """Standard input, copied to disk: readers go over a file more than once."""
    path = scratch.new(".stdin")
    with path.open("wb") as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool, _BLOCK)
    return path
