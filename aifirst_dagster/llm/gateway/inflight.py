"""Identical requests that are under way at the same time are sent once; the others wait for its answer."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from aifirst_dagster.llm.failures import LLMError
from aifirst_dagster.llm.types import Usage

_T = TypeVar("_T")
_flights: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Future[Any]]] = WeakKeyDictionary()
#: What would happen to the same request again; other failures are the first caller's own (its budget, its Ctrl-C).
_SHARED = {"refused", "truncated", "invalid", "unavailable", "rejected", "auth"}


async def once(key: str, work: Callable[[], Awaitable[_T]]) -> tuple[_T, bool]:
    """Do `work`, or wait for the one who does it already.

    Returns:
        The result, and whether it is another's.

    Raises:
        LLMError: Another's failure, without its bill.
    """
    loop = asyncio.get_running_loop()
    flights = _flights.setdefault(loop, {})
    while key in flights:
        try:
            # Shielded: a caller that stops waiting must not stop the others' answer.
            return await asyncio.shield(flights[key]), True
        except _GivenUpError:
            continue
        except LLMError as error:
            theirs = copy.copy(error)
            theirs.usage, theirs.attempts = Usage.none(), 0
            raise theirs from error
    flight = flights[key] = loop.create_future()
    try:
        result = await work()
    except BaseException as error:
        share = isinstance(error, LLMError) and error.kind in _SHARED
        flight.set_exception(error if share else _GivenUpError())
        # Nobody may be waiting: then asyncio must not complain that nobody looked.
        flight.exception()
        raise
    else:
        flight.set_result(result)
        return result, False
    finally:
        del flights[key]


class _GivenUpError(Exception):
    """The one who asked stopped for reasons of its own; another takes over."""
