"""Addresses of remote files, and how they may be shown: without user names, passwords, tokens and signatures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

#: Scheme -> what a person calls the store.
SCHEMES = {
    "http": "the web server", "https": "the web server", "s3": "S3", "s3a": "S3", "gs": "Google Cloud Storage",
    "gcs": "Google Cloud Storage", "az": "Azure storage", "abfs": "Azure storage", "abfss": "Azure storage",
    "ftp": "the FTP server",
}  # fmt: skip
_SCHEME = re.compile(r"^([a-z][a-z0-9]+):/{1,2}(?=[^/])", re.IGNORECASE)
#: Words of names of query fields whose values open doors.
_SECRET = re.compile(r"sig|token|key|secret|pass|pwd|auth|credential|cred|code|session|jwt|policy|hmac", re.IGNORECASE)
_LONG = 24


@dataclass(frozen=True)
class RemoteFile:
    """A file at an address; as text it is the address without its secrets.

    Attributes:
        url: The address to ask at; may hold secrets, so it is never shown.
        wanted: What stands behind `#`: a sheet, a table, files of an archive.
        state: What changes when the content does (ETag, or size and time); None: not known.
        size: Bytes, where known.
    """

    url: str = field(repr=False)
    wanted: str | None = None
    state: str | None = None
    size: int | None = None

    def __str__(self) -> str:
        return shown(self.url) + (f"#{self.wanted}" if self.wanted else "")

    @property
    def path(self) -> str:
        """The path in the address, where suffixes are."""
        return unquote(urlsplit(self.url).path) if scheme(self.url) in ("http", "https", "ftp") else self.url

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rstrip("/").rpartition("/")[2]


def scheme(text: str) -> str | None:
    """The scheme of a remote address, or None where it is a path."""
    match = _SCHEME.match(text)
    found = match.group(1).lower() if match else ""
    return found if found in SCHEMES else None


def is_remote(text: str) -> bool:
    """Whether it is an address, not a path."""
    return scheme(text) is not None


def shown(url: str) -> str:
    """An address as people, logs and `_source` may see it."""
    if not is_remote(url):
        return url
    kind, _, rest = url.partition(":")
    rest = rest.lstrip("/")
    if kind.lower() not in ("http", "https"):
        return f"{kind}://{rest.rpartition('@')[2] if '@' in rest.partition('/')[0] and kind[:4] != 'abfs' else rest}"
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(_field(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    return f"{kind}://{host}{parts.path}" + (f"?{query}" if query else "")


def hidden(text: str, url: str) -> str:
    """A message of a library without what is secret in `url`."""
    parts = urlsplit(url)
    secrets = [parts.username, parts.password]
    secrets += [value for name, value in parse_qsl(parts.query) if _is_secret(name, value)]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in {secret, unquote(secret), quote(secret, safe="")}:
            text = text.replace(form, "***")
    return text


def _field(name: str, value: str) -> str:
    return f"{name}=***" if value and _is_secret(name, value) else f"{quote(name)}={quote(value)}"


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET.search(name)) or (len(value) >= _LONG and not re.search(r"[ ,/]", value))
