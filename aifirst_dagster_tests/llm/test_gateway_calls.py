"""Calls under way: deadlines, Ctrl-C, many at once, and an answer that outlives its ledger."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import aifirst_dagster.state as state_package
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import BudgetExceededError, LLMError, UnavailableError
from aifirst_dagster.llm.gateway import spool
from aifirst_dagster.llm.gateway.cache import answers_of
from aifirst_dagster.llm.resource import CachePolicy
from aifirst_dagster.llm.types import LLMRequest, LLMResponse
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.busy import running
from aifirst_dagster_tests.loopback.claude import ClaudeServer
from aifirst_dagster_tests.loopback.replies import CutStream, Fail, Hang, Reply

Open = Callable[..., LLM]


def ledger(project: Project) -> list[dict[str, object]]:
    return state_package.open(project).ledger.rows()


def say(text: str, **more: object) -> LLMRequest:
    return LLMRequest.model_validate({"messages": text, "max_tokens": 1000, **more})


def test_a_deadline_ends_a_call_whose_provider_never_answers(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    claude_server.then(Reply("warm"), Hang(30))
    llm = claude(deadline=0.8, timeout=60)
    claude(deadline=60).call(say("warm"))
    began = time.monotonic()
    with pytest.raises(UnavailableError, match=r"within the 0\.8 s") as caught:
        llm.call(say("hi"))
    assert time.monotonic() - began < 15
    assert (caught.value.attempts, caught.value.usage.failures) == (1, 1)
    assert [row["status"] for row in ledger(project)] == ["settled", "unknown"]


class Dripping:
    """A server that sends one byte after the other, for ever: no read ever times out."""

    def __enter__(self) -> str:
        import socket

        self.listener = socket.create_server(("127.0.0.1", 0))
        self.closing = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        while not self.closing.wait(0.05):
            try:
                connection.sendall(b"1\r\n:\r\n")
            except OSError:
                return

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.listener.close()


def test_a_stream_that_drips_is_cut_at_the_deadline(
    claude: Open, claude_server: ClaudeServer, monkeypatch: pytest.MonkeyPatch
):
    claude_server.then(Reply("warm"))
    claude().call(say("warm"))
    with Dripping() as url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="No complete answer"):
            claude(deadline=1, timeout=60).call(say("hi", stream=True))
        assert time.monotonic() - began < 15


def test_nothing_is_retried_past_the_deadline(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: Fail(529, "overloaded_error"))
    llm = claude(deadline=2, retry={"attempts": 10, "base_seconds": 1.0, "longest_seconds": 8})
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="529") as caught:
        llm.call(say("hi"))
    assert "deadline" in caught.value.hint
    assert time.monotonic() - began < 15


INTERRUPTED = """
import sys
from pathlib import Path
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project
try:
    choose("claude", Project(Path(sys.argv[1]))).call(LLMRequest(messages="hi", max_tokens=1000))
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_ends_a_call_at_once_and_the_ledger_knows(claude: Open, claude_server: ClaudeServer, project: Project):
    claude(timeout=60)
    claude_server.then(Hang(30))
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(project.root)])
    while not claude_server.received:
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert time.monotonic() - began < 15
    (row,) = ledger(project)
    assert (row["status"], row["cost_usd"], row["error"]) == ("unknown", None, "stopped: CancelledError")


def test_a_task_that_is_cancelled_leaves_no_pending_row(claude: Open, claude_server: ClaudeServer, project: Project):
    claude_server.then(Hang(5))

    async def go() -> None:
        task = asyncio.create_task(claude(timeout=60).acall(say("hi")))
        while not claude_server.received:
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    state_package.open(project).ledger.drain()
    assert [row["status"] for row in ledger(project)] == ["unknown"]


def test_many_requests_come_back_in_order_each_with_its_own_fate(claude: Open, claude_server: ClaudeServer):
    def answer(body: dict[str, list[dict[str, list[dict[str, str]]]]]) -> Reply:
        number = int(body["messages"][0]["content"][0]["text"])
        return Reply(f"answer {number}", stop_reason="refusal" if number % 5 == 0 else "end_turn", delay=0.05)

    claude_server.answer_with(answer)  # type: ignore[arg-type]
    llm = claude(budget_usd=5)
    answers = llm.map([say(str(number)) for number in range(20)], concurrency=6)
    for number, got in enumerate(answers):
        if number % 5 == 0:
            assert isinstance(got, LLMError)
            assert got.kind == "refused"
        else:
            assert isinstance(got, LLMResponse)
            assert got.text == f"answer {number}"
    assert (llm.usage.calls, llm.usage.failures) == (20, 4)
    assert llm.map([]) == []


def test_no_more_than_the_stated_number_are_under_way(claude: Open, claude_server: ClaudeServer):
    lock, now, most = threading.Lock(), [0], [0]

    def answer(body: dict[str, object]) -> Reply:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.1)
        with lock:
            now[0] -= 1
        return Reply("ok")

    claude_server.answer_with(answer)
    claude(budget_usd=5).map([say(str(number)) for number in range(12)], concurrency=3)
    assert 2 <= most[0] <= 3


def test_a_synchronous_call_from_within_the_gateway_is_an_error_and_no_deadlock(claude: Open):
    llm = claude()

    async def nested() -> None:
        llm.call(say("hi"))

    from aifirst_dagster.llm.gateway.loop import run

    with pytest.raises(RuntimeError, match="acall"):
        run(nested())


def test_a_forked_process_has_a_gateway_of_its_own(claude: Open, claude_server: ClaudeServer, project: Project):
    claude_server.answer_with(lambda body: Reply("ok"))
    llm = claude()
    llm.call(say("from the parent"))
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if claude().call(say("from the child")).text == "ok" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert llm.call(say("from the parent again")).text == "ok"
    assert len(ledger(project)) == 3


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program holds the database, as a disk that is full or a server that is gone would."""
    holder = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_an_answer_survives_a_ledger_that_cannot_be_written(
    claude: Open, claude_server: ClaudeServer, project: Project
):
    state_package.open(project, busy_seconds=0.2)
    holding = locked(project.home / "state.db")

    def lock_and_answer(body: dict[str, object]) -> Reply:
        # The call is reserved by now; its answer finds the database locked.
        holding.__enter__()
        return Reply("Worth its money.", input_tokens=10, output_tokens=10)

    claude_server.answer_with(lock_and_answer)
    response = claude(cache="on").call(say("hi"))
    assert response.text == "Worth its money."
    assert any("kept in" in notice and "added later" in notice for notice in response.notices)
    assert spool.waits(project.home)
    holding.__exit__(None, None, None)
    assert [row["status"] for row in ledger(project)] == ["pending"]
    # Whoever comes next folds it in, and need not buy it again, whatever became of the cache.
    answers_of(project, CachePolicy()).embedded.drain()
    for path in project.home.glob("llm-cache.db*"):
        path.unlink()
    code = INTERRUPTED.replace("choose(", "print(choose(").replace("max_tokens=1000))", "max_tokens=1000)).cache)")
    done = subprocess.run([sys.executable, "-c", code, str(project.root)], capture_output=True, text=True)
    assert done.stdout.strip() == "hit", done.stderr
    assert len(claude_server.received) == 1
    (row,) = ledger(project)
    assert (row["status"], row["answer"], row["cost_usd"]) == ("settled", "Worth its money.", response.cost_usd)
    assert not spool.waits(project.home)


def test_a_spool_that_is_damaged_is_left_alone(project: Project, claude: Open, claude_server: ClaudeServer):
    folder = spool.folders(project.home)[0]
    folder.mkdir(parents=True)
    (folder / "x.json").write_text("{half of")
    claude_server.then(Reply("ok"))
    assert claude().call(say("hi")).text == "ok"
    assert (folder / "x.json").exists()


def test_a_home_that_cannot_be_written_leaves_the_temporary_folder(tmp_path: Path):
    home = tmp_path / "a file"
    home.write_text("in the way")
    path = spool.keep(home, "row", {"status": "settled"})
    assert path is not None
    assert path.parent == spool.folders(home)[1]
    path.unlink()


def test_a_call_has_a_cap_of_its_own_over_its_retries(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: CutStream())
    with pytest.raises(BudgetExceededError, match="call's cap") as caught:
        claude(budget_call_usd=0.03, budget_usd=5).call(say("hi", stream=True))
    assert "budget_call_usd" in caught.value.hint
    assert len(claude_server.received) == 2


def test_where_bytes_overstate_the_provider_counts(claude: Open, claude_server: ClaudeServer):
    claude_server.answer_with(lambda body: Reply("ok"))
    long = "word " * 4000
    # 20,000 bytes could be 20,000 tokens and $0.04; counted, it is 5,000.
    assert claude(budget_usd=0.03).call(say(long, max_tokens=100)).text == "ok"
    with pytest.raises(BudgetExceededError):
        claude(budget_usd=0.005).call(say(long, max_tokens=100))


def test_caps_hold_among_hundreds_of_concurrent_calls(claude: Open, project: Project, monkeypatch: pytest.MonkeyPatch):
    with running(delay=0.1) as server:
        server.use(monkeypatch)
        llm = claude(budget_usd=0.1, timeout=30)
        answers = llm.map([say(f"key:{number}", max_tokens=400) for number in range(200)], concurrency=200)
    served = [answer for answer in answers if isinstance(answer, LLMResponse)]
    refused = [answer for answer in answers if isinstance(answer, BudgetExceededError)]
    assert len(served) + len(refused) == 200
    assert served
    assert refused
    rows = ledger(project)
    assert len(rows) == len(served)
    assert sum(row["cost_usd"] for row in rows) <= 0.1  # type: ignore[misc]
