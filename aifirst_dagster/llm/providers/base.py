"""What a provider is: it sends a request once and says what came back; retries, budget, ledger are the gateway's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.types import Answer, ToolSpec
from aifirst_dagster.observe.redact import conceal

if TYPE_CHECKING:
    from aifirst_dagster.llm.catalogue import Model
    from aifirst_dagster.llm.resource import EnvRef, LLMResourceSpec
    from aifirst_dagster.llm.types import LLMRequest

GROUP = "aifirst_dagster.providers"


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True)
class Prepared:
    """A request as it will be sent.

    Attributes:
        body: The provider's own wire format, keys and secrets excluded: what `--show-prompts` prints, and what the
            fingerprint and the upper bound of its tokens are computed from.
        max_tokens: Output tokens at most.
        stream: Whether the answer comes as a stream.
        notices: What the model could not be asked as wished.
        input_tokens: An upper bound of the input where the body's length would be far off (base64 of images); None:
            its bytes are the bound.
        tools: What the model may call: their arguments are read back as these say.
        cache: Parts are marked for the provider's prompt cache: the whole input may be billed as written to it.
    """

    body: dict[str, object]
    max_tokens: int
    stream: bool
    notices: tuple[str, ...] = ()
    input_tokens: int | None = None
    tools: tuple[ToolSpec, ...] = ()
    cache: bool = False

    @cached_property
    def text(self) -> bytes:
        """The body as JSON in one canonical form: what it is known and measured by."""
        return _CANONICAL.encode(self.body).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class ModelFacts:
    """What a provider's models endpoint says of a model; None where it does not say.

    Attributes:
        id: The name that requests use.
        context: Input tokens at most.
        max_output: Output tokens at most.
        retires: The day from which calls fail.
        capabilities: Names of what it can do (`image_input`, `structured_outputs`, ...).
    """

    id: str
    context: int | None = None
    max_output: int | None = None
    retires: date | None = None
    capabilities: frozenset[str] = frozenset()


class Provider(Protocol):
    """One connection to a provider, made from a resource file."""

    @property
    def available(self) -> bool:
        """Whether it is configured (key present); no network is touched."""
        ...

    def require(self) -> None:
        """Do nothing where it is configured.

        Raises:
            AuthError: What is missing, and how to do without.
        """
        ...

    def prepare(self, request: LLMRequest, model: Model) -> Prepared:
        """The request in the provider's wire format.

        Raises:
            RejectedError: The model cannot serve it.
        """
        ...

    async def send(self, prepared: Prepared) -> Answer:
        """Send once, without retries. Clients belong to the event loop that made them (`providers.clients.shared`).

        `Answer.stop_reason` speaks Claude's words, whoever answers: end_turn, stop_sequence, tool_use, max_tokens,
        model_context_window_exceeded, refusal, pause_turn; words of a provider's own count as a proper end.

        Raises:
            LLMError: With `retryable`, `retry_after`, `billed` and `limits` set.
        """
        ...

    async def count(self, prepared: Prepared) -> int | None:
        """The provider's own count of the request's input tokens; None where it has no such endpoint.

        Raises:
            LLMError: It did not say.
        """
        ...

    async def models(self) -> list[ModelFacts]:
        """What the provider's models endpoint lists; [] where it has none.

        Raises:
            LLMError: It did not say.
        """
        ...

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        ...


@dataclass(frozen=True)
class ProviderType:
    """A provider as an entry point registers it.

    Attributes:
        name: The value of `provider:` in `resources/llm/*.yaml`.
        connect: Makes a provider from a resource; must not import an SDK yet.
        api_key_env: The environment variable that holds the key by default.
        default_model: Used where the resource names none.
        unlisted: Describes a model that no catalogue lists; None: there are no others.
    """

    name: str
    connect: Callable[[LLMResourceSpec], Provider]
    api_key_env: str | None = None
    default_model: str | None = None
    unlisted: Callable[[str], Model] | None = None


def secret(key: EnvRef) -> str:
    """The key that a variable holds.

    Raises:
        AuthError: It is not set.
    """
    from aifirst_dagster.llm.failures import AuthError

    found = key.read()
    if not found:
        raise AuthError(
            f"The environment variable {key.env} is not set.",
            hint="Set it, or run offline: --provider offline, or AIFIRST_LLM=offline.",
        )
    conceal(found)
    return found


def address(spec: LLMResourceSpec, env: str) -> str | None:
    """Another address than the provider's own: the resource's, else what the SDK's variable `env` says."""
    given = spec.base_url
    return (given if given is None or isinstance(given, str) else given.read()) or os.environ.get(env) or None


def provider_names() -> list[str]:
    """Every registered provider."""
    return sorted(point.name for point in entry_points(group=GROUP))


@cache
def provider_type(name: str) -> ProviderType:
    """The provider called `name`; others are not imported.

    Raises:
        ConfigError: There is none, or its package cannot be imported.
    """
    found = [point for point in entry_points(group=GROUP) if point.name == name]
    if not found:
        raise ConfigError(f"No provider is called {name!r}.", hint=f"Installed: {', '.join(provider_names())}.")
    try:
        loaded: ProviderType = found[0].load()
    except ImportError as error:
        raise ConfigError(f"The provider {name!r} cannot be loaded: {error}.", hint="Install what it needs.") from error
    return loaded
