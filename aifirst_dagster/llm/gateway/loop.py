"""The event loop that synchronous callers share: one background thread of the process runs every call."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
#: Seconds that an interrupted call gets to write down that it was interrupted.
_GRACE = 10.0
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine on the background loop and wait for it.

    Ctrl-C, or whatever else ends the wait, cancels the work; it is given a moment to close its books.

    Raises:
        RuntimeError: Called from the background loop itself, which would wait for itself.
    """
    if threading.current_thread() is _thread:
        work.close()
        raise RuntimeError("A synchronous call from within the gateway would wait for itself; use `acall`.")
    loop = _background()
    ended = threading.Event()
    tasks: list[asyncio.Task[_T]] = []

    def start() -> None:
        task = loop.create_task(work)
        task.add_done_callback(lambda _: ended.set())
        tasks.append(task)

    loop.call_soon_threadsafe(start)
    try:
        ended.wait()
    except BaseException:
        loop.call_soon_threadsafe(lambda: tasks[0].cancel())
        ended.wait(_GRACE)
        raise
    return tasks[0].result()


def _background() -> asyncio.AbstractEventLoop:
    global _loop, _thread
    with _lock:
        if _loop is None:
            _loop = _quickest()
            _thread = threading.Thread(target=_loop.run_forever, name="aifirst-llm", daemon=True)
            _thread.start()
        return _loop


def _quickest() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed (Dagster's webserver brings it): a tenth less time for each request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _forked() -> None:
    """A forked child has the loop's memory but not its thread: it starts its own."""
    global _loop, _thread, _lock
    _loop, _thread, _lock = None, None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
