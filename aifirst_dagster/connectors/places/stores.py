"""The fsspec file system for an address, with our time limits; what is not installed is named."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from aifirst_dagster.connectors.places.address import scheme, shown
from aifirst_dagster.errors import ConfigError

#: Seconds to reach a server, and between two bytes of its answer.
CONNECT, IDLE = 15.0, 60.0
_EXTRAS = {
    "s3": ("s3fs", "s3"), "s3a": ("s3fs", "s3"), "gs": ("gcsfs", "gcs"), "gcs": ("gcsfs", "gcs"),
    "az": ("adlfs", "azure"), "abfs": ("adlfs", "azure"), "abfss": ("adlfs", "azure"),
}  # fmt: skip


def store(url: str, anonymous: bool = False) -> Any:
    """The file system that `url` is in.

    Args:
        url: An address.
        anonymous: Ask without credentials, as public data may be.

    Raises:
        ConfigError: The store's library is not installed.
    """
    import fsspec

    kind = scheme(url) or "http"
    if kind in _EXTRAS and find_spec(_EXTRAS[kind][0]) is None:
        module, extra = _EXTRAS[kind]
        raise ConfigError(
            f"Reading {kind}:// needs {module}, which is not installed.",
            hint=f"pip install aifirst-dagster[{extra}]", file=shown(url),
        )  # fmt: skip
    options: dict[str, Any] = {"use_listings_cache": False}
    if kind in ("http", "https"):
        import aiohttp

        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=IDLE)
        options |= {"client_kwargs": {"timeout": limits, "trust_env": True}, "simple_links": False}
        # Addresses are taken as they are written: a signature covers their escapes.
        options["encoded"] = "%" in url
    elif kind in ("s3", "s3a"):
        retries = {"retries": {"max_attempts": 3}, "connect_timeout": CONNECT, "read_timeout": IDLE}
        options |= {"anon": anonymous, "config_kwargs": retries}
        if not os.environ.get("AWS_DEFAULT_REGION") and not os.environ.get("AWS_REGION"):
            options["client_kwargs"] = {"region_name": "us-east-1"}
    elif kind in ("gs", "gcs"):
        # The plain one: the other asks over gRPC what kind of bucket it is, which neither proxies nor emulators know.
        from gcsfs.core import GCSFileSystem

        return GCSFileSystem(**options, token="anon" if anonymous or _emulated() else None, timeout=IDLE)
    elif kind == "ftp":
        from aifirst_dagster.connectors.places.ftp import files_at

        return files_at(url, IDLE)
    else:
        options |= {"anon": anonymous, "connection_timeout": int(CONNECT), "read_timeout": int(IDLE)}
    protocol = {"s3a": "s3", "az": "abfs", "abfss": "abfs", "https": "http"}.get(kind, kind)
    return fsspec.filesystem(protocol, **options)


def _emulated() -> bool:
    """Whether Google's storage is an emulator, which knows no credentials."""
    return bool(os.environ.get("STORAGE_EMULATOR_HOST"))
