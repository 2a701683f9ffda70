"""How patient a transfer is, in seconds and bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Seconds and bytes.

    Attributes:
        tries: How often a fetch is tried.
        pause: Between the first two tries; then twice as long each time.
        slowest: A transfer of fewer bytes a second,
        patience: over so many seconds, is given up.
        block: Bytes asked of an object store at once.
        told_every: Between two words on how far a transfer is.
    """

    tries: int = 4
    pause: float = 0.5
    slowest: int = 1024
    patience: float = 60.0
    block: int = 8 << 20
    told_every: float = 5.0
