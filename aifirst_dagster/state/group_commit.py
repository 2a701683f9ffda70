"""Small writes of many threads and tasks, made in few transactions: whatever waits is written together."""

from __future__ import annotations

import asyncio
import atexit
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any

#: Writes in one transaction at most.
BATCH = 500
#: Seconds that the process's end waits for what is still to be written.
_DRAIN = 30.0
_all: weakref.WeakSet[GroupCommit] = weakref.WeakSet()
_One = tuple[Any, "Future[Any]"]


class GroupCommit:
    """Writes that are submitted while others are being made go into the next transaction together.

    Args:
        apply: Makes all the given writes in one transaction and returns their results, in order.
        name: The thread's name.
        at_once: The same without ever waiting for others, for an event loop's own thread: two changes of thread cost
            more than such a transaction. Raises where it would have to wait; then the thread does it.
        linger: Seconds that the thread waits for company, where nobody waits for the result.
    """

    def __init__(
        self,
        apply: Callable[[Sequence[Any]], Sequence[Any]],
        name: str,
        at_once: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
        linger: float = 0.0,
    ) -> None:
        self._apply, self._name, self._at_once, self._linger = apply, name, at_once, linger
        self._queue: queue.SimpleQueue[_One]
        self._lock: threading.Lock
        self._thread: threading.Thread | None
        self._open: set[Future[Any]]
        self._turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, list[_One]]
        self._reset()
        _all.add(self)

    def submit(self, write: Any, awaited: bool = False) -> Future[Any]:
        """Queue a write; it is made even where nobody waits for it.

        Args:
            write: What `apply` understands.
            awaited: A task of the running event loop is about to wait for it.
        """
        done: Future[Any] = Future()
        # From here on nobody can cancel it: a task that stops waiting must not stop the write.
        done.set_running_or_notify_cancel()
        self._open.add(done)
        done.add_done_callback(self._open.discard)
        if awaited and self._at_once is not None:
            loop = asyncio.get_running_loop()
            turn = self._turns.setdefault(loop, [])
            turn.append((write, done))
            if len(turn) == 1:
                loop.call_soon(self._take_turn, turn)
        else:
            self._hand_over([(write, done)])
        return done

    def drain(self, seconds: float = _DRAIN) -> None:
        """Wait until everything that was submitted is written."""
        wait(list(self._open), seconds)

    def _reset(self) -> None:
        self._queue, self._lock, self._thread = queue.SimpleQueue(), threading.Lock(), None
        self._open, self._turns = set(), weakref.WeakKeyDictionary()

    def _hand_over(self, batch: list[_One]) -> None:
        for one in batch:
            self._queue.put(one)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()

    def _take_turn(self, turn: list[_One]) -> None:
        """In the event loop: everything that its tasks submitted in this turn."""
        batch = turn[:]
        turn.clear()
        assert self._at_once is not None
        try:
            results = self._at_once([write for write, _ in batch])
        except Exception:  # noqa: BLE001
            # Busy, or worse: the thread tries again, with patience, one by one where need be, and says what is wrong.
            self._hand_over(batch)
        else:
            _resolve(batch, results)

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            if self._linger:
                time.sleep(self._linger)
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            self._write(batch)

    def _write(self, batch: list[_One]) -> None:
        from aifirst_dagster.errors import AifirstError

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
            _resolve(batch, results)


async def written(done: Future[Any]) -> Any:
    """Wait for a write that was submitted from the running event loop; its result.

    `asyncio.wrap_future` goes through the loop's wake-up pipe even where the write was made in the loop's own thread.
    """
    loop, here = asyncio.get_running_loop(), threading.get_ident()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def made(_: Future[Any]) -> None:
        if threading.get_ident() == here:
            wake()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(wake)

    done.add_done_callback(made)
    await waiter
    return done.result()


def _resolve(batch: list[_One], results: Sequence[Any]) -> None:
    for (_, done), result in zip(batch, results, strict=True):
        done.set_result(result)


@atexit.register
def _drain_all() -> None:
    for writer in list(_all):
        writer.drain()


def _forked() -> None:
    """A forked child starts with nothing to write: what its parent submitted is its parent's to write."""
    for writer in list(_all):
        writer._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
