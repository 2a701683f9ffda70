"""The response cache: under a key of everything that decides an answer, the answer. Only usable answers get here.

The ledger comes first: an answer is written there before it is written here, and a call looks there when it finds
nothing here. So a process may die at any moment, or the cache be deleted: no answer that was received is bought again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path

from pydantic import BaseModel, ValidationError

from aifirst_dagster.llm.gateway.cache_sqlite import SqliteAnswers
from aifirst_dagster.llm.gateway.redis_link import GoneError, RedisLink, link
from aifirst_dagster.llm.providers.base import Prepared
from aifirst_dagster.llm.resource import CachePolicy, LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest
from aifirst_dagster.project import Project

#: A longer answer is not kept.
LONGEST = 4_000_000
_PREFIX = "aifirst:answer:"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answers:
    """Redis in front where there is one, the embedded store where there is none or it is away."""

    embedded: SqliteAnswers
    redis: RedisLink | None
    seconds: int

    async def get(self, key: str) -> Answer | None:
        """The answer, if it is known."""
        text = await self._text(key)
        if text is None:
            return None
        try:
            return Answer.model_validate_json(text)
        except ValidationError:
            # Of another version of this package, or damaged.
            return None

    async def put(self, key: str, answer: Answer) -> None:
        """Keep a usable answer."""
        text = answer.model_dump_json(exclude={"limits"})
        if len(text) > LONGEST:
            return
        if self.redis is not None:
            try:
                await self.redis.do(lambda redis: redis.set(_PREFIX + key, text, ex=self.seconds))
                return
            except GoneError:
                pass
        self.embedded.put(key, text)

    async def _text(self, key: str) -> str | None:
        if self.redis is not None:
            try:
                found = await self.redis.do(lambda redis: redis.get(_PREFIX + key))
                return str(found) if found is not None else None
            except GoneError:
                pass
        return self.embedded.get(key)


_embedded: dict[tuple[Path, CachePolicy], SqliteAnswers] = {}
_lock = threading.Lock()


def answers_of(project: Project, policy: CachePolicy) -> Answers:
    """The cache of a project: Redis as the environment says now, and the file in the project's home."""
    place = (project.home, policy)
    with _lock:
        if place not in _embedded:
            _embedded[place] = SqliteAnswers(project.home / "llm-cache.db", policy.days, policy.megabytes)
        return Answers(_embedded[place], link(), max(1, int(policy.days * 86_400)))


def key_of(prepared: Prepared, spec: LLMResourceSpec, request: LLMRequest) -> str:
    """SHA-256 of everything that decides the answer: who is asked, what is sent, and what it must be."""
    base = spec.base_url if isinstance(spec.base_url, str | None) else spec.base_url.read()
    output = _schema(request.output) if request.output else None
    return hashlib.sha256(json.dumps([spec.provider, base, output]).encode() + b"\0" + prepared.text).hexdigest()


@remembered
def _schema(model: type[BaseModel]) -> str:
    return f"{model.__module__}.{model.__qualname__} {json.dumps(model.model_json_schema(), sort_keys=True)}"
