"""Small writes of many threads and tasks, made in few transactions: whatever waits is written together."""

from __future__ import annotations

import atexit
import os
import queue
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any

#: Writes in one transaction at most.
BATCH = 500
#: Seconds that the process's end waits for what is still queued.
_DRAIN = 30.0
_all: weakref.WeakSet[GroupCommit] = weakref.WeakSet()


class GroupCommit:
    """A queue of writes and the one thread that makes them.

    Args:
        apply: Makes all the given writes in one transaction and returns their results, in order.
        name: The thread's name.
    """

    def __init__(self, apply: Callable[[Sequence[Any]], Sequence[Any]], name: str) -> None:
        self._apply, self._name = apply, name
        self._queue: queue.SimpleQueue[tuple[Any, Future[Any]]]
        self._lock: threading.Lock
        self._thread: threading.Thread | None
        self._reset()
        _all.add(self)

    def submit(self, write: Any) -> Future[Any]:
        """Queue a write; it is made even where nobody waits for it."""
        done: Future[Any] = Future()
        # From here on nobody can cancel it: a task that stops waiting must not stop the write.
        done.set_running_or_notify_cancel()
        self._queue.put((write, done))
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()
        return done

    def drain(self, seconds: float = _DRAIN) -> None:
        """Wait until everything that was queued is written."""
        if self._thread is None or not self._thread.is_alive():
            return
        mark: Future[Any] = Future()
        self._queue.put((None, mark))
        wait([mark], seconds)

    def _reset(self) -> None:
        self._queue, self._lock, self._thread = queue.SimpleQueue(), threading.Lock(), None

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            marks = [done for write, done in batch if write is None]
            self._write([one for one in batch if one[0] is not None])
            for mark in marks:
                mark.set_result(None)

    def _write(self, batch: list[tuple[Any, Future[Any]]]) -> None:
        from aifirst_dagster.errors import AifirstError

        if not batch:
            return
        try:
            results = self._apply([write for write, _ in batch])
        except Exception as error:  # noqa: BLE001
            # Trouble of the database meets every write alike; a defect of one must not cost the others.
            if len(batch) > 1 and not isinstance(error, AifirstError):
                for one in batch:
                    self._write([one])
                return
            for _, done in batch:
                done.set_exception(error)
        else:
            for (_, done), result in zip(batch, results, strict=True):
                done.set_result(result)


@atexit.register
def _drain_all() -> None:
    for writer in list(_all):
        writer.drain()


def _forked() -> None:
    """A forked child starts with an empty queue: what its parent queued is its parent's to write."""
    for writer in list(_all):
        writer._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
