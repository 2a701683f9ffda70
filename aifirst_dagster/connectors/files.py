"""Which files a path, folder or glob stands for, and what tells two contents apart."""

from __future__ import annotations

import hashlib
from glob import has_magic
from pathlib import Path

from aifirst_dagster.errors import InputError

#: Suffixes of files that some program is still writing, and prefixes of files that are not data.
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".swp", ".filepart")
NOT_DATA = (".", "~$")


def is_data(path: Path) -> bool:
    """Whether `path` may be read: not hidden, not a lock file, not half copied."""
    return not path.name.startswith(NOT_DATA) and path.suffix.lower() not in UNFINISHED


def expand(path_or_glob: str | Path, root: Path) -> list[Path]:
    """The files that a path, a folder or a glob stands for, in order of their names; may be empty.

    Hidden and half-copied files are left out of folders and globs. A name that exists is never read as a glob, so
    that a file called `[a].csv` can be named.

    Args:
        path_or_glob: Relative ones start at `root`. `**` walks folders.
        root: An absolute folder.

    Raises:
        InputError: A path without wildcards does not exist, or a folder may not be read.
    """
    path = root / Path(path_or_glob).expanduser()
    try:
        if path.is_file() or str(path_or_glob) == "-":
            return [path if path.is_file() else Path("-")]
        if path.is_dir():
            return sorted(found for found in path.iterdir() if found.is_file() and is_data(found))
        if has_magic(str(path)):
            return sorted(_matches(path))
    except PermissionError as error:
        raise InputError(
            "The folder may not be read.", hint="Give this user the right to read it.", file=str(path)
        ) from error
    raise InputError("There is no such file or folder.", hint="Check the path and where it starts.", file=str(path))


def _matches(pattern: Path) -> list[Path]:
    """Files that match a glob, below the deepest folder that it names outright."""
    parts = pattern.parts
    fixed = next(index for index, part in enumerate(parts) if has_magic(part))
    base = Path(*parts[:fixed])
    if not base.is_dir():
        return []
    found = (path for path in base.glob("/".join(parts[fixed:])) if path.is_file())
    return [path for path in found if all(is_data(Path(part)) for part in path.relative_to(base).parts)]


def content_hash(path: Path) -> str:
    """A file's content as 32 hexadecimal digits (BLAKE2b, 128 bits; about 1 GB/s)."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
