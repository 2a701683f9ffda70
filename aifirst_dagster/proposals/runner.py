"""The runner: look the design up, else let a model propose, test it on the data, feed failures back, or fall back.

What a model says is used claim by claim: those that the data contradicts lose to the deterministic engine's. Whatever
goes wrong with the model is told in the notes; it never fails the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import AifirstError, DesignError
from aifirst_dagster.proposals.designs import DesignStore, Found
from aifirst_dagster.proposals.fingerprint import digest
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.propose import Draft, propose
from aifirst_dagster.proposals.task import AnswerT, Ask, Carrying, Task
from aifirst_dagster.proposals.variants import Variant

if TYPE_CHECKING:
    from aifirst_dagster.llm.types import Usage

#: How far a measured share may fall before a design counts as out of date.
TOLERANCE = 0.02


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
        return _outcome(task, _measured(task, propose(task, ask)), ask, None)
    carries = isinstance(task, Carrying)
    quick = store.find(task.file, ask.fingerprint, task.sql_file, any_model=ask.unreachable, carried=carries)
    if quick and not _retry(quick, ask, store):
        return _reuse(task, quick, ask, store)
    with store.turn():
        # Another partition may have designed while this one waited.
        found = store.find(task.file, ask.fingerprint, task.sql_file, any_model=ask.unreachable, carried=carries)
        if found and not _retry(found, ask, store):
            return _reuse(task, found, ask, store)
        return _design(task, ask, store, found)


def _design(task: Task[Any, AnswerT], ask: Ask, store: DesignStore, standing: Found | None) -> Outcome[AnswerT]:
    """Propose and keep; `standing` is a provisional design that is tried again, or a frozen store's nearest."""
    earlier = store.variants(task.file) if isinstance(task, Carrying) else []
    if isinstance(task, Carrying):
        task.recall(earlier)
    known = store.proposed(task.file, ask.fingerprint)
    if known and (known.meta.status != "provisional" or ask.offline):
        draft = Draft(
            task.load(known.body, None), _none(), known.meta.proposed_by, known.meta.model, known.meta.status,
            prompt=known.meta.prompt,
        )  # fmt: skip
        draft.notes.append(f"{task.file}: what was proposed earlier is used; no model was asked again.")
        draft, shares = _measured(task, _carried(task, draft))
        fresh = _variant(task, draft, shares, ask, store, earlier) if earlier else known
    else:
        draft, shares = _measured(task, _carried(task, propose(task, ask)))
        fresh = _variant(task, draft, shares, ask, store, earlier)
        known = None
    if standing and _same(standing.variant, fresh):
        return _reuse(task, standing, ask, store, draft)
    sql = task.dump(draft.answer)[1]
    companions = {task.sql_file: sql} if task.sql_file and sql is not None else {}
    written = bool(known and store.frozen) or store.put(
        task.file, fresh, companions, carried=isinstance(task, Carrying)
    )
    if store.frozen:
        return _frozen(task, ask, store, standing, draft)
    if not written and not store.preview:
        draft.notes.append(f"{task.file} could not be written: {store.folder} is read-only; the state database has it.")
    made = _outcome(task, (draft, shares), ask, store)
    return replace(made, learned_on=str(fresh.meta.evidence.get("learned_on", "")))


def _reuse(
    task: Task[Any, AnswerT], found: Found, ask: Ask, store: DesignStore, tried: Draft | None = None
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
        prompt=meta.prompt,
        transcripts=_transcripts(tried, ask, store) if tried else [],
        learned_on=str(meta.evidence.get("learned_on", "")),
        usage=tried.usage if tried else _none(),
        current=not reasons,
        reasons=reasons,
        notes=tried.notes if tried else [],
    )


def _frozen(
    task: Task[Any, AnswerT], ask: Ask, store: DesignStore, standing: Found | None, draft: Draft
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


def _measured(task: Task[Any, AnswerT], draft: Draft) -> tuple[Draft, dict[str, float]]:
    draft.answer, shares = task.measure(draft.answer)
    return draft, shares


def _carried(task: Task[Any, Any], draft: Draft) -> Draft:
    """The draft with what a person made of earlier designs."""
    if isinstance(task, Carrying):
        draft.answer = task.carried(draft.answer)
    return draft


def _variant(
    task: Task[Any, Any],
    draft: Draft,
    shares: dict[str, float],
    ask: Ask,
    store: DesignStore,
    earlier: Sequence[Variant] = (),
) -> Variant:
    """The draft as a design; a person's comments in the one that it takes the place of are kept."""
    evidence: dict[str, Any] = {"claims": draft.verdict.summary()} if draft.verdict.claims else {}
    if shares:
        evidence["shares"] = {name: round(share, 4) for name, share in shares.items()}
    if ask.rows:
        evidence["learned_on"] = ask.rows
    if isinstance(task, Carrying):
        evidence |= task.recorded(draft.answer)
    fresh = Variant.new(
        ask.fingerprint,
        task.dump(draft.answer)[0],
        proposed_by=draft.proposed_by,
        model=draft.model,
        status=draft.status,
        run=ask.run or store.run,
        evidence=evidence,
        prompt=draft.prompt,
    )
    if not isinstance(task, Carrying) or not earlier:
        return fresh
    same = (one for one in earlier if one.meta.fingerprint == fresh.meta.fingerprint)
    return replace(fresh, text=task.laid_over(fresh, next(same, earlier[0]).text))


def _outcome(
    task: Task[Any, AnswerT], measured: tuple[Draft, dict[str, float]], ask: Ask, store: DesignStore | None
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
        prompt=draft.prompt,
        transcripts=_transcripts(draft, ask, store),
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


def _transcripts(draft: Draft, ask: Ask, store: DesignStore | None) -> list[str]:
    """Keep what was said with tools in hand; returns the ids it is found by."""
    if not draft.conversations or ask.keep is None:
        return []
    where = {"pipeline": ask.pipeline, "step": ask.step, "run_id": ask.run or (store.run if store else None)}
    try:
        return [ask.keep(conversation, where) for conversation in draft.conversations]
    except AifirstError as error:
        # What was bought counts, whether or not the record of it can be kept.
        draft.notes.append(f"The transcript could not be kept: {error.message}")
        return []


def _none() -> Usage:
    from aifirst_dagster.llm.types import Usage

    return Usage.none()
