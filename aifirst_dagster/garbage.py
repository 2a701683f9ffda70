"""When Python looks for garbage: not while what is made stays anyway, seldom while much of it passes through."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: New objects between two looks while many requests are under way, and how many looks at the young come before one at
#: the older ones; Python's own figures (700, 10, 10) are made for less. A call leaves nothing to collect: 6,000 of them
#: have the same peak of memory as with a tenth of it. Other work that does leaves some 200 MB until a look is due.
SELDOM = (1_000_000, 50, 50)
_lock = threading.Lock()
_crowds = 0
_usual: tuple[int, int, int] = gc.get_threshold()


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: it would walk a growing heap, of which all stays, again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collections are far apart until the last of those who ask for it, in any thread, has done.

    A thousand requests under way are some million objects that live for a second: walking them takes a quarter of the
    processor time, and frees nothing.
    """
    global _crowds, _usual
    with _lock:
        if not _crowds:
            _usual = gc.get_threshold()
            gc.set_threshold(*SELDOM)
        _crowds += 1
    try:
        yield
    finally:
        with _lock:
            _crowds -= 1
            if not _crowds:
                gc.set_threshold(*_usual)
