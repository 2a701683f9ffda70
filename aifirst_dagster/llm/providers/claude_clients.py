"""Where Claude is served: Anthropic's own API, Amazon Bedrock, or Google's Vertex AI, each by the SDK's own client."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from aifirst_dagster.llm.failures import AuthError
from aifirst_dagster.observe.redact import conceal

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncAnthropicBedrock, AsyncAnthropicVertex

    Client = AsyncAnthropic | AsyncAnthropicBedrock | AsyncAnthropicVertex


@dataclass(frozen=True)
class Cloud:
    """A place that serves Claude.

    Attributes:
        key: The variable that holds its key or token by default.
        base: The variable that may hold another address.
        needs: Variables that must be set; of a group, one.
        schemas: Whether it holds answers to a schema (Bedrock does not with today's Sonnet).
        counts: Whether it counts tokens.
        lists: Whether it lists models.
        optional_key: Whether the cloud's own credentials may stand in for the key.
    """

    key: str
    base: str
    needs: tuple[tuple[str, ...], ...]
    schemas: bool = True
    counts: bool = True
    lists: bool = True
    optional_key: bool = True


CLOUDS: dict[str, Cloud] = {
    "api": Cloud("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", (), optional_key=False),
    "bedrock": Cloud(
        "AWS_BEARER_TOKEN_BEDROCK",
        "ANTHROPIC_BEDROCK_BASE_URL",
        (("AWS_REGION", "AWS_DEFAULT_REGION"),),
        schemas=False,
        counts=False,
        lists=False,
    ),
    "vertex": Cloud(
        "ANTHROPIC_VERTEX_TOKEN",
        "ANTHROPIC_VERTEX_BASE_URL",
        (("ANTHROPIC_VERTEX_PROJECT_ID",), ("CLOUD_ML_REGION",)),
        lists=False,
    ),
}
Kind = Literal["api", "bedrock", "vertex"]


def missing(kind: Kind, key: str, key_env: str) -> str | None:
    """The variable that is not set and must be, or None."""
    cloud = CLOUDS[kind]
    if not key and not cloud.optional_key:
        return key_env
    return next((" or ".join(group) for group in cloud.needs if not any(map(os.environ.get, group))), None)


def place(kind: Kind, base_url: str | None) -> tuple[str | None, ...]:
    """Where a client would connect to: an address, and what the cloud's variables say. Clients are kept by it."""
    cloud = CLOUDS[kind]
    settings = (os.environ.get(name) for group in cloud.needs for name in group)
    return (base_url, *settings)


def connect(kind: Kind, key: str, base_url: str | None, timeout: float) -> Client:
    """An SDK client that never retries by itself: each retry must pass the budget and stand in the ledger.

    Raises:
        AuthError: The cloud's package or credentials are missing.
    """
    import anthropic
    import httpx2

    from aifirst_dagster.llm.providers import http_client

    conceal(key)
    common: dict[str, Any] = {
        "base_url": base_url,
        "max_retries": 0,
        "timeout": httpx2.Timeout(timeout, connect=min(timeout, 10.0)),
        "_strict_response_validation": bool(os.environ.get("AIFIRST_STRICT_PROVIDERS")),
    }
    try:
        if kind == "bedrock":
            region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            return anthropic.AsyncAnthropicBedrock(api_key=key or None, aws_region=region, **common)
        if kind == "vertex":
            return anthropic.AsyncAnthropicVertex(access_token=key or None, **common)
        return anthropic.AsyncAnthropic(api_key=key, http_client=http_client.client(common["timeout"]), **common)
    except (ImportError, ValueError) as error:
        raise AuthError(f"The client for {kind} cannot be made: {error}.", hint=_INSTALL[kind]) from error


_INSTALL = {
    "api": "",
    "bedrock": "Install `anthropic[bedrock]`, or set AWS_BEARER_TOKEN_BEDROCK.",
    "vertex": "Install `anthropic[vertex]`, and log in with gcloud.",
}


def streams(kind: Kind) -> bool:
    """Whether answers can be streamed: Bedrock's own stream format needs AWS's library."""
    if kind != "bedrock":
        return True
    from importlib.util import find_spec

    return find_spec("botocore") is not None
