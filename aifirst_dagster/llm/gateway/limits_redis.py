"""The buckets of `limits` in Redis: one account's processes share them, each step one atomic script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aifirst_dagster.llm.gateway.limits import KINDS, Amounts, LocalCounts
from aifirst_dagster.llm.gateway.redis_link import GoneError, RedisLink
from aifirst_dagster.llm.types import RateLimit

#: KEYS[1]: the account's hash. ARGV: need for each of KINDS, the stated limit for each (0: none), a time to live.
_TAKE = """
local clock = redis.call('TIME'); local now = clock[1] + clock[2] / 1000000
local wait = (tonumber(redis.call('HGET', KEYS[1], 'closed_until')) or 0) - now
local levels = {}
for i, kind in ipairs({'requests', 'input_tokens', 'output_tokens', 'tokens'}) do
  local said = redis.call('HMGET', KEYS[1], kind .. ':limit', kind .. ':level', kind .. ':at')
  local limit, stated = tonumber(said[1]) or 0, tonumber(ARGV[4 + i])
  if stated > 0 and (limit == 0 or stated < limit) then limit = stated end
  if limit > 0 then
    local level, at = tonumber(said[2]) or limit, tonumber(said[3]) or now
    level = math.min(limit, level + math.max(0, now - at) * limit / 60)
    local need = tonumber(ARGV[i])
    wait = math.max(wait, (math.min(need, limit) - level) * 60 / limit)
    levels[kind] = {level - need, limit}
  end
end
if wait > 0.000000001 then return tostring(wait) end
for kind, one in pairs(levels) do
  redis.call('HSET', KEYS[1], kind .. ':level', tostring(one[1]), kind .. ':at', tostring(now),
    kind .. ':limit', tostring(one[2]))
end
redis.call('EXPIRE', KEYS[1], ARGV[9])
return '0'
"""
#: ARGV: what each of KINDS gets back, the limit said of each (0: none), what remains of each, a pause, a time to live.
_SETTLE = """
local clock = redis.call('TIME'); local now = clock[1] + clock[2] / 1000000
for i, kind in ipairs({'requests', 'input_tokens', 'output_tokens', 'tokens'}) do
  local said = redis.call('HMGET', KEYS[1], kind .. ':limit', kind .. ':level', kind .. ':at')
  local limit, level, at = tonumber(said[1]), tonumber(said[2]), tonumber(said[3]) or now
  if limit and level then level = math.min(limit, level + math.max(0, now - at) * limit / 60 + tonumber(ARGV[i])) end
  local told = tonumber(ARGV[4 + i])
  if told > 0 then
    limit, level = told, math.min(told, tonumber(ARGV[8 + i]), level or told)
  end
  if limit and level then
    redis.call('HSET', KEYS[1], kind .. ':level', tostring(level), kind .. ':at', tostring(now),
      kind .. ':limit', tostring(limit))
  end
end
local pause = tonumber(ARGV[13])
if pause > 0 then
  local closed = tonumber(redis.call('HGET', KEYS[1], 'closed_until')) or 0
  redis.call('HSET', KEYS[1], 'closed_until', tostring(math.max(closed, now + pause)))
end
redis.call('EXPIRE', KEYS[1], ARGV[14])
return '0'
"""
_KEPT_SECONDS = 3_600


@dataclass
class SharedCounts:
    """Buckets in Redis, by its own clock; while it is away, this process's."""

    account: str
    redis: RedisLink
    local: LocalCounts

    async def take(self, need: Amounts) -> float:
        """See `Counts`."""
        stated = [self.local.stated.get(kind, 0) for kind in KINDS]
        values = [*(need.get(kind, 0.0) for kind in KINDS), *stated, _KEPT_SECONDS]
        try:
            return float(await self.redis.do(lambda redis: redis.eval(_TAKE, 1, self._key, *values)))  # type: ignore[arg-type]
        except GoneError:
            return await self.local.take(need)

    async def settle(self, back: Amounts, limits: Iterable[RateLimit], pause: float) -> None:
        """See `Counts`."""
        said = {limit.kind: limit for limit in limits}
        # What is learned is learned here too, for the time when Redis is away.
        await self.local.settle({}, said.values(), pause)
        told = [said[kind].limit if kind in said else 0 for kind in KINDS]
        left = [said[kind].remaining if kind in said else 0 for kind in KINDS]
        values = [*(back.get(kind, 0.0) for kind in KINDS), *told, *left, pause, _KEPT_SECONDS]
        try:
            await self.redis.do(lambda redis: redis.eval(_SETTLE, 1, self._key, *values))  # type: ignore[arg-type]
        except GoneError:
            await self.local.settle(back, (), 0)

    @property
    def _key(self) -> str:
        return f"aifirst:limits:{self.account}"
