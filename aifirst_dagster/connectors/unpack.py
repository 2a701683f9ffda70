"""Seeing through compression: gzip, bzip2, xz and zstd, told by content, not by suffix."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from aifirst_dagster.connectors.bounds import Budget
from aifirst_dagster.errors import AifirstError, InputError

_SUFFIXES = (".gz", ".gzip", ".bgz", ".bz2", ".xz", ".lzma", ".zst", ".zstd")
_TARS = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tzst": ".tar"}
DEPTH = 3
"""How deep packing may go: `data.csv.gz` in a zip is two."""


def unpacked(path: Path, name: str, shown: str, new: Callable[[str], Path], budget: Budget) -> tuple[Path, str]:
    """Plain bytes of `path`, and the file's name without suffixes of compression.

    Args:
        path: The file.
        name: Its name; suffixes come from here.
        shown: What the user calls it.
        new: Gives a path for a file to unpack into.
        budget: What it may become.

    Raises:
        InputError: The compression is damaged, or has too many layers.
    """
    for _ in range(DEPTH):
        with path.open("rb") as file:
            head = file.read(8)
        opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
        if opener is None:
            return path, name
        target = new(".plain")
        try:
            with opener(path) as packed:
                budget.copy(packed, target)
        except AifirstError:
            raise
        except (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError) as error:
            raise damaged(error, shown) from error
        name, path = _without_suffix(name), target
    raise InputError(f"The file is packed more than {DEPTH - 1} times.", hint="Unpack it first.", file=shown)


def damaged(error: Exception, shown: str) -> InputError:
    """The error of a file that cannot be unpacked."""
    said = " ".join(str(error).split()) or type(error).__name__
    return InputError(
        f"The compressed file is damaged or cut off: {said[:200]}.", hint="Fetch or copy it again.", file=shown
    )


def _without_suffix(name: str) -> str:
    """A name without its suffix of compression, where it has one."""
    suffix = Path(name).suffix
    if suffix.lower() in _TARS:
        return name[: -len(suffix)] + _TARS[suffix.lower()]
    return name[: -len(suffix)] if suffix.lower() in _SUFFIXES else name


def _zstd(path: Path) -> Any:
    from pyarrow import input_stream

    return input_stream(str(path), compression="zstd")


_OPENERS: dict[bytes, Callable[[Path], IO[bytes]]] = {
    b"\x1f\x8b": gzip.open,  # type: ignore[dict-item]
    b"BZh": bz2.open,  # type: ignore[dict-item]
    b"\xfd7zXZ\x00": lzma.open,  # type: ignore[dict-item]
    b"\x28\xb5\x2f\xfd": _zstd,
}
