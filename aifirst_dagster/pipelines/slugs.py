"""Names as people write them -> names that asset keys, folders and SQL accept."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

MAX_LENGTH = 60
_HASH_LENGTH = 6


def slug(name: str) -> str:
    """Lower-case ASCII letters, digits and underscores that stand for `name`.

    Where characters beyond ASCII were lost, or the name is too long, a short hash of the name is added, so that two
    different names in any script stay different. `"Load Customer CSV"` -> `load_customer_csv`.
    """
    text = unicodedata.normalize("NFKD", name)
    ascii_text = "".join(char for char in text if ord(char) < 128)
    base = re.sub(r"[^a-z0-9]+", "_", ascii_text.lower()).strip("_")
    if base and name.isascii() and len(base) <= MAX_LENGTH:
        return base
    digest = sha256(unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    return f"{base[: MAX_LENGTH - _HASH_LENGTH - 1].strip('_') or 'x'}_{digest}"
