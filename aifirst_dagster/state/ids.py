"""Ids of rows that are written often: UUIDs of version 7 (RFC 9562), whose order is that of time.

Rows that are written one after another then stand beside each other in every index: a commit touches a few pages
instead of one for each row.
"""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """A new id: 48 bits of milliseconds, 74 random ones."""
    noise = int.from_bytes(os.urandom(10), "big")
    number = (time.time_ns() // 1_000_000) << 80 | 7 << 76 | (noise >> 68) << 64 | 2 << 62 | noise & (1 << 62) - 1
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
