"""What the LLM gateway adds to a call, beside the bare SDK in the same run, and how many calls it carries at once.

The server is a process of its own on loopback. Prints each figure with its target; `--quick` for a first look.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.resource import LLMResourceSpec, choose
from aifirst_dagster.llm.types import LLMRequest
from aifirst_dagster.project import Project
from aifirst_dagster_tests.loopback.busy import KEY, Busy, running
from aifirst_dagster_tests.loopback.redis import RedisServer

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

MODEL = "claude-sonnet-5-5"
SPEC = LLMResourceSpec(
    name="claude",
    provider="claude",
    model=MODEL,
    base_url=None,
    budget_usd=1e6,
    max_output_tokens=300,
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls")
    quick = parser.parse_args().quick
    logging.disable(logging.WARNING)
    calls, crowd = (40, 100) if quick else (300, 1000)
    with tempfile.TemporaryDirectory() as folder:
        with running() as server:
            os.environ |= server.environment()
            del os.environ["AIFIRST_STRICT_PROVIDERS"]
            bare, ours = one_after_another(server, Project(Path(folder) / "a"), calls)
            show("bare SDK, one call after another", bare[0], None, "ms a call")
            show("the same through the gateway, uncached", ours[0], None, "ms a call")
            show("added by the gateway, uncached", ours[0] - bare[0], 3, "ms a call")
            show("  of it processor time, which others' load leaves alone", ours[1] - bare[1], 3, "ms a call")
            show("answered from the embedded cache", cached(Project(Path(folder) / "b"), calls), 1, "ms a call")
            if shutil.which("redis-server"):
                redis = RedisServer()
                redis.start()
                os.environ["AIFIRST_REDIS_URL"] = redis.url
                show("answered from Redis", cached(Project(Path(folder) / "c"), calls), 1, "ms a call")
                del os.environ["AIFIRST_REDIS_URL"]
                redis.kill()
        with running(delay=0.5) as server:
            os.environ["ANTHROPIC_BASE_URL"] = server.url
            wall, processor = at_once_bare(server, crowd)
            show(f"bare SDK, {crowd} calls at once, 0.5 s latency", wall, None, "s")
            show("  its processor time", processor, None, "s")
            (first, _), (wall, processor) = at_once(Project(Path(folder) / "d"), crowd)
            show(f"through the gateway, {crowd} calls at once", wall, 2, "s")
            show("  its processor time", processor, None, "s")
            show("  the first such crowd, which opens its connections", first, None, "s")
    show("imported by `aifirst --help`", *imported())


def opened(project: Project) -> LLM:
    """An LLM over the loopback server."""
    project.root.mkdir(parents=True, exist_ok=True)
    spec = SPEC.model_copy(update={"base_url": os.environ["ANTHROPIC_BASE_URL"]})
    return choose("claude", project, resources={"claude": spec})


def ask(key: str) -> LLMRequest:
    """One request."""
    return LLMRequest(messages=f"What is key:{key} ?", max_tokens=300)


def bare(server: Busy) -> AsyncAnthropic:
    """The SDK with its own defaults."""
    from anthropic import AsyncAnthropic

    return AsyncAnthropic(api_key=KEY, base_url=server.url, max_retries=0, timeout=60)


async def asked(client: AsyncAnthropic, key: str) -> Any:
    """The same request as `ask`, by the SDK alone."""
    thinking: Any = {"type": "between_tools"}
    content = [{"type": "text", "text": f"What is key:{key} ?"}]
    return await client.messages.create(
        model=MODEL,
        max_tokens=300,
        thinking=thinking,
        messages=[{"role": "user", "content": content}],  # type: ignore[typeddict-item]
    )


def one_after_another(server: Busy, project: Project, calls: int) -> tuple[list[float], list[float]]:
    """Milliseconds of a call, bare and ours: median wall, mean processor; in turns, so that load meets both."""

    async def go() -> tuple[list[float], list[float]]:
        client, llm = bare(server), opened(project)
        send = functools.partial(asked, client)
        for number in range(10):
            await send(f"warm{number}")
            await llm.acall(ask(f"warm{number}"))
        walls: tuple[list[float], list[float]] = ([], [])
        processor = [0.0, 0.0]
        for number in range(calls):
            for which, work in enumerate((send(f"bare{number}"), llm.acall(ask(f"ours{number}")))):
                began = time.process_time()
                walls[which].append(await timed(work))
                processor[which] += (time.process_time() - began) * 1000 / calls
        await client.close()
        alone, ours = ([statistics.median(walls[which]), processor[which]] for which in (0, 1))
        return alone, ours

    return asyncio.run(go())


def cached(project: Project, calls: int) -> float:
    """Median milliseconds of a call that the cache answers."""

    async def go() -> float:
        llm = opened(project)
        for number in range(20):
            await llm.acall(ask(f"c{number}"))
        taken = []
        for number in range(calls):
            taken.append(await timed(llm.acall(ask(f"c{number % 20}"))))
        assert llm.usage.cache_hits == calls
        return statistics.median(taken)

    return asyncio.run(go())


def at_once_bare(server: Busy, crowd: int) -> tuple[float, float]:
    """Seconds, wall and processor, for a crowd of calls through the SDK alone."""

    async def go() -> tuple[float, float]:
        async with bare(server) as client:
            await asked(client, "warm")
            began, processor = time.perf_counter(), time.process_time()
            await asyncio.gather(*[asked(client, f"n{number}") for number in range(crowd)])
            return time.perf_counter() - began, time.process_time() - processor

    return asyncio.run(go())


def at_once(project: Project, crowd: int) -> list[tuple[float, float]]:
    """Seconds, wall and processor, for two crowds of calls through the gateway, each of its own requests."""
    llm = opened(project)
    llm.call(ask("warm"))
    taken = []
    for round_ in range(2):
        began, processor = time.perf_counter(), time.process_time()
        answers = llm.map([ask(f"r{round_}n{number}") for number in range(crowd)], concurrency=crowd)
        taken.append((time.perf_counter() - began, time.process_time() - processor))
        assert not any(isinstance(answer, Exception) for answer in answers)
    return taken


def imported() -> tuple[float, float, str]:
    """How many of the providers' SDKs `aifirst --help` loads."""
    code = (
        "import sys, json, contextlib, io\n"
        "sys.argv = ['aifirst', '--help']\n"
        "from aifirst_dagster.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()\n"
        "print(json.dumps([name for name in ('anthropic', 'openai', 'google.genai', 'redis', 'sqlalchemy', 'asyncio',"
        " 'aifirst_dagster.llm.client') if name in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return len(json.loads(done.stdout)), 0, "modules"


async def timed(work: Awaitable[Any]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


def show(what: str, value: float, target: float | None, unit: str) -> None:
    """One line."""
    verdict = "" if target is None else f"target {target:g}: {'met' if value <= target else 'MISSED'}"
    print(f"{what:<52} {value:8.2f} {unit:<10} {verdict}", flush=True)


if __name__ == "__main__":
    main()
