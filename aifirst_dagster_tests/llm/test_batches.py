"""Message batches through the real SDK, against a server that is as strict as the API, loses submissions, cuts results.

Whatever happens to the network or to us: no request is paid for twice, none is forgotten, and the ledger adds up with
the server.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import BaseModel, Field

import aifirst_dagster.state as state_package
from aifirst_dagster.llm.batches.split import split
from aifirst_dagster.llm.batches.task import Pace, Progress
from aifirst_dagster.llm.batches.wire import Limits
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import (
    AuthError,
    BudgetExceededError,
    InvalidAnswerError,
    LLMError,
    NoModelError,
    RefusedError,
    RejectedError,
    TruncatedError,
    UnavailableError,
)
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import CallContext, LLMRequest, LLMResponse
from aifirst_dagster.project import Project
from aifirst_dagster.state.batches import Batch
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import CutStream, Fail, Hang, Reply

Open = Callable[..., LLM]
PACE = Pace(first_look=0.02, longest_look=0.05, settle=0.3)
WHO = CallContext(pipeline="customers", step="label", task="rows", run_id="run-1")


class Label(BaseModel):
    name: str = Field(min_length=2)


def ask(row: str, **more: object) -> LLMRequest:
    asked = {"messages": f"row:{row}", "output": Label, "max_tokens": 200, "metadata": WHO, **more}
    return LLMRequest.model_validate(asked)


def answering(body: dict[str, object]) -> Reply:
    """`row:x` is labelled `label-x`."""
    text = body["messages"][0]["content"][0]["text"]  # type: ignore[index]
    return Reply(f'{{"name": "label-{text.removeprefix("row:")}"}}', input_tokens=100, output_tokens=20)


def labels(outcomes: list[LLMResponse | LLMError]) -> list[str]:
    return [out.parsed_as(Label).name if isinstance(out, LLMResponse) else type(out).__name__ for out in outcomes]


def ledger(project: Project) -> list[dict[str, object]]:
    return state_package.open(project).ledger.rows()


def remembered(project: Project) -> list[Batch]:
    return state_package.open(project).batches.all()


@pytest.fixture
def open_(claude: Open, claude_server: ClaudeServer) -> Callable[..., LLM]:
    """The resource with its response cache on, on a server that labels rows."""
    claude_server.answer_with(answering)
    return lambda **keys: claude(**{"cache": "on", "budget_usd": 50, **keys})


def test_answers_come_in_the_order_of_requests_at_half_the_price(
    open_: Open, claude_server: ClaudeServer, project: Project
):
    llm = open_()
    outcomes = llm.batch([ask(str(number)) for number in range(30)], pace=PACE)
    assert labels(outcomes) == [f"label-{number}" for number in range(30)]
    assert claude_server.received == []
    rows, billed = ledger(project), claude_server.batches.billed()
    assert billed == {"answers": 30, "input_tokens": 3000, "output_tokens": 600}
    assert (len(rows), len({row["batch_id"] for row in rows})) == (30, 1)
    assert {(row["status"], row["pipeline"], row["task"]) for row in rows} == {("settled", "customers", "rows")}
    one = (100 * 2 + 20 * 10) / 1e6 / 2
    assert [row["cost_usd"] for row in rows] == pytest.approx([one] * 30)
    assert llm.usage.cost_usd == pytest.approx(30 * one)
    assert llm.usage.calls == 30
    (batch,) = remembered(project)
    assert (batch.state, batch.requests, batch.provider_id) == ("collected", 30, claude_server.batches.all[0].id)


def test_what_is_known_is_not_sent_and_what_is_the_same_is_sent_once(open_: Open, claude_server: ClaudeServer):
    assert open_().call(ask("a")).cache == "miss"
    llm = open_()
    outcomes = llm.batch([ask("b"), ask("a"), ask("b"), ask("c")], pace=PACE)
    assert labels(outcomes) == ["label-b", "label-a", "label-b", "label-c"]
    assert [out.cache for out in outcomes if isinstance(out, LLMResponse)] == ["miss", "hit", "shared", "miss"]
    assert [len(held.requests) for held in claude_server.batches.all] == [2]
    assert (llm.usage.calls, llm.usage.cache_hits) == (2, 2)
    assert open_().call(ask("c")).cache == "hit"
    assert labels(open_().batch([ask("a"), ask("b"), ask("c")], pace=PACE)) == ["label-a", "label-b", "label-c"]
    assert claude_server.batches.submissions == 1


def test_each_request_fails_for_itself(open_: Open, claude_server: ClaudeServer, project: Project):
    replies: dict[str, object] = {
        "wrong": Reply('{"name": "x"}'),
        "refused": Reply("I would", stop_reason="refusal", refusal_category="bio"),
        "long": Reply('{"name": "lab', stop_reason="max_tokens"),
        "bad": Fail(400, "invalid_request_error", "no"),
        "broken": Fail(500, "api_error"),
        "never": Hang(),
    }
    claude_server.answer_with(lambda body: replies.get(_row(body)) or answering(body))  # type: ignore[arg-type, return-value]
    outcomes = open_().batch([ask(row) for row in ("good", *replies)], pace=PACE)
    assert [type(out) for out in outcomes] == [
        LLMResponse, InvalidAnswerError, RefusedError, TruncatedError, RejectedError, *[UnavailableError] * 2,
    ]  # fmt: skip
    rows = {row["failure"]: row for row in ledger(project)}
    assert {name: bool(row["cost_usd"]) for name, row in rows.items()} == {
        None: True, "invalid": True, "refused": True, "truncated": True, "rejected": False, "unavailable": False,
    }  # fmt: skip
    assert {row["status"] for row in ledger(project)} == {"settled", "failed"}
    paid = [row for row in ledger(project) if row["cost_usd"]]
    assert len(paid) == claude_server.batches.billed()["answers"]
    # A failure is never an answer: the same is asked again, and nothing else.
    claude_server.answer_with(answering)
    assert labels(open_().batch([ask("good"), ask("never")], pace=PACE)) == ["label-good", "label-never"]
    assert [len(held.requests) for held in claude_server.batches.all] == [7, 1]


def test_what_does_not_fit_under_the_cap_is_not_sent(open_: Open, claude_server: ClaudeServer, project: Project):
    request = ask("a")
    preview = open_().preview(request)
    assert preview is not None
    llm = open_(budget_usd=preview.most_usd * 2.6 / 2)
    outcomes = llm.batch([ask("a"), ask("b"), ask("c"), ask("d")], pace=PACE)
    assert labels(outcomes) == ["label-a", "label-b", "BudgetExceededError", "BudgetExceededError"]
    refused = outcomes[3]
    assert isinstance(refused, BudgetExceededError)
    assert "'label'" in refused.message
    assert [len(held.requests) for held in claude_server.batches.all] == [2]
    assert len(ledger(project)) == 2


def test_nothing_is_sent_where_the_cap_leaves_no_room(open_: Open, claude_server: ClaudeServer, project: Project):
    assert labels(open_(budget_usd=0).batch([ask("a")], pace=PACE)) == ["BudgetExceededError"]
    assert claude_server.batches.submissions == 0
    assert remembered(project) == []


def test_many_are_split_by_limits(open_: Open, claude_server: ClaudeServer):
    limits = Limits(requests=4, bytes=10_000_000)
    outcomes = open_().batch([ask(str(number)) for number in range(10)], pace=PACE, limits=limits)
    assert labels(outcomes) == [f"label-{number}" for number in range(10)]
    assert [len(held.requests) for held in claude_server.batches.all] == [4, 4, 2]


def test_splitting_counts_requests_and_bytes():
    limits = Limits(requests=3, bytes=100)
    assert list(split("abcdefg", [1] * 7, limits)) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert list(split("abcd", [60, 50, 50, 200], limits)) == [["a"], ["b", "c"], ["d"]]
    assert list(split("", [], limits)) == []


def test_progress_is_told_until_the_end(open_: Open, claude_server: ClaudeServer):
    claude_server.batches.looks = 4
    heard: list[Progress] = []
    open_().batch([ask("a"), ask("b")], pace=PACE, tell=heard.append)
    assert [one.ended for one in heard] == [False, False, False, True]
    assert {one.requests for one in heard} == {2}


@pytest.mark.parametrize("trouble", [Fail(529, "overloaded_error"), Fail(500), Hang(3), CutStream()])
@pytest.mark.parametrize("lost", [False, True])
def test_a_submission_in_doubt_is_looked_for_before_anything_is_sent_again(
    open_: Open, claude_server: ClaudeServer, project: Project, trouble: Fail | Hang | CutStream, lost: bool
):
    claude_server.batches.arriving(trouble, lost=lost)
    llm = open_(timeout=0.5)
    assert labels(llm.batch([ask("a"), ask("b")], pace=PACE)) == ["label-a", "label-b"]
    assert claude_server.batches.submissions == (2 if lost else 1)
    assert claude_server.batches.billed()["answers"] == 2
    assert sum(float(row["cost_usd"]) for row in ledger(project)) == pytest.approx(llm.usage.cost_usd)  # type: ignore[arg-type]
    assert sorted(batch.state for batch in remembered(project)) == ["collected", "void"][: 1 + lost]


def test_a_strangers_batch_of_the_same_size_is_not_taken_for_ours(
    open_: Open, claude_server: ClaudeServer, project: Project, tmp_path_factory: pytest.TempPathFactory
):
    other = Project(tmp_path_factory.mktemp("other"))
    choose("claude", other).batch([ask("x"), ask("y")], pace=PACE)
    claude_server.batches.arriving(Hang(3), lost=True)
    assert labels(open_(timeout=0.3).batch([ask("a"), ask("b")], pace=PACE)) == ["label-a", "label-b"]
    assert claude_server.batches.submissions == 3


def test_a_submission_in_doubt_whose_results_are_gone_is_unknown_and_not_paid_again(
    open_: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.batches.arriving(Hang(3))
    claude_server.batches.archive_when_ended = True
    outcomes = open_(timeout=0.3).batch([ask("a")], pace=PACE)
    assert isinstance(outcomes[0], UnavailableError)
    assert "may have been billed" in outcomes[0].message
    assert claude_server.batches.submissions == 1
    (row,) = ledger(project)
    assert (row["status"], row["cost_usd"]) == ("unknown", None)
    assert [batch.state for batch in remembered(project)] == ["lost"]


def test_a_batch_that_is_refused_costs_nothing(
    open_: Open, claude_server: ClaudeServer, project: Project, monkeypatch: pytest.MonkeyPatch
):
    llm = open_()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong")
    outcomes = llm.batch([ask("a"), ask("b")], pace=PACE)
    assert [type(out) for out in outcomes] == [AuthError, AuthError]
    assert {(row["status"], row["cost_usd"]) for row in ledger(project)} == {("failed", 0.0)}
    assert [batch.state for batch in remembered(project)] == ["void"]


def test_a_rate_limit_is_waited_for(open_: Open, claude_server: ClaudeServer):
    claude_server.batches.arriving(Fail(429, "rate_limit_error"), lost=True)
    assert labels(open_().batch([ask("a")], pace=PACE)) == ["label-a"]
    assert claude_server.batches.submissions == 2


@pytest.mark.parametrize("clean", [False, True])
def test_results_that_break_off_are_read_again(open_: Open, claude_server: ClaudeServer, project: Project, clean: bool):
    claude_server.batches.cut_results(clean)
    outcomes = open_().batch([ask(str(number)) for number in range(8)], pace=PACE)
    assert labels(outcomes) == [f"label-{number}" for number in range(8)]
    assert len([row for row in ledger(project) if row["status"] == "settled"]) == 8


def test_requests_that_are_missing_from_the_results_are_unknown(
    open_: Open, claude_server: ClaudeServer, project: Project
):
    for _ in range(9):
        claude_server.batches.cut_results(clean=True)
    outcomes = open_().batch([ask(str(number)) for number in range(8)], pace=PACE)
    assert sum(isinstance(out, UnavailableError) for out in outcomes) == 4
    assert sorted(row["status"] for row in ledger(project)) == ["settled"] * 4 + ["unknown"] * 4  # type: ignore[type-var]


def test_who_runs_out_of_patience_comes_back_for_the_answers(
    open_: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.batches.hold()
    (waiting,) = open_().batch([ask("a")], pace=replace(PACE, patience=0.1))
    assert isinstance(waiting, UnavailableError)
    assert "still being worked on" in waiting.message
    # Two hours later, say: it is not given up as a call would be.
    assert state_package.open(project).ledger.give_up_lost() == 0
    assert [row["status"] for row in ledger(project)] == ["pending"]
    claude_server.batches.release()
    assert labels(open_().batch([ask("b"), ask("a")], pace=PACE)) == ["label-b", "label-a"]
    assert claude_server.batches.billed()["answers"] == 2


def test_a_batch_that_expires_costs_nothing_and_is_asked_again(
    open_: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.batches.hold()
    open_().batch([ask("a")], pace=replace(PACE, patience=0.1))
    claude_server.batches.expire()
    (expired,) = open_().batch([ask("a")], pace=PACE)
    assert isinstance(expired, UnavailableError)
    assert "expired" in expired.message
    assert [(row["status"], row["cost_usd"]) for row in ledger(project)] == [("failed", 0.0)]
    claude_server.batches.release()
    assert labels(open_().batch([ask("a")], pace=PACE)) == ["label-a"]


def test_one_that_is_under_way_is_not_sent_by_another_thread(open_: Open, claude_server: ClaudeServer):
    claude_server.batches.looks = 10
    found: list[list[str]] = []
    llm = open_()
    # On a busy machine a request may be in doubt for seconds: that it never arrived takes longer to conclude.
    pace = replace(PACE, settle=30)
    threads = [
        threading.Thread(target=lambda: found.append(labels(llm.batch([ask("a"), ask("b")], pace=pace))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["label-a", "label-b"]] * 4
    assert claude_server.batches.submissions == 1
    assert llm.usage.calls == 2


def test_offline_has_no_batches(project: Project):
    with pytest.raises(NoModelError):
        choose("offline", project).batch([ask("a")])


def test_a_provider_without_batches_says_so(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-openai-0123456789")
    with pytest.raises(RejectedError, match="no message batches"):
        choose("openai", project).batch([ask("a")])


PROGRAM = """
import sys
from pathlib import Path
from pydantic import BaseModel
from aifirst_dagster.llm.batches.task import Pace
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.project import Project
from aifirst_dagster_tests.llm.test_batches import PACE, ask, labels
llm = choose("claude", Project(Path(sys.argv[1])), budget_usd=50)
print(labels(llm.batch([ask(str(n)) for n in range(20)], pace=PACE)), llm.usage.calls, flush=True)
"""


def _killed_when(project: Project, reached: Callable[[], object]) -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(project.root)])
    while not reached():
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()


@pytest.mark.parametrize("arrives", [True, False])
def test_killed_between_submission_and_answer(
    open_: Open, claude_server: ClaudeServer, project: Project, arrives: bool
):
    open_(timeout=60)
    claude_server.batches.arriving(Hang(20), lost=not arrives)
    _killed_when(project, lambda: claude_server.batches.submissions)
    assert [batch.state for batch in remembered(project)] == ["sending"]
    assert {row["status"] for row in ledger(project)} == {"pending"}
    outcomes = open_().batch([ask(str(number)) for number in range(20)], pace=PACE)
    assert labels(outcomes) == [f"label-{number}" for number in range(20)]
    assert claude_server.batches.submissions == (1 if arrives else 2)
    assert claude_server.batches.billed()["answers"] == 20
    assert sum(row["status"] == "settled" for row in ledger(project)) == 20


def test_killed_while_it_waits(open_: Open, claude_server: ClaudeServer, project: Project):
    open_()
    claude_server.batches.hold()
    _killed_when(project, lambda: any(batch.state == "sent" for batch in remembered(project)))
    claude_server.batches.release()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(project.root)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.count("label-") == 20
    assert claude_server.batches.submissions == 1
    assert sum(row["status"] == "settled" for row in ledger(project)) == 20
    assert [batch.state for batch in remembered(project)] == ["collected"]


def test_ctrl_c_loses_nothing(open_: Open, claude_server: ClaudeServer, project: Project):
    import signal

    open_()
    claude_server.batches.hold()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(project.root)], stderr=subprocess.PIPE)
    while not any(batch.state == "sent" for batch in remembered(project)):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert b"KeyboardInterrupt" in said
    claude_server.batches.release()
    outcomes = open_().batch([ask(str(number)) for number in range(20)], pace=PACE)
    assert labels(outcomes) == [f"label-{number}" for number in range(20)]
    assert claude_server.batches.submissions == 1


def _row(body: dict[str, object]) -> str:
    text: str = body["messages"][0]["content"][0]["text"]  # type: ignore[index]
    return text.removeprefix("row:")
