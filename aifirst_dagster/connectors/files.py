"""Which files a path, folder or glob stands for, and what tells two contents apart."""

from __future__ import annotations

import hashlib
import tempfile
from glob import has_magic
from pathlib import Path

from aifirst_dagster.connectors.places.address import RemoteFile, is_remote
from aifirst_dagster.errors import InputError

#: A file here, or at an address; as text it is what people may see.
File = Path | RemoteFile

#: Suffixes of files that some program is still writing, and prefixes of files that are not data.
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".swp", ".filepart")
NOT_DATA = (".", "~$")


def is_data(path: Path) -> bool:
    """Whether `path` may be read: not hidden, not a lock file, not half copied."""
    return not path.name.startswith(NOT_DATA) and path.suffix.lower() not in UNFINISHED


def expand(path_or_glob: str | Path, root: Path) -> list[File]:
    """The files that a path, a folder, a glob or an address stands for, in order of their names; may be empty.

    What stands behind `#` in a file's path (a sheet, a table, files of an archive) stays with it. Hidden and
    half-copied files are left out of folders and globs. A name that exists is never read as a glob, so that a file
    called `[a].csv` can be named.

    Args:
        path_or_glob: Relative ones start at `root`. `**` walks folders.
        root: An absolute folder.

    Raises:
        InputError: A path without wildcards does not exist, or a folder may not be read.
        ServiceError: A store cannot be reached.
    """
    if is_remote(str(path_or_glob)):
        from aifirst_dagster.connectors.places.listing import listed

        return list(listed(str(path_or_glob)))
    path = root / Path(path_or_glob).expanduser()
    try:
        if path.is_file() or str(path_or_glob) == "-":
            return [path if path.is_file() else Path("-")]
        if path.is_dir():
            return [*sorted(found for found in path.iterdir() if found.is_file() and is_data(found))]
        place, wanted = split(str(path))
        if wanted is not None and Path(place).is_file():
            return [path]
        if has_magic(place):
            return [Path(f"{found}#{wanted}") if wanted else found for found in sorted(_matches(Path(place)))]
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


def split(name: str) -> tuple[str, str | None]:
    """A path, and what stands behind `#` in it; a file whose own name holds the sign is that file."""
    if "#" not in name or Path(name).exists():
        return name, None
    pieces = name.split("#")
    cuts = ["#".join(pieces[:cut]) for cut in range(1, len(pieces))]
    place = next((cut for cut in cuts if Path(cut).is_file()), cuts[0] if has_magic(cuts[0]) else name)
    return place, name[len(place) + 1 :] or None


def is_archive(path: str) -> bool:
    """Whether a path may be one of an archive, whose files are sources of their own: `path#inner.csv`."""
    return path.lower().endswith((".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz"))


def state(file: File) -> str:
    """What changes when a file does, found without reading it: size and time, or the store's own mark.

    Raises:
        FileNotFoundError: It is gone.
        InputError: It is gone from its store, or may not be read.
    """
    if isinstance(file, RemoteFile):
        from aifirst_dagster.connectors.places.listing import known

        return known(file).state or ""
    stat = Path(split(str(file))[0]).stat()
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def content_hash(file: File) -> str:
    """What tells one content from another: 32 hexadecimal digits (BLAKE2b, 128 bits; about 1 GB/s).

    A remote file is told by its store's mark (ETag and the like), and fetched only where there is none.
    """
    if isinstance(file, RemoteFile):
        return _remote_hash(file)
    digest = hashlib.blake2b(digest_size=16)
    with Path(split(str(file))[0]).open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _remote_hash(file: RemoteFile) -> str:
    """The store's mark, else the hash of what is fetched."""
    mark = state(file)
    if mark:
        return mark
    from aifirst_dagster.connectors.places.fetch import fetch

    with tempfile.TemporaryDirectory(prefix="aifirst-hash-") as folder:
        target = Path(folder, "content")
        fetch(file, target)
        return content_hash(target)
