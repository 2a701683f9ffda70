"""Every kind of part goes over every provider's wire as its API wants it; what a model cannot take is said."""

from __future__ import annotations

import asyncio
import base64
from io import BytesIO
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.llm.failures import RejectedError
from aifirst_dagster.llm.gateway.call import resolve_model
from aifirst_dagster.llm.gateway.estimate import most_tokens
from aifirst_dagster.llm.providers.base import ModelFacts, Prepared, Provider
from aifirst_dagster.llm.types import (
    DocumentPart,
    ImagePart,
    LLMRequest,
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
)
from aifirst_dagster_tests.llm.rigs import Rig
from aifirst_dagster_tests.loopback.replies import Reply, ToolUse


class Look(BaseModel):
    model_config = ConfigDict(extra="forbid")

    column: str
    rows: int = Field(5, le=10)
    where: dict[str, str] = {}
    note: str | None = None


class Sum(BaseModel):
    total: int


LOOK = ToolSpec(name="look", description="Rows of a column.", arguments=Look)


def picture(width: int = 60, height: int = 30) -> ImagePart:
    from PIL import Image

    out = BytesIO()
    Image.effect_noise((width, height), 99).save(out, "PNG")
    return ImagePart.of(out.getvalue())


def document(pages: int = 2) -> DocumentPart:
    import pypdfium2

    out, pdf = BytesIO(), pypdfium2.PdfDocument.new()
    for _ in range(pages):
        pdf.new_page(200, 300)
    pdf.save(out)
    return DocumentPart(data=base64.b64encode(out.getvalue()).decode(), title="bill.pdf")


def holds(body: Any, part: ImagePart) -> bool:
    """Whether a picture was sent; Google's SDK writes base64 in its other alphabet."""
    return part.data in str(body).replace("-", "+").replace("_", "/")


def user(*parts: Any) -> Message:
    return Message(role="user", content=parts)


def prepared(rig: Rig, request: LLMRequest, **keys: Any) -> tuple[Provider, Prepared]:
    """What would be sent."""
    (route,) = rig.open(**keys)._routes
    model, _ = resolve_model(request.model, route.spec, rig.project)
    return route.provider, route.provider.prepare(request, model)


def sighted(rig: Rig) -> None:
    """Give the local model eyes: the catalogue says what it can do."""
    folder = rig.project.resources / "llm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "models.yaml").write_text(
        "models: {smol: {provider: local, context: 8192, max_output: 4096, vision: true, "
        "prices: [{input: 0, output: 0}]}}"
    )


@pytest.mark.parametrize("stream", [False, True])
def test_images_are_seen(rig: Rig, stream: bool):
    sighted(rig)
    seen = picture()
    rig.server.then(Reply("a chart", input_tokens=100))
    parts = (TextPart(text="What is this?"), seen, TextPart(text="Say."))
    request = LLMRequest(messages=(user(*parts),), stream=stream, max_tokens=200)
    assert rig.open().call(request).text == "a chart"
    (received,) = rig.server.received
    assert holds(received.body, seen)
    assert received.status == 200


def test_pdfs_are_read(rig: Rig):
    request = LLMRequest(messages=(user(document(), TextPart(text="What does it say?")),), max_tokens=200)
    rig.server.then(Reply("a bill"))
    if rig.kind.name == "local":
        with pytest.raises(RejectedError, match="'pdf'"):
            rig.open().call(request)
        assert rig.server.received == []
    else:
        assert rig.open().call(request).text == "a bill"
        assert rig.server.received[0].status == 200


def test_a_model_without_eyes_is_an_error_that_says_so(rig: Rig):
    name = rig.kind.settings["model"]
    folder = rig.project.resources / "llm"
    folder.mkdir(parents=True, exist_ok=True)
    blind = "context: 9000, max_output: 4000, tools: false, prices: [{input: 0, output: 0}]"
    (folder / "models.yaml").write_text(f"models: {{{name}: {{provider: {rig.kind.name}, {blind}}}}}")
    with pytest.raises(RejectedError, match="'vision'") as caught:
        rig.open().call(LLMRequest(messages=(user(picture()),)))
    assert "models.yaml" in caught.value.hint
    with pytest.raises(RejectedError, match="'tools'"):
        rig.open().call(LLMRequest(messages="look", tools=(LOOK,)))
    assert rig.server.received == []


def test_base64_does_not_count_as_text(rig: Rig):
    sighted(rig)
    big = picture(1000, 1000)
    assert len(big.data) > 500_000
    _, ready = prepared(rig, LLMRequest(messages=(user(big, TextPart(text="What?")),), max_tokens=200))
    assert most_tokens(ready).input < 15_000
    if rig.kind.name != "local":
        _, ready = prepared(rig, LLMRequest(messages=(user(document(3)),), max_tokens=200))
        assert 3 * 3_000 < most_tokens(ready).input < 3 * 10_000


@pytest.mark.parametrize("part", [ImagePart.of(b"no picture"), DocumentPart(data=base64.b64encode(b"no").decode())])
def test_what_is_no_image_or_document_is_found_out_before_sending(rig: Rig, part: Any):
    sighted(rig)
    with pytest.raises(RejectedError, match=r"readable|'pdf'"):
        rig.open().call(LLMRequest(messages=(user(part),)))
    assert rig.server.received == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("thinking", ["off", "adaptive"])
def test_tools_are_called_side_by_side_and_their_results_go_back(rig: Rig, stream: bool, thinking: str):
    calls = (
        ToolUse("look", {"column": "a", "rows": 3, "where": [{"key": "b", "value": "x"}]}),
        ToolUse("look", {"column": "c", "rows": 1, "where": [], "note": None}),
    )
    rig.server.then(Reply("Let me see.", thinking="Two columns.", tools=calls), Reply('{"total": 4}'))
    first = LLMRequest.model_validate(
        {"messages": "Add up.", "tools": (LOOK,), "thinking": thinking, "stream": stream, "max_tokens": 900}
    )
    llm = rig.open()
    asked = llm.call(first)
    assert asked.stop_reason == "tool_use"
    assert [call.name for call in asked.tool_calls] == ["look", "look"]
    one, two = asked.tool_calls
    assert one.arguments == {"column": "a", "rows": 3, "where": {"b": "x"}}
    assert Look.model_validate(two.arguments).column == "c"
    assert one.id != two.id
    seen = picture()
    results = (
        ToolResultPart(id=one.id, name="look", content=(TextPart(text="1, 3"), seen)),
        ToolResultPart(id=two.id, name="look", content=(TextPart(text="no such column"),), is_error=True),
    )
    # The results come before any text, whatever order they are given in.
    turns = (Message(role="assistant", content=asked.content), user(TextPart(text="Go on."), *results))
    second = first.model_copy(update={"messages": (*first.messages, *turns), "output": Sum})
    if rig.kind.name == "local":
        with pytest.raises(RejectedError, match="'vision'"):
            llm.call(second)
        sighted(rig)
        llm = rig.open()
    assert llm.call(second).parsed_as(Sum).total == 4
    last = rig.server.received[-1]
    assert last.status == 200
    assert holds(last.body, seen)
    assert "no such column" in str(last.body)


def test_another_providers_turn_is_understood(rig: Rig):
    rig.server.then(Reply("done"))
    call = ToolCallPart(id="call_1", name="look", arguments={"column": "a"})
    turns = (
        user(TextPart(text="Add up.")),
        Message(role="assistant", content=(TextPart(text="Let me see."), call)),
        user(ToolResultPart(id="call_1", name="look", content=(TextPart(text="1, 3"),))),
    )
    assert rig.open().call(LLMRequest(messages=turns, tools=(LOOK,), max_tokens=300)).text == "done"
    assert rig.server.received[0].status == 200


LONG = "Columns are described as follows. " * 400


def test_a_stable_prefix_is_marked_where_the_provider_wants_to_be_told(rig: Rig):
    first = TextPart(text=LONG, cache=True)
    request = LLMRequest(messages=(user(first, TextPart(text="And now?")),), system=LONG, cache_system=True)
    _, ready = prepared(rig, request.model_copy(update={"max_tokens": 100}))
    found = str(ready.body).count("cache_control") + str(ready.body).count("prompt_cache_breakpoint")
    marks = {"claude": 2, "openai": 2}.get(rig.kind.name, 0)
    assert (found, ready.cache) == (marks, marks > 0)
    if marks:
        # What is written to the cache costs more than what is read fresh: the bound says so.
        assert (most_tokens(ready).input, most_tokens(ready).cache_write_5m > 10_000) == (0, True)
    rig.server.then(Reply("ok", input_tokens=20, cache_read=6_000, output_tokens=1))
    answer = rig.open(budget_usd=5).call(request)
    assert (answer.usage.input_tokens, answer.usage.cached_input_tokens) == (6_020, 6_000)


def test_at_most_four_marks_and_none_on_short_prefixes(rig: Rig):
    many = tuple(TextPart(text=f"{number} {LONG}", cache=True) for number in range(9))
    _, ready = prepared(rig, LLMRequest(messages=(user(*many),), system=LONG, cache_system=True))
    found = str(ready.body).count("cache_control") + str(ready.body).count("prompt_cache_breakpoint")
    assert found == (4 if rig.kind.name in ("claude", "openai") else 0)
    short = LLMRequest(messages=(user(TextPart(text="short", cache=True)),), system="Be brief.", cache_system=True)
    _, ready = prepared(rig, short)
    assert "cache_control" not in str(ready.body)
    assert not ready.cache


def test_the_providers_own_count(rig: Rig):
    request = LLMRequest(messages="Count me.", system="Be brief.", tools=(LOOK,), output=Sum, max_tokens=300)
    provider, ready = prepared(rig, request)

    async def counted() -> int | None:
        try:
            return await provider.count(ready)
        finally:
            await provider.aclose()

    found = asyncio.run(counted())
    assert found is None if rig.kind.name == "local" else isinstance(found, int) and found > 0
    assert rig.server.received == []


def test_the_models_endpoint(rig: Rig):
    (route,) = rig.open()._routes

    async def listed() -> list[ModelFacts]:
        try:
            return await route.provider.models()
        finally:
            await route.provider.aclose()

    found = {model.id: model for model in asyncio.run(listed())}
    assert rig.kind.settings["model"] in found
    if rig.kind.name == "claude":
        old = found["claude-sonnet-4-5"]
        assert (str(old.retires), old.context, "image_input" in old.capabilities) == ("2026-11-30", 200_000, True)


CLAUDE = {"limit": "1000", "remaining": "10", "reset": "2099-01-01T00:00:00Z"}
LIMITS = {
    "claude": {f"anthropic-ratelimit-requests-{name}": value for name, value in CLAUDE.items()},
    "openai": {
        "x-ratelimit-limit-tokens": "40000",
        "x-ratelimit-remaining-tokens": "100",
        "x-ratelimit-reset-tokens": "1m0.5s",
    },
}


@pytest.mark.parametrize("stream", [False, True])
def test_rate_limits_are_read_from_the_headers(rig: Rig, stream: bool):
    provider, ready = prepared(rig, LLMRequest(messages="hi", stream=stream, max_tokens=50))
    rig.server.then(Reply("ok", headers=LIMITS.get(rig.kind.name, {})))

    async def sent() -> tuple[Any, ...]:
        try:
            return (await provider.send(ready)).limits
        finally:
            await provider.aclose()

    limits = asyncio.run(sent())
    found = [(limit.kind, limit.limit, limit.remaining) for limit in limits]
    assert found == {"claude": [("requests", 1000, 10)], "openai": [("tokens", 40000, 100)]}.get(rig.kind.name, [])
    if rig.kind.name == "openai":
        assert limits[0].reset == 60.5
