"""What a task is to the runner, how it is asked about, and whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from aifirst_dagster.proposals.fingerprint import Fingerprint
from aifirst_dagster.proposals.prompts import Prompt
from aifirst_dagster.proposals.verdict import Verdict

if TYPE_CHECKING:
    from pydantic import BaseModel

    from aifirst_dagster.llm.resource import LLMResourceSpec
    from aifirst_dagster.llm.tools import Conversation
    from aifirst_dagster.llm.types import Effort, LLMRequest, LLMResponse, Thinking
    from aifirst_dagster.proposals.tools.material import Material
    from aifirst_dagster.proposals.variants import Variant
    from aifirst_dagster.state.database import State

ProposalT = TypeVar("ProposalT", bound="BaseModel")
AnswerT = TypeVar("AnswerT")


class Asked(Protocol):
    """Whom to ask: an `LLM`, or a `Recorder` in its place."""

    @property
    def asked(self) -> str | None:
        """Who is asked, key or no key; None: offline was chosen."""

    @property
    def settings(self) -> LLMResourceSpec | None:
        """The resource that is asked first; None: offline was chosen."""

    @property
    def available(self) -> bool:
        """Whether a call can get anywhere."""

    async def amost_usd(self, request: LLMRequest, room: float) -> float:
        """The most that the request can cost."""

    def state(self) -> State:
        """The state database that holds the ledger."""

    def call(self, request: LLMRequest) -> LLMResponse:
        """Answer, or raise an `LLMError`."""

    async def acall(self, request: LLMRequest) -> LLMResponse:
        """Answer, or raise an `LLMError`."""


class Task(Protocol[ProposalT, AnswerT]):
    """One kind of design: what a model fills in, how the data judges it, and the answer without a model."""

    name: str
    file: str
    sql_file: str | None
    proposal: type[ProposalT]

    def evidence(self) -> dict[str, Any]:
        """Values for the prompt's variables; gathered only where a model is asked."""

    @property
    def expected_tokens(self) -> int:
        """What a proposal is likely to take, in output tokens; for estimates only."""

    def material(self) -> AbstractContextManager[Material]:
        """What a model's tools may look at: no more than what its evidence is taken from."""

    def deterministic(self) -> AnswerT:
        """The engine's own answer: the baseline that a model has to beat."""

    def judge(self, proposal: ProposalT, baseline: AnswerT) -> Verdict:
        """Test each claim on the data."""

    def merge(self, proposal: ProposalT, verdict: Verdict, baseline: AnswerT, by: str) -> AnswerT:
        """The claims of the model `by` that stand, the baseline's for those that failed."""

    def measure(self, answer: AnswerT) -> tuple[AnswerT, dict[str, float]]:
        """The answer with its evidence on today's data, and shares (0 to 1) to watch from run to run."""

    def dump(self, answer: AnswerT) -> tuple[dict[str, Any], str | None]:
        """The design file's body, and the text of its companion SQL file."""

    def load(self, body: dict[str, Any], sql: str | None) -> AnswerT:
        """The answer from a design file; `sql` only where a person wrote it or it was stored.

        Raises:
            AifirstError: It cannot be used.
        """


@runtime_checkable
class Carrying(Protocol[AnswerT]):
    """A task whose designs people change piece by piece: a new proposal takes over what they made of earlier ones."""

    def recall(self, earlier: Sequence[Variant]) -> None:
        """Learn, before anything is proposed, what people made of earlier designs (the newest first)."""

    def carried(self, answer: AnswerT) -> AnswerT:
        """The answer with a person's pieces in place of its own."""

    def recorded(self, answer: AnswerT) -> dict[str, Any]:
        """What the design notes of the answer, so that a person's hand is known later."""

    def laid_over(self, fresh: Variant, earlier: str) -> str:
        """The fresh design's document, with the comments that a person wrote into an earlier one."""


@dataclass(frozen=True)
class Ask:
    """How a task is asked about.

    Attributes:
        fingerprint: What a design is needed for.
        prompt: The template.
        llm: Whom to ask; None: nobody, the deterministic engine decides.
        model: A model in place of the LLM's own.
        thinking: Whether the model may reason first.
        effort: How deep; None: the resource's, else the model's own.
        max_tokens: Cap on an answer; None: the resource's.
        tools: Whether the model may look into the data by itself.
        keep: Stores what was said with tools in hand, given on whose behalf; returns the id it is found by.
        pipeline: For the ledger, with `step` and `run`.
        rows: Hash of the rows that the data's part in a design comes from; "": not known.
    """

    fingerprint: Fingerprint
    prompt: Prompt
    llm: Asked | None = None
    model: str | None = None
    thinking: Thinking = "off"
    effort: Effort | None = None
    max_tokens: int | None = None
    tools: bool = False
    keep: Callable[[Conversation, dict[str, str | None]], str] | None = None
    pipeline: str | None = None
    step: str | None = None
    run: str | None = None
    rows: str = ""

    @property
    def offline(self) -> bool:
        """Whether the deterministic engine was chosen."""
        return self.llm is None

    @property
    def unreachable(self) -> bool:
        """Whether no model can answer, chosen or not: then any model's accepted design serves."""
        return self.llm is None or not self.llm.available
