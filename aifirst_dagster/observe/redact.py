"""Secrets out of text: keys by their look, and the values of secret environment variables wherever they turn up."""

from __future__ import annotations

import os
import re

MASK = "***"
_LOOKS = re.compile(
    r"\b(sk-[A-Za-z0-9_\-]{8,}|AIza[0-9A-Za-z_\-]{20,}|AKIA[0-9A-Z]{16})"
    r"|(?i:\bbearer\s+)[A-Za-z0-9._~+/=\-]{8,}"
    r"|(?<=://)([^\s/:@]*):([^\s/@]+)(?=@)"
)
_known: set[str] = set()
_SECRET_NAME = re.compile(r"(API_KEY|TOKEN|SECRET|PASSWORD|_URL|WEBHOOK)$")


def conceal(secret: str) -> None:
    """Take `secret` out of every text from now on, whatever its variable is called."""
    if len(secret) >= 8:
        _known.add(secret)


def redact(text: str) -> str:
    """`text` with keys, bearer tokens, passwords in addresses, and secrets of the environment replaced by `***`."""
    for secret in (*sorted(_known, key=len, reverse=True), *_environment_secrets()):
        text = text.replace(secret, MASK)
    return _LOOKS.sub(lambda found: f"{found[2] or ''}:{MASK}" if found[3] else MASK, text)


def _environment_secrets() -> list[str]:
    """Values of variables that are named like secrets, longest first; addresses only where they carry a password."""
    values = [
        value
        for name, value in os.environ.items()
        if len(value) >= 8 and _SECRET_NAME.search(name) and ("_URL" not in name or "@" in value)
    ]
    return sorted(values, key=len, reverse=True)
