"""The prompt cache of a loopback Claude server: prefixes up to a mark are written, and read by who sends them again.

As the API does it: the order is tools, system, messages; a prefix counts from the model's least number of tokens; a
mark finds what was written at one of the twenty blocks before it; another model, effort, thinking or output format
is another cache; what is read lives on for its time.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

#: Tokens from which a prefix is kept (prompt caching guide): of today's Sonnet, and of the others.
LEAST = {"claude-sonnet-5-5": 512}
LEAST_OTHERS = 1_024
MOST_MARKS, LOOK_BACK = 4, 20
_SECONDS = {"5m": 300.0, "1h": 3_600.0}


@dataclass(frozen=True)
class Cached:
    """Input tokens of a request: none is counted twice."""

    fresh: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0


class PromptCache:
    """What is kept, by a hash of the prefix."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, float]] = {}

    def bill(self, body: dict[str, Any], tokens: int) -> Cached:
        """What of the request's `tokens` is read from the cache, what is written to it, what is neither.

        A prefix has a token for four signs.
        """
        blocks = _blocks(body)
        marks = [at for at, (_, ttl) in enumerate(blocks) if ttl]
        if not marks:
            return Cached(tokens)
        prefixes, lengths = _prefixes(body, [text for text, _ in blocks])
        sizes = [min(tokens, length // 4) for length in lengths]
        least = LEAST.get(body["model"], LEAST_OTHERS)
        now = time.monotonic()
        with self._lock:
            read = 0
            for mark in marks:
                for at in range(mark, max(-1, mark - LOOK_BACK), -1):
                    ends, seconds = self._kept.get(prefixes[at], (0.0, 0.0))
                    if ends > now:
                        self._kept[prefixes[at]] = (now + seconds, seconds)
                        read = max(read, sizes[at])
                        break
            written = {"5m": 0, "1h": 0}
            upto = read
            for mark in marks:
                ttl = blocks[mark][1]
                if sizes[mark] >= least and ttl:
                    written[ttl] += max(0, sizes[mark] - upto)
                    upto = max(upto, sizes[mark])
                    self._kept[prefixes[mark]] = (now + _SECONDS[ttl], _SECONDS[ttl])
        return Cached(tokens - upto, read, written["5m"], written["1h"])


def _blocks(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Every block in the order of the prefix: its text, and how long it is marked to be kept."""
    system = body.get("system") or []
    found = [*body.get("tools", ()), *(system if isinstance(system, list) else [{"type": "text", "text": system}])]
    for message in body["messages"]:
        content = message["content"]
        plain = [{"type": "text", "text": content}] if isinstance(content, str) else content
        found += [{**block, "role": message["role"]} for block in plain]
    return [(_text(block), _ttl(block)) for block in found]


def _text(block: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in block.items() if name != "cache_control"}, sort_keys=True)


def _ttl(block: dict[str, Any]) -> str | None:
    mark = block.get("cache_control")
    return mark.get("ttl", "5m") if mark else None


def _prefixes(body: dict[str, Any], texts: list[str]) -> tuple[list[str], list[int]]:
    """A hash of everything up to each block, and its length."""
    config = [body["model"], body.get("thinking"), body.get("output_config"), body.get("tool_choice")]
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    hashes, lengths, length = [], [], 0
    for text in texts:
        digest.update(text.encode())
        length += len(text)
        hashes.append(digest.hexdigest())
        lengths.append(length)
    return hashes, lengths
