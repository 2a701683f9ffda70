"""What the providers that send through an SDK have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.llm.providers import clients
from aifirst_dagster.llm.providers.base import secret
from aifirst_dagster.llm.resource import EnvRef

if TYPE_CHECKING:
    from aifirst_dagster.llm.catalogue import Model
    from aifirst_dagster.llm.resource import LLMResourceSpec
    from aifirst_dagster.llm.types import LLMRequest

#: Answers that may be longer are streamed: a connection that is silent for minutes gets cut on the way.
STREAM_ABOVE = 16_000


class Connection:
    """A resource and its key, which is read from the environment when a request is sent.

    Args:
        spec: The resource.
        key: The variable that holds the key where the resource names none.
    """

    def __init__(self, spec: LLMResourceSpec, key: str) -> None:
        self._spec = spec
        self._key = spec.api_key or EnvRef(env=key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._spec.name!r})"

    @property
    def available(self) -> bool:
        """Whether the key's variable is set."""
        return bool(self._key.read())

    def require(self) -> None:
        """See `Provider.require`."""
        secret(self._key)

    async def aclose(self) -> None:
        """See `Provider.aclose`."""
        await clients.close_all()


def most_output(request: LLMRequest, spec: LLMResourceSpec, model: Model) -> int:
    """Cap on the answer: the least of what is asked for, the resource and the model allow."""
    return min(request.max_tokens or spec.max_output_tokens, spec.max_output_tokens, model.max_output)


def streamed(request: LLMRequest, max_tokens: int) -> bool:
    """Whether the answer comes as a stream: as asked for, else where it may be long."""
    return max_tokens > STREAM_ABOVE if request.stream is None else request.stream
