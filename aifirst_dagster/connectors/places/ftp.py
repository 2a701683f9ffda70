"""FTP servers: fsspec's file system, with the address's user and password, and names as addresses write them."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from fsspec.implementations.ftp import FTPFileSystem


class FtpFiles(FTPFileSystem):
    """The files of the server in an address; `%20` in a path is a space."""

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        if path.lower().startswith("ftp://"):
            path = unquote(urlsplit(path).path)
        return "/" + path.strip("/")


def files_at(url: str, timeout: float) -> FtpFiles:
    """The file system that `url` is in; without a user in it, anonymous."""
    parts = urlsplit(url)
    return FtpFiles(
        host=parts.hostname or "", port=parts.port or 21, username=unquote(parts.username or ""),
        password=unquote(parts.password or ""), timeout=timeout, use_listings_cache=False, skip_instance_cache=True,
    )  # fmt: skip


def address(url: str, name: str) -> str:
    """The address of a file on the server of `url`."""
    return f"ftp://{urlsplit(url).netloc}{quote(name)}"
