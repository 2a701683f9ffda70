"""Seeing through compression: gzip, bzip2, xz, zstd, and zip archives of one file, told by content, not by suffix."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from aifirst_dagster.errors import InputError

_SUFFIXES = (".gz", ".gzip", ".bgz", ".bz2", ".xz", ".lzma", ".zip", ".zst", ".zstd")
_BLOCK = 1 << 20
_DEPTH = 3
"""How deep packing may go: `data.csv.gz` in a zip is two."""


def unpacked(path: Path, name: str, new: Callable[[str], Path]) -> tuple[Path, str]:
    """Plain bytes of `path`, and the file's name without suffixes of compression.

    Args:
        path: The file.
        name: What the user calls it.
        new: Gives a path for a file to unpack into.

    Raises:
        InputError: The compression is damaged, or an archive holds other than one file.
    """
    inner = name
    for _ in range(_DEPTH):
        with path.open("rb") as file:
            head = file.read(8)
        opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
        if opener is None or (opener is _zip_member and _is_office(path)):
            return path, inner
        target = new(".plain")
        try:
            with opener(path, name) as packed, target.open("wb") as out:
                shutil.copyfileobj(packed, out, _BLOCK)
                inner = str(getattr(packed, "name", name)) if opener is _zip_member else inner
        except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
            if isinstance(error, InputError | FileNotFoundError | PermissionError):
                raise
            raise InputError(
                f"The compressed file is damaged or cut off: {error}.", hint="Fetch or copy it again.", file=name
            ) from error
        inner = _without_suffix(inner)
        path = target
    raise InputError(f"The file is packed more than {_DEPTH - 1} times.", hint="Unpack it first.", file=name)


def _without_suffix(name: str) -> str:
    """A name without its suffix of compression, where it has one."""
    return name[: -len(Path(name).suffix)] if name.lower().endswith(_SUFFIXES) else name


def _gzip(path: Path, name: str) -> gzip.GzipFile:
    return gzip.open(path)


def _bz2(path: Path, name: str) -> IO[bytes]:
    return bz2.open(path)


def _xz(path: Path, name: str) -> IO[bytes]:
    return lzma.open(path)


def _zstd(path: Path, name: str) -> Any:
    from pyarrow import input_stream

    return input_stream(str(path), compression="zstd")


def _zip_member(path: Path, name: str) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    members = [member for member in archive.infolist() if _is_member(member)]
    if len(members) != 1:
        listed = ", ".join(member.filename for member in members[:5]) or "none"
        raise InputError(
            f"The zip archive holds {len(members)} files; one is expected.",
            hint=f"Unpack it and name the files: {listed}.",
            file=name,
        )
    if members[0].flag_bits & 1:
        raise InputError("The zip archive is locked with a password.", hint="Unpack it first.", file=name)
    return archive.open(members[0])


def _is_member(member: zipfile.ZipInfo) -> bool:
    """Whether an archive's entry is data, not a folder or an operating system's own."""
    parts = Path(member.filename).parts
    return not member.is_dir() and "__MACOSX" not in parts and not parts[-1].startswith(".")


def _is_office(path: Path) -> bool:
    """Whether a zip archive is a document of an office program: those are told by name, not unpacked."""
    try:
        names = zipfile.ZipFile(path).namelist()
    except (zipfile.BadZipFile, OSError):
        return False
    return "[Content_Types].xml" in names or "mimetype" in names


_OPENERS: dict[bytes, Callable[[Path, str], Any]] = {
    b"\x1f\x8b": _gzip,
    b"BZh": _bz2,
    b"\xfd7zXZ\x00": _xz,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"PK\x03\x04": _zip_member,
}
