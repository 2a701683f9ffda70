"""The message batches of a loopback Claude server: every state, unordered results, cancelling, expiry, pages of a list.

    server.batches.looks = 2                        # how often a batch is looked at before it has ended
    server.batches.hold()                           # until `release()`
    server.batches.arriving(Hang(5))                # the next submission gets through, its answer does not
    server.batches.arriving(Fail(529), lost=True)   # the next one does not get through

What a request is answered is the server's script to say: a `Fail` is a request that errored, a `Hang` one that is
never worked on (expired, or canceled).
"""

from __future__ import annotations

import json
import random
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from aifirst_dagster_tests.loopback.claude_rules import VERSION, check
from aifirst_dagster_tests.loopback.replies import CutStream, Fail, Hang, Reply, Scripted
from aifirst_dagster_tests.loopback.server import Refused, Sent

PATH = "/v1/messages/batches"
MOST_REQUESTS, MOST_BYTES = 100_000, 256_000_000
_KINDS = ("processing", "succeeded", "errored", "canceled", "expired")
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass
class Held:
    """One batch on the server."""

    requests: list[dict[str, Any]]
    headers: dict[str, str]
    id: str = field(default_factory=lambda: f"msgbatch_{uuid.uuid4().hex[:24]}")
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    looks: int = 0
    status: str = "in_progress"
    canceled: datetime | None = None
    ended: datetime | None = None
    archived: datetime | None = None
    results: list[dict[str, Any]] = field(default_factory=list)
    billed: list[dict[str, int]] = field(default_factory=list)


class Batches:
    """Every batch of a server.

    Args:
        key: Whom it serves.
        next_: The script's reply to a request's params.
        message: A message from params and a reply, and its bill.
    """

    def __init__(
        self,
        key: str,
        next_: Callable[[dict[str, Any]], Scripted],
        message: Callable[[dict[str, Any], Reply], tuple[dict[str, Any], dict[str, int]]],
    ) -> None:
        self._key, self._next, self._message = key, next_, message
        self._lock, self._held, self._on_hold = threading.RLock(), dict[str, Held](), False
        self._arriving: list[tuple[Scripted, bool]] = []
        self.cuts: list[bool] = []
        self.looks = 1
        #: Batches have no results any more by the time that they are looked at.
        self.archive_when_ended = False
        self.submissions = 0

    def arriving(self, trouble: Scripted, lost: bool = False) -> None:
        """What becomes of the next submission's answer; `lost`: the submission itself does not get through."""
        self._arriving.append((trouble, lost))

    def cut_results(self, clean: bool) -> None:
        """The next results break off after half."""
        self.cuts.append(clean)

    def hold(self) -> None:
        """Nothing is worked on until `release()`."""
        self._on_hold = True

    def release(self) -> None:
        """Go on."""
        self._on_hold = False

    def expire(self) -> None:
        """A day passes: what is still to do is not done."""
        with self._lock:
            for held in self._held.values():
                if held.status != "ended":
                    self._end(held, work=False, leftover="expired")

    def archive(self) -> None:
        """29 days pass: results are no longer there."""
        for held in self._held.values():
            held.archived = datetime.now(UTC)

    @property
    def all(self) -> list[Held]:
        """Batches, oldest first."""
        return list(self._held.values())

    def billed(self) -> dict[str, int]:
        """The server's own count: requests that succeeded, and their tokens."""
        bills = [bill for held in self.all for bill in held.billed]
        totals = {name: sum(bill[name] for bill in bills) for name in ("input_tokens", "output_tokens")}
        return {"answers": len(bills), **totals}

    def handle(self, method: str, target: str, headers: dict[str, str], raw: bytes) -> Sent | Hang | CutStream:
        """Answer a request below `PATH`."""
        path, _, query = target.partition("?")
        if headers.get("authorization") != f"Bearer {self._key}":
            raise Refused(401, "authentication_error", "invalid bearer token")
        if headers.get("anthropic-version") != VERSION:
            raise Refused(400, "invalid_request_error", f"anthropic-version: must be {VERSION}")
        name, _, verb = path.removeprefix(PATH).strip("/").partition("/")
        with self._lock:
            if not name:
                return self._create(headers, raw) if method == "POST" else self._list(parse_qs(query))
            held = self._held.get(name)
            if held is None:
                raise Refused(404, "not_found_error", f"Batch {name} not found")
            if (method, verb) == ("POST", "cancel"):
                return self._cancel(held)
            if (method, verb) == ("DELETE", ""):
                return self._delete(held)
            if (method, verb) == ("GET", "results"):
                return self._results(held)
            if (method, verb) == ("GET", ""):
                self._look(held)
                return Sent(200, _shown(held))
        raise Refused(404, "not_found_error", target)

    def _create(self, headers: dict[str, str], raw: bytes) -> Sent | Hang | CutStream:
        self.submissions += 1
        if len(raw) > MOST_BYTES:
            raise Refused(413, "request_too_large", "Request exceeds the maximum size")
        body = json.loads(raw)
        _must(set(body) == {"requests"}, "requests: Field required, extra inputs are not permitted")
        requests = body["requests"]
        _must(0 < len(requests) <= MOST_REQUESTS, f"requests: between 1 and {MOST_REQUESTS}")
        for request in requests:
            _must(set(request) == {"custom_id", "params"}, "requests: custom_id and params, nothing else")
            _must(bool(_CUSTOM_ID.fullmatch(request["custom_id"])), "custom_id: does not match the pattern")
        _must(len({request["custom_id"] for request in requests}) == len(requests), "custom_id: must be unique")
        trouble, lost = self._arriving.pop(0) if self._arriving else (None, False)
        held = Held(requests, headers)
        if not lost:
            self._held[held.id] = held
        if isinstance(trouble, Fail):
            return Sent(trouble.status, _error(trouble))
        if isinstance(trouble, Hang | CutStream):
            return trouble
        return Sent(200, _shown(held))

    def _list(self, query: dict[str, list[str]]) -> Sent:
        limit = int(query.get("limit", ["20"])[0])
        _must(1 <= limit <= 1000, "limit: between 1 and 1000")
        newest = self.all[::-1]
        if "after_id" in query:
            ids = [held.id for held in newest]
            newest = newest[ids.index(query["after_id"][0]) + 1 :]
        page = newest[:limit]
        return Sent(
            200,
            {
                "data": [_shown(held) for held in page],
                "has_more": len(newest) > limit,
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
            },
        )

    def _look(self, held: Held) -> None:
        if held.status == "ended":
            return
        held.looks += 1
        if held.status == "canceling":
            self._end(held, work=False, leftover="canceled")
        elif not self._on_hold and held.looks >= self.looks:
            self._end(held, work=True, leftover="expired")

    def _end(self, held: Held, work: bool, leftover: str) -> None:
        for request in held.requests:
            held.results.append(
                {"custom_id": request["custom_id"], "result": self._result(held, request, work, leftover)}
            )
        random.shuffle(held.results)
        held.status, held.ended = "ended", datetime.now(UTC)
        held.archived = held.ended if self.archive_when_ended else None

    def _result(self, held: Held, request: dict[str, Any], work: bool, leftover: str) -> dict[str, Any]:
        if not work:
            return {"type": leftover}
        params = request["params"]
        try:
            for name in ("stream", "speed"):
                _must(name not in params, f"{name}: not supported in batches")
            check(held.headers, params, self._key)
        except Refused as refused:
            return {"type": "errored", "error": _error(Fail(refused.status, refused.type, refused.message))}
        reply = self._next(params)
        if isinstance(reply, Reply):
            message, bill = self._message(params, reply)
            held.billed.append(bill)
            return {"type": "succeeded", "message": message}
        return {"type": "errored", "error": _error(reply)} if isinstance(reply, Fail) else {"type": leftover}

    def _cancel(self, held: Held) -> Sent:
        _must(held.status != "ended", "Batch has ended and cannot be canceled")
        held.status, held.canceled = "canceling", held.canceled or datetime.now(UTC)
        return Sent(200, _shown(held))

    def _delete(self, held: Held) -> Sent:
        _must(held.status == "ended", "Batch is still in progress; cancel it first")
        del self._held[held.id]
        return Sent(200, {"id": held.id, "type": "message_batch_deleted"})

    def _results(self, held: Held) -> Sent:
        if held.status != "ended" or held.archived:
            raise Refused(404, "not_found_error", "no results")
        lines = [json.dumps(result).encode() + b"\n" for result in held.results]
        if self.cuts:
            clean = self.cuts.pop(0)
            kept = b"".join(lines[: len(lines) // 2])
            return Sent(200, lines=kept if clean else kept + b"".join(lines[len(lines) // 2 :])[:20], cut=not clean)
        return Sent(200, lines=b"".join(lines))


def _shown(held: Held) -> dict[str, Any]:
    counts = dict.fromkeys(_KINDS, 0)
    if held.status == "ended":
        for result in held.results:
            counts[result["result"]["type"]] += 1
    else:
        counts["processing"] = len(held.requests)
    ready = held.status == "ended" and not held.archived
    return {
        "id": held.id,
        "type": "message_batch",
        "processing_status": held.status,
        "request_counts": counts,
        "created_at": held.created.isoformat(),
        "expires_at": (held.created + timedelta(days=1)).isoformat(),
        "ended_at": held.ended.isoformat() if held.ended else None,
        "cancel_initiated_at": held.canceled.isoformat() if held.canceled else None,
        "archived_at": held.archived.isoformat() if held.archived else None,
        "results_url": f"{PATH}/{held.id}/results" if ready else None,
    }


def _error(fail: Fail) -> dict[str, Any]:
    return {"type": "error", "error": {"type": fail.type, "message": fail.message}, "request_id": "req_failed"}


def _must(holds: bool, message: str) -> None:
    if not holds:
        raise Refused(400, "invalid_request_error", message)
