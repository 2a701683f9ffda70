"""The gateway over a state database in PostgreSQL: the same promises, also when the server goes away."""

from __future__ import annotations

from collections.abc import Callable

import psycopg2
import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.errors import AifirstError
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import BudgetExceededError
from aifirst_dagster.llm.gateway import spool
from aifirst_dagster.llm.types import LLMRequest, LLMResponse
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import Reply
from aifirst_dagster_tests.postgres import postgres_server, postgres_url  # noqa: F401

Open = Callable[..., LLM]


def say(text: str) -> LLMRequest:
    return LLMRequest(messages=text, max_tokens=1000)


def ledger(project: Project) -> list[dict[str, object]]:
    return state_package.open(project).ledger.rows()


class Gone:
    """PostgreSQL lets nobody in, and throws out who is there."""

    def __init__(self, server: str, url: str) -> None:
        self._server, self._database = server, url.rpartition("/")[2]

    def _run(self, *statements: str) -> None:
        connection = psycopg2.connect(f"{self._server}/postgres")
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)
        connection.close()

    def begin(self) -> None:
        self._run(
            f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._database}'",
        )

    def end(self) -> None:
        self._run(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS true")


@pytest.mark.postgres
def test_answers_are_bought_once_and_caps_hold(
    project: Project,
    postgres_url: str,  # noqa: F811
    claude: Open,
    claude_server: ClaudeServer,
):
    claude_server.answer_with(lambda body: Reply("ok", input_tokens=100, output_tokens=100))
    llm = claude(cache="on", budget_usd=0.03)
    assert [llm.call(say("same")).cache for _ in range(2)] == ["miss", "hit"]
    answers = llm.map([say(f"other {number}") for number in range(12)], concurrency=12)
    served = [answer for answer in answers if isinstance(answer, LLMResponse)]
    assert 0 < len(served) < 12
    assert all(isinstance(answer, LLMResponse | BudgetExceededError) for answer in answers)
    assert len(claude_server.received) == len(ledger(project)) == len(served) + 1


@pytest.mark.postgres
def test_an_answer_survives_a_server_that_goes_away(
    project: Project,
    postgres_server: str,  # noqa: F811
    postgres_url: str,  # noqa: F811
    claude: Open,
    claude_server: ClaudeServer,
):
    gone = Gone(postgres_server, postgres_url)

    def go_and_answer(body: dict[str, object]) -> Reply:
        # The call is reserved by now; its answer finds nobody who writes it down.
        if len(claude_server.received) == 1:
            gone.begin()
        return Reply("Worth its money.")

    claude_server.answer_with(go_and_answer)
    response = claude(cache="on").call(say("hi"))
    assert response.text == "Worth its money."
    assert any("added later" in notice for notice in response.notices)
    # Nothing else is bought while nobody could write it down.
    with pytest.raises(AifirstError, match="cannot be used"):
        claude(cache="on").call(say("something else"))
    assert len(claude_server.received) == 1
    gone.end()
    assert claude(cache="on").call(say("something else")).text == "Worth its money."
    assert sorted(str(row["status"]) for row in ledger(project)) == ["settled", "settled"]
    assert not spool.waits(project.home)
