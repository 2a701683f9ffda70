"""One proposal: the model is asked, the data judges each claim, what fails goes back; or the engine's answer stands."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import ServiceError
from aifirst_dagster.proposals.fingerprint import OFFLINE
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.task import AnswerT, Ask, Task
from aifirst_dagster.proposals.variants import Status
from aifirst_dagster.proposals.verdict import Verdict

if TYPE_CHECKING:
    from aifirst_dagster.llm.tools import Conversation, Tool
    from aifirst_dagster.llm.types import LLMRequest, LLMResponse, Message, Usage

#: Rounds of feedback after the first proposal.
FEEDBACK_ROUNDS = 2


@dataclass
class Draft:
    """An answer on its way to becoming a design.

    Attributes:
        prompt: What the template says of itself, where a model was asked.
        conversations: What was said with tools in hand, one for each round.
    """

    answer: Any
    usage: Usage
    proposed_by: str = OFFLINE
    model: str | None = None
    status: Status = "accepted"
    verdict: Verdict = field(default_factory=Verdict)
    notes: list[str] = field(default_factory=list)
    prompt: dict[str, str] = field(default_factory=dict)
    conversations: list[Conversation] = field(default_factory=list)


def propose(task: Task[Any, AnswerT], ask: Ask) -> Draft:
    """Ask the model where there is one, and judge what it says; the deterministic answer is always at hand."""
    from aifirst_dagster.llm.types import Usage

    baseline = task.deterministic()
    draft = Draft(baseline, Usage.none())
    if ask.llm is None:
        return draft
    draft.prompt = ask.prompt.provenance
    with ExitStack() as stack:
        best = _rounds(task, ask, baseline, draft, _tools(task, ask, stack))
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


def _tools(task: Task[Any, Any], ask: Ask, stack: ExitStack) -> tuple[Tool, ...]:
    """What the model may use to look into the data; gone with the stack."""
    if not ask.tools:
        return ()
    from aifirst_dagster.proposals.tools.bench import opened

    return stack.enter_context(opened(stack.enter_context(task.material())))


def _rounds(
    task: Task[Any, AnswerT], ask: Ask, baseline: AnswerT, draft: Draft, tools: tuple[Tool, ...]
) -> tuple[Any, Verdict] | None:
    """The proposal that the data contradicts least, with its verdict; None where the model gave none."""
    from aifirst_dagster.llm.types import Message, TextPart, Usage

    best: tuple[Any, Verdict] | None = None
    request = _request(task, ask, tools)
    for round_ in range(1 + FEEDBACK_ROUNDS):
        try:
            response, said = _answered(ask, request, tools, draft)
        except ServiceError as error:
            draft.usage += getattr(error, "usage", Usage.none())
            again = (
                "its earlier proposal is used"
                if best
                else "the deterministic engine's answer stands in and is provisional"
            )
            why = " ".join(error.message.split())
            draft.notes.append(f"{task.name}: {ask.fingerprint.model} gave no answer ({why}); {again}.")
            break
        draft.notes.extend(note for note in response.notices if note not in draft.notes)
        draft.model = response.model
        verdict = task.judge(response.parsed, baseline)
        if best is None or len(verdict.failed) < len(best[1].failed):
            best = (response.parsed, verdict)
        if not verdict.failed or round_ == FEEDBACK_ROUNDS:
            break
        told = Message(role="user", content=(TextPart(text=_feedback(verdict)),))
        request = request.model_copy(update={"messages": (*said, told)})
    return best


def _request(task: Task[Any, Any], ask: Ask, tools: tuple[Tool, ...]) -> LLMRequest:
    from aifirst_dagster.llm.types import CallContext, LLMRequest, Message, TextPart

    system, user = ask.prompt.render(task.evidence())
    return LLMRequest(
        # Written to the provider's prompt cache, the evidence costs a quarter more; read from it, at each turn with
        # tools and each round of feedback, a tenth or less. It pays where one proposal in four goes back.
        messages=(Message(role="user", content=(TextPart(text=user, cache=True),)),),
        system=system,
        cache_system=True,
        output=task.proposal,
        tools=tuple(tool.spec for tool in tools),
        thinking=ask.thinking,
        effort=ask.effort,
        max_tokens=ask.max_tokens,
        model=ask.model,
        expected_tokens=task.expected_tokens,
        metadata=CallContext(pipeline=ask.pipeline, step=ask.step, task=task.name, run_id=ask.run),
    )


def _answered(
    ask: Ask, request: LLMRequest, tools: tuple[Tool, ...], draft: Draft
) -> tuple[LLMResponse, tuple[Message, ...]]:
    """The answer, and all that was said up to it; what it took goes to the draft."""
    from aifirst_dagster.llm.types import Message

    assert ask.llm is not None
    if not tools:
        response = ask.llm.call(request)
        draft.usage += response.usage
        turn = Message(role="assistant", content=response.content or response.text)  # type: ignore[arg-type]
        return response, (*request.messages, turn)
    from aifirst_dagster.llm.tools import ConversationError, converse
    from aifirst_dagster.proposals.tools.bench import BOUNDS

    try:
        conversation = converse(ask.llm, request, tools, BOUNDS)
    except ConversationError as error:
        draft.conversations.append(error.conversation)
        raise
    draft.conversations.append(conversation)
    draft.usage += conversation.usage
    assert conversation.response is not None
    return conversation.response, conversation.messages


def _feedback(verdict: Verdict) -> str:
    """What the data contradicts, for the next round."""
    failures = [claim.model_dump(include={"subject", "what", "value", "evidence"}) for claim in verdict.failed[:40]]
    return (
        "Your proposal was tested on all rows. The data contradicts these claims:\n"
        f"{fence('failed_claims', failures)}\n"
        "Give the whole proposal again with these corrected; leave the others as they are."
    )
