"""SDK clients, shared: one for each event loop, key and address, so that connections are reused from call to call."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

#: Clients kept for one loop; the one that was unused for longest is closed.
KEPT = 32


class Closable(Protocol):
    """An SDK's async client."""

    def close(self) -> Awaitable[Any]:
        """Give its connections back."""


_C = TypeVar("_C", bound=Closable)
_lock = threading.Lock()
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, OrderedDict[Hashable, Any]] = WeakKeyDictionary()
_closing: set[asyncio.Task[None]] = set()


def shared(identity: Hashable, make: Callable[[], _C]) -> _C:
    """The running loop's client for `identity` (whatever it was made from: key, address, timeout)."""
    loop = asyncio.get_running_loop()
    with _lock:
        known = _clients.setdefault(loop, OrderedDict())
    if identity not in known:
        known[identity] = make()
    known.move_to_end(identity)
    if len(known) > KEPT:
        _, oldest = known.popitem(last=False)
        closing = loop.create_task(_closed(oldest))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
    client: _C = known[identity]
    return client


async def close_all() -> None:
    """Close the running loop's clients; the next call makes new ones."""
    with _lock:
        known = _clients.pop(asyncio.get_running_loop(), OrderedDict())
    for client in known.values():
        await client.close()


async def _closed(client: Closable) -> None:
    await client.close()
