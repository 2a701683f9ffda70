"""A thousand requests from eight processes through a server that fails at random, while everything is killed in turn.

Whatever happens: each answer that was received is bought once and used, calls in flight at a kill stay in the ledger as
`unknown`, caps hold, and the ledger adds up to what the server says it served.
"""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import aifirst_dagster.state as state_package
from aifirst_dagster.project import Project
from aifirst_dagster_tests.llm import crowd
from aifirst_dagster_tests.loopback.busy import Busy, running
from aifirst_dagster_tests.loopback.redis import RedisServer, redis_server  # noqa: F401

WORKERS, KEYS, SHARED = 8, 1000, 60
CAP, TIGHT_CAP = 20.0, 0.12
SETTINGS: dict[str, Any] = {
    "provider": "claude",
    "model": "claude-sonnet-5-5",
    "base_url": {"env": "ANTHROPIC_BASE_URL"},
    "timeout": 5,
    "deadline": 60,
    "budget_usd": CAP,
    "retry": {"attempts": 4, "base_seconds": 0.02, "longest_seconds": 0.3, "longest_retry_after": 1},
    "breaker": {"failures": 20, "cool_down": 0.2},
}


class Crowd:
    """The eight processes."""

    def __init__(self, project: Project, environment: dict[str, str], folder: Path) -> None:
        self.context = multiprocessing.get_context("forkserver")
        # Imports are made once; eight processes that each import the SDK would take longer than all the rest.
        self.context.set_forkserver_preload(
            ["anthropic", "redis.asyncio", "alembic", "aifirst_dagster_tests.llm.crowd"]
        )
        self.project, self.environment, self.folder = project, environment, folder
        self.processes: list[Any] = []

    def start(self) -> None:
        """Start all; each begins its list from the top."""
        self.processes = []
        for number in range(WORKERS):
            own = [f"k{index:04d}" for index in range(KEYS) if index % WORKERS == number]
            # Some keys are everybody's: asked at the same time, they must be bought once all the same.
            keys = [f"k{index:04d}" for index in range(SHARED)] + own
            tight = [f"t{number}{index:03d}" for index in range(10)]
            given = (str(self.project.root), self.environment, keys, tight, str(self.folder / f"{number}.jsonl"))
            process = self.context.Process(target=crowd.work, args=given)
            process.start()
            self.processes.append(process)

    def kill(self) -> None:
        """Kill -9, each by its id."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()

    def finish(self, seconds: float) -> None:
        """Wait for all."""
        ends = time.monotonic() + seconds
        for process in self.processes:
            process.join(max(0.1, ends - time.monotonic()))
            assert process.exitcode == 0, f"a process ended with {process.exitcode}"

    def results(self) -> list[dict[str, Any]]:
        """Every line that the processes wrote, whole ones only: a kill may leave half a line."""
        lines = [line for path in self.folder.glob("*.jsonl") for line in path.read_text().splitlines()]
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def served(log: Path) -> list[dict[str, Any]]:
    """The server's own count: each answer that it put on the wire in full."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]


def settled(project: Project) -> int:
    """How far the crowd is."""
    with sqlite3.connect(f"file:{project.home / 'state.db'}?mode=ro", uri=True, timeout=10) as connection:
        return int(connection.execute("SELECT count(*) FROM llm_calls WHERE status = 'settled'").fetchone()[0])


def until(project: Project, share: float) -> None:
    """Wait until a share of the answers is in."""
    ends = time.monotonic() + 200
    while settled(project) < share * KEYS:
        assert time.monotonic() < ends, f"only {settled(project)} answers"
        time.sleep(0.02)


def pending(project: Project) -> set[str]:
    """Rows of calls in flight."""
    rows = state_package.open(project).ledger.rows()
    return {str(row["id"]) for row in rows if row["status"] == "pending"}


def wreck(crowd_: Crowd, server: Busy, redis: RedisServer, project: Project) -> set[str]:
    """Kill everything in turn; the rows that were in flight when their processes were killed."""
    in_flight: set[str] = set()
    steps: list[tuple[float, Callable[[], None]]] = []

    def kill_workers() -> None:
        crowd_.kill()
        in_flight.update(pending(project))
        crowd_.start()

    def restart_server() -> None:
        server.kill()
        server.start()

    steps = [
        (0.2, kill_workers),
        (0.35, restart_server),
        (0.5, redis.kill),
        (0.6, kill_workers),
        (0.75, restart_server),
    ]
    for share, step in steps:
        until(project, share)
        step()
    return in_flight


def test_every_answer_is_bought_once_whatever_is_killed(
    project: Project,
    redis_server: RedisServer,  # noqa: F811
    tmp_path: Path,
):
    folder = project.resources / "llm"
    folder.mkdir(parents=True)
    (folder / "claude.yaml").write_text(yaml.safe_dump(SETTINGS))
    (folder / "tight.yaml").write_text(yaml.safe_dump({**SETTINGS, "budget_usd": TIGHT_CAP}))
    state_package.open(project)
    log, results = tmp_path / "server.log", tmp_path / "results"
    results.mkdir()
    log.touch()
    with running(delay=0.02, fail=0.3, log=log) as server:
        environment = {**server.environment(), "AIFIRST_REDIS_URL": redis_server.url}
        workers = Crowd(project, environment, results)
        workers.start()
        try:
            in_flight = wreck(workers, server, redis_server, project)
            workers.finish(200)
        finally:
            workers.kill()
    ledger = state_package.open(project).ledger
    ledger.give_up_lost()
    rows, count, lines = ledger.rows(), served(log), workers.results()

    # Every key has its answer, the right one, and no process missed any.
    done = [line for line in lines if line.get("done")]
    assert len(done) == WORKERS
    assert all(line["missing"] == [] for line in done)
    answers = [line for line in lines if "key" in line]
    assert all(line["name"] == line["key"] for line in answers)
    keys = {f"k{index:04d}" for index in range(KEYS)}
    assert keys <= {line["key"] for line in answers}

    # Each answer was bought once: one settled row a key, and all that was said came from it.
    bought = [row for row in rows if row["status"] == "settled"]
    by_key = Counter(json.loads(row["answer"])["name"] for row in bought)
    assert set(by_key.values()) == {1}
    assert keys <= by_key.keys()
    said: dict[str, set[str]] = {}
    for line in answers:
        said.setdefault(line["key"], set()).add(line["request"])
    assert all(len(requests) == 1 for requests in said.values())

    # In flight at a kill: unknown, with the most they could cost.
    assert in_flight
    statuses = {row["id"]: (row["status"], row["cost_usd"]) for row in rows}
    assert {statuses[row] for row in in_flight} == {("unknown", None)}
    assert "pending" not in {row["status"] for row in rows}

    # The ledger and the server agree on each answer; what the server served and the ledger does not have by its id was
    # on the way when something was killed or cut.
    billed = {line["id"]: line for line in count}
    assert len(billed) == len(count)
    known = {row["request_id"]: row for row in rows if row["cost_usd"] and row["request_id"]}
    assert known.keys() <= billed.keys()
    for request, row in known.items():
        assert (row["input_tokens"], row["output_tokens"]) == (
            billed[request]["input_tokens"],
            billed[request]["output_tokens"],
        )
    unknown = [row for row in rows if row["status"] == "unknown"]
    assert len(billed) - len(known) <= len(unknown)
    paid = sum(billed[request]["input_tokens"] * 2 + billed[request]["output_tokens"] * 10 for request in known) / 1e6
    assert sum(row["cost_usd"] or 0 for row in rows) == pytest.approx(paid)

    # Caps hold, what is unknown counted with the most it could cost.
    for run, cap in (("fuzz", CAP), ("tight", TIGHT_CAP)):
        spent = sum(
            row["cost_usd"] if row["cost_usd"] is not None else row["reserved_usd"]
            for row in rows
            if row["run_id"] == run
        )
        assert 0 < spent <= cap
    tight = [line for line in answers if line["key"].startswith("t")]
    assert 0 < len({line["key"] for line in tight}) < WORKERS * 10
