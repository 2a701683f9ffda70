"""Rate limits, kept rather than run into: calls wait until what they need is there.

Each limit is a bucket that fills evenly up to a minute's worth, as the providers' own do. How large it is, and how
full, is learned from every answer's headers; a resource may state limits of its own. Where there is Redis, all
processes on one key and model share the buckets (`limits_redis`); otherwise each process has its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol
from weakref import WeakKeyDictionary

from aifirst_dagster.llm.failures import UnavailableError
from aifirst_dagster.llm.gateway.redis_link import RedisLink, link
from aifirst_dagster.llm.resource import EnvRef, LimitsPolicy, LLMResourceSpec
from aifirst_dagster.llm.types import RateLimit

KINDS = ("requests", "input_tokens", "output_tokens", "tokens")
Amounts = dict[str, float]


@dataclass
class Bucket:
    """What may still be sent now (`level`), and what a minute allows (`limit`)."""

    limit: float
    level: float
    at: float

    def refill(self, now: float) -> None:
        """Up to now."""
        self.level = min(self.limit, self.level + max(0.0, now - self.at) * self.limit / 60)
        self.at = now


class Counts(Protocol):
    """Where the buckets are."""

    async def take(self, need: Amounts) -> float:
        """Take `need` out of every bucket that is known; or, where one holds too little, nothing, and say when to
        come back (seconds)."""

    async def settle(self, back: Amounts, limits: Iterable[RateLimit], pause: float) -> None:
        """Give `back` what was not used, learn `limits`, and let nobody pass for `pause` seconds."""


@dataclass
class LocalCounts:
    """Buckets of this process."""

    stated: Amounts = field(default_factory=dict)

    def __post_init__(self) -> None:
        now = time.time()
        self._buckets = {kind: Bucket(limit, limit, now) for kind, limit in self.stated.items()}
        self._lock, self._closed_until = threading.Lock(), 0.0

    async def take(self, need: Amounts) -> float:
        """See `Counts`."""
        with self._lock:
            now = time.time()
            wait = self._closed_until - now
            for kind, bucket in self._buckets.items():
                bucket.refill(now)
                # More than a minute's worth never fits: it passes when the bucket is full.
                wanted = min(need.get(kind, 0.0), bucket.limit)
                wait = max(wait, (wanted - bucket.level) * 60 / bucket.limit)
            if wait <= 1e-9:
                for kind, bucket in self._buckets.items():
                    bucket.level -= need.get(kind, 0.0)
            return max(0.0, wait)

    async def settle(self, back: Amounts, limits: Iterable[RateLimit], pause: float) -> None:
        """See `Counts`."""
        with self._lock:
            now = time.time()
            for kind, bucket in self._buckets.items():
                bucket.refill(now)
                bucket.level = min(bucket.limit, bucket.level + back.get(kind, 0.0))
            for said in limits:
                if said.limit <= 0:
                    continue
                limit = min(float(said.limit), self.stated.get(said.kind, float("inf")))
                known = self._buckets.get(said.kind)
                level = min(float(said.remaining), limit, known.level if known else float("inf"))
                self._buckets[said.kind] = Bucket(limit, level, now)
            self._closed_until = max(self._closed_until, now + pause)


class Limiter:
    """The queue before one account's model: who comes first is served first."""

    def __init__(self, counts: Counts, name: str) -> None:
        self._counts, self._name = counts, name
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
        self._typical_output: float | None = None

    async def take(self, input_tokens: int, max_tokens: int, ends: float) -> Amounts:
        """Wait until the request fits, and take its share; what was taken.

        Args:
            input_tokens: A fair guess.
            max_tokens: The answer's cap; what answers came to so far is the better guess.
            ends: The event loop's time up to which waiting makes sense.

        Raises:
            UnavailableError: It would have to wait longer.
        """
        output = min(max_tokens, self._typical_output if self._typical_output is not None else 500)
        need = {
            "requests": 1.0,
            "input_tokens": float(input_tokens),
            "output_tokens": float(output),
            "tokens": float(input_tokens + output),
        }
        loop = asyncio.get_running_loop()
        async with self._queues.setdefault(loop, asyncio.Lock()):
            while wait := await self._counts.take(need):
                if loop.time() + wait >= ends:
                    raise UnavailableError(
                        f"{self._name} allows no further request for {wait:.0f} s, and the call's deadline is before.",
                        hint="Raise deadline in the resource, send less at once, or ask for higher rate limits.",
                    )
                await asyncio.sleep(wait)
        return need

    async def settle(
        self, taken: Amounts, used: tuple[int, int] | None, limits: Iterable[RateLimit], pause: float = 0.0
    ) -> None:
        """After the request.

        Args:
            taken: What `take` took.
            used: Input and output tokens that the provider counted; None: none, or nobody knows.
            limits: What the answer's headers said.
            pause: Seconds that the provider asked everybody to wait.
        """
        fresh, output = used or (0, 0)
        if used:
            before = self._typical_output if self._typical_output is not None else float(output)
            self._typical_output = 0.8 * before + 0.2 * output
        back = {
            "input_tokens": taken["input_tokens"] - fresh,
            "output_tokens": taken["output_tokens"] - output,
            "tokens": taken["tokens"] - fresh - output,
        }
        await self._counts.settle(back, tuple(limits), pause)


_limiters: dict[tuple[str, LimitsPolicy, RedisLink | None], Limiter] = {}
_lock = threading.Lock()


def limiter_of(spec: LLMResourceSpec, model: str, key_variable: str | None) -> Limiter:
    """The process's limiter for the account behind a resource, and a model.

    Args:
        spec: The resource.
        model: The model's id.
        key_variable: The environment variable of the provider's key where the resource names none. The key itself goes
            into a hash only.
    """
    secret = spec.api_key.read() if spec.api_key else os.environ.get(key_variable or "")
    base = spec.base_url.read() if isinstance(spec.base_url, EnvRef) else spec.base_url
    account = _account(spec.provider, secret, base, model)
    policy, redis = spec.limits, link()
    with _lock:
        known = _limiters.get((account, policy, redis))
        if known is None:
            stated = {kind: getattr(policy, f"{kind}_per_minute", None) for kind in KINDS}
            local = LocalCounts({kind: float(limit) for kind, limit in stated.items() if limit})
            counts = _shared(account, redis, local) if redis else local
            known = _limiters[account, policy, redis] = Limiter(counts, f"{spec.provider} ({model})")
        return known


@lru_cache(maxsize=64)
def _account(*what: str | None) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:24]


def _shared(account: str, redis: RedisLink, local: LocalCounts) -> Counts:
    from aifirst_dagster.llm.gateway.limits_redis import SharedCounts

    return SharedCounts(account, redis, local)
