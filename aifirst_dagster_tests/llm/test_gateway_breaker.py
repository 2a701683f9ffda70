"""A provider that is down is left alone; the router goes on, and says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import RefusedError, RejectedError, UnavailableError
from aifirst_dagster.llm.gateway.breaker import Breaker
from aifirst_dagster.llm.resource import BreakerPolicy, choose
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import Fail, Reply

Open = Callable[..., LLM]
DOWN = UnavailableError("down")


class Clock:
    """Time that passes when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def attempt(breaker: Breaker, error: Exception | None) -> bool:
    """Whether a call got through."""
    try:
        breaker.enter("it")
    except UnavailableError:
        return False
    breaker.leave(error)
    return True


def test_it_opens_after_failures_in_a_row_and_lets_one_try_after_the_cool_down():
    clock = Clock()
    breaker = Breaker(BreakerPolicy(failures=2, cool_down=10), clock)
    assert attempt(breaker, DOWN)
    assert attempt(breaker, None)
    assert [attempt(breaker, DOWN) for _ in range(4)] == [True, True, False, False]
    clock.now = 9.9
    assert not attempt(breaker, None)
    clock.now = 10
    breaker.enter("it")
    with pytest.raises(UnavailableError, match="as soon as the call that tries it now"):
        breaker.enter("it")
    breaker.leave(DOWN)
    with pytest.raises(UnavailableError, match="in 10 s"):
        breaker.enter("it")
    clock.now = 20
    assert attempt(breaker, None)
    assert attempt(breaker, DOWN)
    assert attempt(breaker, None)


def test_a_try_that_was_stopped_leaves_the_question_open():
    clock = Clock()
    breaker = Breaker(BreakerPolicy(failures=1, cool_down=1), clock)
    attempt(breaker, DOWN)
    clock.now = 1
    breaker.enter("it")
    breaker.leave(KeyboardInterrupt())
    assert attempt(breaker, None)


def test_a_model_that_declines_is_not_down():
    breaker = Breaker(BreakerPolicy(failures=1, cool_down=10))
    assert [attempt(breaker, RefusedError("no")) for _ in range(3)] == [True] * 3
    assert [attempt(breaker, RejectedError("no")) for _ in range(3)] == [True] * 3


def resources(project: Project, **files: dict[str, object]) -> None:
    folder = project.resources / "llm"
    folder.mkdir(parents=True, exist_ok=True)
    for name, settings in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(settings))


def test_a_resource_that_is_down_is_not_asked_again_for_a_while(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.answer_with(lambda body: Fail(529, "overloaded_error"))
    keys = {"retry": {"attempts": 2, "base_seconds": 0}, "breaker": {"failures": 2, "cool_down": 60}}
    for _ in range(2):
        with pytest.raises(UnavailableError, match="529"):
            claude(**keys).call(LLMRequest(messages="hi", max_tokens=10))
    # Another LLM over the same resource, of the same process: it knows.
    with pytest.raises(UnavailableError, match="is not asked: its last 2 calls all failed"):
        claude(**keys).call(LLMRequest(messages="hi", max_tokens=10))
    assert len(claude_server.received) == 4


def test_the_router_goes_on_at_once_while_the_first_is_down_and_says_so(
    project: Project, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DOWN_URL", "http://127.0.0.1:1")
    once = {"attempts": 1}
    resources(
        project,
        first={"provider": "claude", "base_url": {"env": "DOWN_URL"}, "retry": once, "breaker": {"failures": 1}},
        second={"provider": "claude", "base_url": {"env": "ANTHROPIC_BASE_URL"}, "model": "claude-haiku-5-5"},
        both={"provider": "router", "chain": ["first", "second"]},
    )
    claude_server.answer_with(lambda body: Reply("Here."))
    llm = choose("both", project)
    told = [llm.call(LLMRequest(messages=text, max_tokens=10)) for text in ("one", "two")]
    assert "first did not serve: Claude cannot be reached." in told[0].notices
    assert any(notice.startswith("first did not serve: first is not asked") for notice in told[1].notices)
    assert [response.model for response in told] == ["claude-haiku-5-5"] * 2
    assert llm.usage.failures == 1


def test_what_a_model_cannot_take_is_rerouted_visibly_or_an_error(project: Project, claude_server: ClaudeServer):
    resources(
        project,
        small={"provider": "claude", "base_url": {"env": "ANTHROPIC_BASE_URL"}, "retry": {"attempts": 1}},
        large={"provider": "claude", "base_url": {"env": "ANTHROPIC_BASE_URL"}, "model": "claude-haiku-5-5"},
        both={"provider": "router", "chain": ["small", "large"]},
    )
    too_long = Fail(413, "request_too_large", "prompt is too long")
    claude_server.then(too_long, Reply("Here."), too_long)
    response = choose("both", project).call(LLMRequest(messages="hi", max_tokens=10))
    assert any("small did not serve" in notice and "prompt is too long" in notice for notice in response.notices)
    with pytest.raises(RejectedError, match="too long"):
        choose("small", project).call(LLMRequest(messages="hi again", max_tokens=10))
