"""Posting JSON to an address that may be down, slow or wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from aifirst_dagster.observe.redact import redact

TIMEOUT_SECONDS = 5.0
#: Answers that say that this very content is not wanted: another attempt will not help.
_CONTENT = (400, 413, 422)


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        state: sent; later (the channel is down or wrong: it may be mended); refused (this message is not wanted).
        error: What went wrong, without secrets.
        retry_after: Seconds that the channel asks to wait.
    """

    state: Literal["sent", "later", "refused"]
    error: str = ""
    retry_after: float | None = None


def post(address: str, body: Mapping[str, Any], key: str, timeout: float = TIMEOUT_SECONDS) -> Outcome:
    """Post once; all of it (connecting, sending, the answer) within `timeout`.

    A redirect is not followed: the address carries a secret, and POST would become GET.

    Args:
        address: http or https.
        body: JSON.
        key: Sent as `Idempotency-Key`.
    """
    if not address.lower().startswith(("http://", "https://")):
        return Outcome("later", "it is no http address")
    found: list[Outcome] = []

    import asyncio

    def work() -> None:
        found.append(asyncio.run(_post(address, json.dumps(body, ensure_ascii=False), key, timeout)))

    # A thread of its own: the caller may be inside an event loop already.
    thread = threading.Thread(target=work, name="aifirst-alert", daemon=True)
    thread.start()
    # Name resolution runs in a thread that asyncio.run would wait for.
    thread.join(timeout + 5)
    return found[0] if found else Outcome("later", f"no answer within {timeout:g} s")


async def _post(address: str, text: str, key: str, timeout: float) -> Outcome:
    import aiohttp

    headers = {"Content-Type": "application/json", "User-Agent": "aifirst-dagster", "Idempotency-Key": key}
    try:
        limit = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=limit, trust_env=True) as session,
            session.post(address, data=text.encode(), headers=headers, allow_redirects=False) as answer,
        ):
            return _judged(answer.status, answer.headers.get("Retry-After"))
    except TimeoutError:
        return Outcome("later", f"no answer within {timeout:g} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Outcome("later", redact(_without(address, str(error) or type(error).__name__)))


def _judged(status: int, retry_after: str | None) -> Outcome:
    if 200 <= status < 300:
        return Outcome("sent")
    if 300 <= status < 400:
        return Outcome("later", f"it answers with a redirect ({status}), which is not followed")
    if status in _CONTENT:
        return Outcome("refused", f"it answers {status}: it does not want this message")
    return Outcome("later", f"it answers {status}", wait(retry_after))


def wait(header: str | None) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _without(address: str, text: str) -> str:
    """An error's text without the address, which is a secret itself."""
    from urllib.parse import urlsplit

    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""
    for secret in (address, path):
        if len(secret) > 1:
            text = text.replace(secret, "***")
    return text
