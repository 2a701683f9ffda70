"""The way to Redis, where `AIFIRST_REDIS_URL` names one; without it, or while it is gone, callers do without."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    from redis.asyncio import Redis

URL = "AIFIRST_REDIS_URL"
#: Seconds that a Redis which went away is left alone.
PAUSE = 10.0
#: Seconds for a connection and for an answer: a cache that is slower than that is none.
PATIENCE = 1.0
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class GoneError(Exception):
    """Redis cannot be reached now."""


class RedisLink:
    """One address. It warns once when Redis goes away, and says when it is back."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis] = WeakKeyDictionary()
        self._gone_until, self._gone = 0.0, False
        self._connect()

    async def do(self, work: Callable[[Redis], Awaitable[_T]]) -> _T:
        """Run commands.

        Raises:
            GoneError: Redis is away.
        """
        from redis.exceptions import RedisError

        if time.monotonic() < self._gone_until:
            raise GoneError
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._connect()
        try:
            result = await work(self._clients[loop])
        except (RedisError, OSError, TimeoutError) as error:
            self._gone_until = time.monotonic() + PAUSE
            if not self._gone:
                self._gone = True
                _log.warning(
                    "Redis is gone (%s); answers are cached on this machine and rate limits counted per process "
                    "until it is back.",
                    type(error).__name__,
                )
            raise GoneError from error
        if self._gone:
            self._gone = False
            _log.info("Redis is back.")
        return result

    def _connect(self) -> Redis:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        try:
            pool: Any = BlockingConnectionPool.from_url(
                self._url,
                # More would not be quicker: Redis serves one command at a time.
                max_connections=16,
                timeout=30,
                socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
                decode_responses=True,
                retry=Retry(NoBackoff(), 1),
            )
        except ValueError as error:
            raise ConfigError(
                f"{URL} cannot be read as an address.", hint="Write it as redis://:password@host:6379/0."
            ) from error
        return Redis(connection_pool=pool)


_links: dict[str, RedisLink] = {}


def link() -> RedisLink | None:
    """The process's link to the Redis that the environment names, if any.

    Raises:
        ConfigError: The address cannot be read, or the `redis` package is missing.
    """
    url = os.environ.get(URL)
    if not url:
        return None
    if url not in _links:
        _links[url] = RedisLink(url)
    return _links[url]
