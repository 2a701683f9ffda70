"""How far long work is, told to whoever listens in this process: the command line, while it waits for a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[str, str], None]] = []


@contextmanager
def heard(by: Callable[[str, str], None]) -> Iterator[None]:
    """Call `by` with (step, text) for all that is told meanwhile."""
    _listeners.append(by)
    try:
        yield
    finally:
        _listeners.remove(by)


def tell(step: str, text: str) -> None:
    """Say how far a step is."""
    for listener in _listeners:
        listener(step, text)
