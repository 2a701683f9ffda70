"""Is the answer one? Stop reasons, JSON, the output model; and the turn that tells the model what was wrong."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from aifirst_dagster.llm.failures import InvalidAnswerError, RefusedError, TruncatedError, UnavailableError
from aifirst_dagster.llm.types import Answer, LLMRequest, Message, Part, ProviderPart, TextPart
from aifirst_dagster.llm.wire_schema import answer_of

_SHOWN_ERRORS = 20
#: What seals a provider's block: Claude's signature, and the data of thinking that it keeps to itself.
_SEALS = {"signature", "data"}


def judged(answer: Answer, request: LLMRequest) -> BaseModel | None:
    """The parsed answer (None where free text was asked for, or tools are called).

    Raises:
        RefusedError, TruncatedError, UnavailableError: It did not come to its end.
        InvalidAnswerError: It is not what `request.output` says; the message lists why.
    """
    if answer.stop_reason == "tool_use" and request.tools and answer.tool_calls:
        return None
    _ended(answer)
    if request.output is None:
        if not answer.text.strip():
            raise InvalidAnswerError("The answer is empty.", billed="yes", tokens=answer.tokens)
        return None
    try:
        return answer_of(request.output, answer.text)
    except ValidationError as error:
        wrong = _listed(error)
    except ValueError as error:
        wrong = str(error)
    raise InvalidAnswerError(wrong, billed="yes", tokens=answer.tokens, request_id=answer.request_id)


def with_feedback(request: LLMRequest, answer: Answer, wrong: str) -> LLMRequest:
    """The request again, with the answer as it came and what was wrong with it. History is only appended to."""
    told = (
        f"Your answer cannot be used:\n{wrong}\n\n"
        "Answer the original request again, in full and in the required format, with this corrected."
    )
    # Of an answer without text there is nothing to correct, and an empty turn would be refused.
    earlier: tuple[Part, ...] = answer.content if answer.text.strip() else ()
    turns = (Message(role="assistant", content=earlier),) if earlier else ()
    return request.model_copy(
        update={"messages": (*request.messages, *turns, Message(role="user", content=(TextPart(text=told),)))}
    )


def unsealed(answer: Answer) -> Answer:
    """The answer without blocks that are bound to the turns before them, as thinking with its signature is.

    After feedback those turns are the gateway's, not the caller's: in the caller's history the blocks would be refused.
    """
    kept = tuple(part for part in answer.content if not (isinstance(part, ProviderPart) and _SEALS & part.block.keys()))
    return answer.model_copy(update={"content": kept})


def _ended(answer: Answer) -> None:
    billed = {"billed": "yes", "tokens": answer.tokens, "request_id": answer.request_id}
    if answer.stop_reason is None:
        # A stream that just ends raises nothing in the SDK. What it used is not known: the count was to come last.
        raise UnavailableError(
            "The answer broke off without its end.", retryable=True, billed="unknown", request_id=answer.request_id
        )
    if answer.stop_reason == "refusal":
        about = f" ({answer.stop_details})" if answer.stop_details else ""
        raise RefusedError(f"The model declined to answer{about}.", **billed)  # type: ignore[arg-type]
    if answer.stop_reason in ("max_tokens", "model_context_window_exceeded", "pause_turn", "tool_use"):
        raise TruncatedError(
            f"The answer is incomplete: it ended with {answer.stop_reason}.",
            hint="Raise max_output_tokens of the resource."
            if answer.stop_reason == "max_tokens"
            else "Send less at once.",
            **billed,  # type: ignore[arg-type]
        )


def _listed(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    lines = [
        f"- {'.'.join(str(key) for key in problem['loc']) or 'the answer'}: {problem['msg']}"
        for problem in problems[:_SHOWN_ERRORS]
    ]
    more = len(problems) - _SHOWN_ERRORS
    return "\n".join([*lines, *([f"- and {more} more"] if more > 0 else [])])
