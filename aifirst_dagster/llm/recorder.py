"""Stands where an LLM is expected and notes what it would be sent: nothing leaves the machine, no key is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from aifirst_dagster.errors import ServiceError

if TYPE_CHECKING:
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.preview import Preview
    from aifirst_dagster.llm.resource import LLMResourceSpec
    from aifirst_dagster.llm.types import LLMRequest
    from aifirst_dagster.state.database import State


#: Requests that are put together in full where many are alike.
SHOWN = 5


class NotAskedError(ServiceError):
    """The recorder's answer to every call: the caller goes on with the deterministic engine's."""


@dataclass
class Recorder:
    """An LLM that is never asked.

    Attributes:
        real: Whose requests these would be.
        previews: What it would have been sent, in order; of many requests at once only the first `SHOWN`.
        requests: How many requests there would have been.
    """

    real: LLM
    previews: list[Preview] = field(default_factory=list)
    requests: int = 0

    @property
    def available(self) -> bool:
        """A key is taken for granted: this is about the run where there is one."""
        return True

    @property
    def asked(self) -> str | None:
        """Whom a run would ask."""
        return self.real.asked

    @property
    def model(self) -> str | None:
        """The resource's model."""
        return self.real.asked

    @property
    def provider(self) -> str:
        """The resource's provider."""
        return self.settings.provider if self.settings else "offline"

    @property
    def settings(self) -> LLMResourceSpec | None:
        """The resource that would be asked first."""
        return self.real.settings

    def preview(self, request: LLMRequest) -> Preview | None:
        """See `LLM.preview`."""
        return self.real.preview(request)

    async def amost_usd(self, request: LLMRequest, room: float) -> float:
        """Nothing: nothing is sent."""
        return 0.0

    def state(self) -> State:
        """See `LLM.state`."""
        return self.real.state()

    def call(self, request: LLMRequest) -> NoReturn:
        """Note the request; raises `NotAskedError`."""
        self.requests += 1
        if found := self.real.preview(request):
            self.previews.append(found)
        raise NotAskedError("no model is asked: this only shows what would be")

    def map(self, requests: Sequence[LLMRequest], concurrency: int = 8) -> NoReturn:
        """Note the requests; raises `NotAskedError`."""
        self.requests += len(requests)
        for request in requests[:SHOWN]:
            if found := self.real.preview(request):
                self.previews.append(found)
        raise NotAskedError("no model is asked: this only shows what would be")

    def batch(self, requests: Sequence[LLMRequest], **_: object) -> NoReturn:
        """Note the requests; raises `NotAskedError`."""
        self.map(requests)

    async def acall(self, request: LLMRequest) -> NoReturn:
        """Note the request; raises `NotAskedError`."""
        self.call(request)
