"""The runner: look the design up, else let a model propose, test it on the data, feed failures back, or fall back.

What a model says is used claim by claim: those that the data contradicts lose to the deterministic engine's. Whatever
goes wrong with the model is told in the notes; it never fails the step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from aifirst_dagster.errors import DesignError, ServiceError
from aifirst_dagster.proposals.designs import DesignStore, Found
from aifirst_dagster.proposals.fingerprint import OFFLINE, Fingerprint, digest
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.prompts import Prompt, fence
from aifirst_dagster.proposals.variants import Status, Variant
from aifirst_dagster.proposals.verdict import Verdict

if TYPE_CHECKING:
    from pydantic import BaseModel

    from aifirst_dagster.llm.types import LLMRequest, LLMResponse, Thinking, Usage

#: Rounds of feedback after the first proposal.
FEEDBACK_ROUNDS = 2
#: How far a measured share may fall before a design counts as out of date.
TOLERANCE = 0.02

ProposalT = TypeVar("ProposalT", bound="BaseModel")
AnswerT = TypeVar("AnswerT")


class Asked(Protocol):
    """Whom to ask: an `LLM`, in the two things that matter here."""

    @property
    def available(self) -> bool:
        """Whether a call can get anywhere."""

    def call(self, request: LLMRequest) -> LLMResponse:
        """Answer, or raise an `LLMError`."""


class Task(Protocol[ProposalT, AnswerT]):
    """One kind of design: what a model fills in, how the data judges it, and the answer without a model."""

    name: str
    file: str
    sql_file: str | None
    proposal: type[ProposalT]

    def evidence(self) -> dict[str, Any]:
        """Values for the prompt's variables; gathered only where a model is asked."""

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


@dataclass(frozen=True)
class Ask:
    """How a task is asked about.

    Attributes:
        fingerprint: What a design is needed for.
        prompt: The template.
        llm: Whom to ask; None: nobody, the deterministic engine decides.
        model: A model in place of the LLM's own.
        thinking: Whether the model may reason first.
        pipeline: For the ledger, with `step` and `run`.
    """

    fingerprint: Fingerprint
    prompt: Prompt
    llm: Asked | None = None
    model: str | None = None
    thinking: Thinking = "off"
    pipeline: str | None = None
    step: str | None = None
    run: str | None = None

    @property
    def offline(self) -> bool:
        """Whether the deterministic engine was chosen."""
        return self.llm is None

    @property
    def unreachable(self) -> bool:
        """Whether no model can answer, chosen or not: then any model's accepted design serves."""
        return self.llm is None or not self.llm.available


@dataclass
class _Draft:
    """An answer on its way to becoming a design."""

    answer: Any
    usage: Usage
    proposed_by: str = OFFLINE
    model: str | None = None
    status: Status = "accepted"
    verdict: Verdict = field(default_factory=Verdict)
    notes: list[str] = field(default_factory=list)


def run(task: Task[Any, AnswerT], ask: Ask, store: DesignStore | None) -> Outcome[AnswerT]:
    """The design for `ask.fingerprint`: found, or proposed, tested and kept.

    Args:
        task: What is designed, bound to its data.
        ask: For which fingerprint, and whom to ask.
        store: Where designs are kept; None: nowhere (a bare file).

    Raises:
        DesignError: The design on disk is damaged, or designs are frozen and none is accepted.
    """
    if store is None:
        return _outcome(task, _measured(task, _propose(task, ask)), ask, None)
    quick = store.find(task.file, ask.fingerprint, task.sql_file, any_model=ask.unreachable)
    if quick and not _retry(quick, ask, store):
        return _reuse(task, quick, ask, store)
    with store.turn():
        # Another partition may have designed while this one waited.
        found = store.find(task.file, ask.fingerprint, task.sql_file, any_model=ask.unreachable)
        if found and not _retry(found, ask, store):
            return _reuse(task, found, ask, store)
        return _design(task, ask, store, found)


def _design(task: Task[Any, AnswerT], ask: Ask, store: DesignStore, standing: Found | None) -> Outcome[AnswerT]:
    """Propose and keep; `standing` is a provisional design that is tried again, or a frozen store's nearest."""
    known = store.proposed(task.file, ask.fingerprint)
    if known and (known.meta.status != "provisional" or ask.offline):
        draft = _Draft(
            task.load(known.body, None), _none(), known.meta.proposed_by, known.meta.model, known.meta.status
        )
        draft.notes.append(f"{task.file}: what was proposed earlier is used; no model was asked again.")
        draft, shares = _measured(task, draft)
        fresh = known
    else:
        draft, shares = _measured(task, _propose(task, ask))
        fresh = _variant(task, draft, shares, ask, store)
        known = None
    if standing and _same(standing.variant, fresh):
        return _reuse(task, standing, ask, store, draft)
    sql = task.dump(draft.answer)[1]
    companions = {task.sql_file: sql} if task.sql_file and sql is not None else {}
    written = bool(known and store.frozen) or store.put(task.file, fresh, companions)
    if store.frozen:
        return _frozen(task, ask, store, standing, draft)
    if not written and not store.preview:
        draft.notes.append(f"{task.file} could not be written: {store.folder} is read-only; the state database has it.")
    return _outcome(task, (draft, shares), ask, store)


def _propose(task: Task[Any, AnswerT], ask: Ask) -> _Draft:
    """Ask the model where there is one, and judge what it says; the deterministic answer is always at hand."""
    baseline = task.deterministic()
    draft = _Draft(baseline, _none())
    if ask.llm is None:
        return draft
    from aifirst_dagster.llm.types import CallContext, LLMRequest, Message

    system, user = ask.prompt.render(task.evidence())
    messages = [Message(role="user", content=user)]  # type: ignore[arg-type]
    context = CallContext(pipeline=ask.pipeline, step=ask.step, task=task.name, run_id=ask.run)
    best: tuple[Any, Verdict] | None = None
    for round_ in range(1 + FEEDBACK_ROUNDS):
        request = LLMRequest(
            messages=tuple(messages), system=system, output=task.proposal, thinking=ask.thinking, model=ask.model,
            metadata=context,
        )  # fmt: skip
        try:
            response = ask.llm.call(request)
        except ServiceError as error:
            draft.usage += getattr(error, "usage", _none())
            again = (
                "its earlier proposal is used"
                if best
                else "the deterministic engine's answer stands in and is provisional"
            )
            draft.notes.append(f"{task.name}: {ask.fingerprint.model} gave no answer ({error.message}); {again}.")
            break
        draft.usage += response.usage
        draft.notes.extend(response.notices)
        draft.model = response.model
        proposal = response.parsed
        verdict = task.judge(proposal, baseline)
        if best is None or len(verdict.failed) < len(best[1].failed):
            best = (proposal, verdict)
        if not verdict.failed or round_ == FEEDBACK_ROUNDS:
            break
        messages.append(Message(role="assistant", content=response.content or response.text))  # type: ignore[arg-type]
        messages.append(Message(role="user", content=_feedback(verdict)))  # type: ignore[arg-type]
    if best is None:
        draft.status = "provisional"
        return draft
    proposal, draft.verdict = best
    by = draft.model or ask.fingerprint.model
    draft.answer = task.merge(proposal, draft.verdict, baseline, by)
    draft.proposed_by = "both" if draft.verdict.failed else by
    for claim in draft.verdict.failed:
        draft.notes.append(f"{task.name}: a claim of {draft.model} lost to the data: {claim}.")
    return draft


def _feedback(verdict: Verdict) -> str:
    """What the data contradicts, for the next round."""
    failures = [claim.model_dump(include={"subject", "what", "value", "evidence"}) for claim in verdict.failed[:40]]
    return (
        "Your proposal was tested on all rows. The data contradicts these claims:\n"
        f"{fence('failed_claims', failures)}\n"
        "Give the whole proposal again with these corrected; leave the others as they are."
    )


def _reuse(
    task: Task[Any, AnswerT], found: Found, ask: Ask, store: DesignStore, tried: _Draft | None = None
) -> Outcome[AnswerT]:
    """Use a design from disk, re-tested on today's data; no model is asked."""
    meta = found.variant.meta
    section = store.sql(task.sql_file, found.variant) if task.sql_file else None
    # SQL that nobody touched is what the design compiles to, in the words of the version that wrote it.
    written = section.sql if section is not None and section.edited else None
    answer, shares = task.measure(task.load(found.variant.body, written))
    reasons = _stale(found, store) + _fallen(meta.evidence.get("shares", {}), shares)
    kept = found.why == "kept"
    return Outcome(
        answer=answer,
        file=store.folder / task.file,
        fingerprint=meta.fingerprint,
        content=digest(list(task.dump(answer))),
        status="pinned" if kept else meta.status,
        proposed_by="person" if kept and found.variant.edited else meta.proposed_by,
        model=meta.model,
        reused=True,
        usage=tried.usage if tried else _none(),
        current=not reasons,
        reasons=reasons,
        notes=tried.notes if tried else [],
    )


def _frozen(
    task: Task[Any, AnswerT], ask: Ask, store: DesignStore, standing: Found | None, draft: _Draft
) -> Outcome[AnswerT]:
    """Designs are frozen: what was proposed is remembered, what was accepted is used."""
    kept = " What would be proposed is in the state database." if store.history else ""
    if standing is None:
        raise DesignError(
            f"There is no accepted design for this input, and designs are frozen: {store.why_frozen}.{kept}",
            hint="Run `aifirst design --accept` where the project can be written, and deploy the result.",
            file=str(store.folder / task.file),
        )
    outcome = _reuse(task, standing, ask, store, draft)
    reason = f"{store.why_frozen}; the accepted design was made for another {' and '.join(standing.stale)}.{kept}"
    return replace(outcome, current=False, reasons=[reason, *outcome.reasons])


def _retry(found: Found, ask: Ask, store: DesignStore) -> bool:
    """Whether something has to be proposed although a design was found."""
    if found.why == "frozen":
        return True
    return found.variant.provisional and not ask.offline and not store.frozen


def _measured(task: Task[Any, AnswerT], draft: _Draft) -> tuple[_Draft, dict[str, float]]:
    draft.answer, shares = task.measure(draft.answer)
    return draft, shares


def _variant(task: Task[Any, Any], draft: _Draft, shares: dict[str, float], ask: Ask, store: DesignStore) -> Variant:
    """The draft as a design."""
    evidence: dict[str, Any] = {"claims": draft.verdict.summary()} if draft.verdict.claims else {}
    if shares:
        evidence["shares"] = {name: round(share, 4) for name, share in shares.items()}
    return Variant.new(
        ask.fingerprint,
        task.dump(draft.answer)[0],
        proposed_by=draft.proposed_by,
        model=draft.model,
        status=draft.status,
        run=ask.run or store.run,
        evidence=evidence,
    )


def _outcome(
    task: Task[Any, AnswerT], measured: tuple[_Draft, dict[str, float]], ask: Ask, store: DesignStore | None
) -> Outcome[AnswerT]:
    """The outcome of a fresh proposal."""
    draft, _ = measured
    return Outcome(
        answer=draft.answer,
        file=store.folder / task.file if store else None,
        fingerprint=ask.fingerprint.id,
        content=digest(list(task.dump(draft.answer))),
        status=draft.status,
        proposed_by=draft.proposed_by,
        model=draft.model,
        reused=False,
        usage=draft.usage,
        verdict=draft.verdict,
        notes=draft.notes,
    )


def _same(standing: Variant, fresh: Variant) -> bool:
    """Whether a new try came to what stands already, so that no file needs to change."""
    return (
        standing.body == fresh.body
        and standing.meta.fingerprint == fresh.meta.fingerprint
        and (standing.meta.status == fresh.meta.status)
    )


def _stale(found: Found, store: DesignStore) -> list[str]:
    """Why a person's design no longer matches its input (a person's choice of words or model is no reason)."""
    if found.why == "kept" and "schema" in found.stale:
        return ["The input has columns that this design, edited or pinned by a person, does not know."]
    return []


def _fallen(recorded: dict[str, Any], shares: dict[str, float]) -> list[str]:
    """Shares that fell since the design was accepted."""
    return [
        f"{name}: the share of cells that the design reads fell from {recorded[name]:.1%} to {share:.1%}."
        for name, share in shares.items()
        if name in recorded and share < float(recorded[name]) - TOLERANCE
    ]


def _none() -> Usage:
    from aifirst_dagster.llm.types import Usage

    return Usage.none()
