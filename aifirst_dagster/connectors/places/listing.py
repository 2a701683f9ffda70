"""Which remote files an address stands for, and what tells that one has changed without fetching it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from aifirst_dagster.connectors.places.address import RemoteFile, scheme
from aifirst_dagster.connectors.places.faults import no_login, worded
from aifirst_dagster.connectors.places.stores import store
from aifirst_dagster.errors import InputError

_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".swp", ".filepart")
_VALIDATORS = ("ETag", "etag", "e_tag", "md5Hash", "content_md5", "Content-MD5", "generation")
_TIMES = ("Last-Modified", "LastModified", "last_modified", "updated", "mtime", "modify")


def listed(url: str) -> list[RemoteFile]:
    """The files that an address, or a glob in one, stands for, in order of their names; may be empty for a glob.

    In web addresses only `*` is a wildcard, and the server has to list its folders as links.

    Raises:
        InputError: There is no such file, or it may not be read.
        ServiceError: The store cannot be reached.
    """
    url, wanted = _fragment(url)
    web = scheme(url) in ("http", "https")
    path, _, query = url.partition("?") if web else (url, "", "")
    if not re.search(r"\*" if web else r"[*?\[]", path):
        if web or not url.endswith("/"):
            return [RemoteFile(url, wanted)]
        url += "*"
    found = asked(url, lambda files: files.glob(url, detail=True))
    prefix = "" if web else f"{scheme(url)}://"
    end = f"?{query}" if query and web else ""

    def place(name: str) -> str:
        if scheme(url) == "ftp":
            from aifirst_dagster.connectors.places.ftp import address

            return address(url, name)
        return prefix + name + end

    return [
        RemoteFile(place(name), wanted, None if web else _state(info), info.get("size"))
        for name, info in sorted(found.items())
        if info.get("type", "file") == "file" and _is_data(name)
    ]


def known(file: RemoteFile) -> RemoteFile:
    """`file` with its state and size, as the store tells them now.

    Raises:
        InputError: There is no such file, or it may not be read.
        ServiceError: The store cannot be reached.
    """
    if file.state is not None:
        return file
    try:
        info = asked(file.url, lambda files: files.info(file.url))
    except InputError:
        if scheme(file.url) not in ("http", "https"):
            raise
        return file  # servers that allow GET alone: fetching tells
    return RemoteFile(file.url, file.wanted, _state(info), info.get("size"))


def asked(url: str, question: Callable[[Any], Any]) -> Any:
    """The answer of the store to `question`; asked again without credentials where none are found.

    Raises:
        InputError: There is no such file, or it may not be read.
        ServiceError: The store cannot be reached.
        ConfigError: The store's library is not installed.
    """
    try:
        return question(store(url))
    except Exception as error:  # noqa: BLE001 - each library has its own; all are worded below
        if not no_login(error):
            raise worded(error, url) from None
        lacking = error
    try:
        return question(store(url, anonymous=True))
    except Exception:  # noqa: BLE001
        raise worded(lacking, url) from None


def _state(info: dict[str, Any]) -> str | None:
    """What changes with the content: the store's own mark, else size and time; None where it says neither."""
    marks = [str(info[name]) for name in _VALIDATORS if info.get(name)]
    times = [str(info[name]) for name in _TIMES if info.get(name)]
    if not marks and not times:
        return None
    shape = "\n".join([*(marks or times), str(info.get("size"))])
    return "remote:" + hashlib.blake2b(shape.encode(), digest_size=16).hexdigest()


def _fragment(url: str) -> tuple[str, str | None]:
    """The address, and what stands behind `#`; an object whose own name holds the sign is that object."""
    if "#" in url and scheme(url) not in ("http", "https") and asked(url, lambda files: files.exists(url)):
        return url, None
    place, _, wanted = url.partition("#")
    return place, wanted or None


def _is_data(name: str) -> bool:
    last = name.rstrip("/").rpartition("/")[2]
    return not last.startswith((".", "~$")) and not last.lower().endswith(_UNFINISHED)
