"""The same pipeline, over the same file, run from the UI and from the command line: the steps should take as long.

The UI is the real webserver and daemon on loopback; its run is launched as its Materialize button does it. Both start
without designs, and take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench_project import orders, project
from generate import ROWS, generated
from measure import median, run

AIFIRST = str(Path(sys.executable).parent / "aifirst")
#: No slower from the UI than this times the command line's steps: two timings of one thing differ by so much here.
LIMIT = 1.15
SELECTOR = {"repositoryLocationName": "aifirst_dagster", "repositoryName": "__repository__", "jobName": "__ASSET_JOB"}


def ask(address: str, query: str, **variables: object) -> dict[str, object]:
    """The `data` of a GraphQL answer."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        said = json.load(answer)
    if said.get("errors"):
        raise RuntimeError(json.dumps(said["errors"])[:2000])
    return said["data"]


def wait(question, seconds: float, what: str) -> object:
    """Ask until there is an answer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := question():
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.2)
    raise RuntimeError(f"waited {seconds} s for {what}")


def from_ui(source: Path) -> tuple[float, float]:
    """(steps' seconds from first start to last end, seconds from click to end)."""
    with project({"orders.yaml": orders(source)}) as (root, environment), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [AIFIRST, "dev", "--port", str(port), "--no-reload"]
        with (root / "dev.log").open("wb") as log:
            server = subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            nodes = "{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks { name } } } } }"
            found = wait(lambda: ask(address, nodes)["assetNodes"], 120, "the UI")
            clicked = time.perf_counter()
            run_id = launch(address, found)
            ended = wait(lambda: stats(address, run_id), 300, "the run")
            return steps_span(ended), time.perf_counter() - clicked
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)


def launch(address: str, nodes) -> str:
    """Materialise all assets with their checks; the run's id."""
    chosen = [node["assetKey"] for node in nodes]
    checks = [
        {"assetKey": node["assetKey"], "name": check["name"]}
        for node in nodes
        for check in node["assetChecksOrError"]["checks"]
    ]
    said = ask(
        address,
        """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
        __typename
        ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
        ... on InvalidSubsetError { message }
        ... on RunConfigValidationInvalid { errors { message } } } }""",
        p={
            "selector": {**SELECTOR, "assetSelection": chosen, "assetCheckSelection": checks},
            "runConfigData": {},
            "mode": "default",
        },
    )["launchRun"]
    if said["__typename"] != "LaunchRunSuccess":
        raise RuntimeError(f"the run was not launched: {said}")
    return said["run"]["runId"]


def stats(address: str, run_id: str) -> list[dict[str, float]] | None:
    """Start and end of each step once the run has ended."""
    said = ask(
        address,
        "query($id: ID!) { runOrError(runId: $id) { ... on Run { status stepStats { startTime endTime } } } }",
        id=run_id,
    )["runOrError"]
    if said["status"] in ("FAILURE", "CANCELED"):
        raise RuntimeError(f"the run ended with {said['status']}")
    return said["stepStats"] if said["status"] == "SUCCESS" else None


def steps_span(steps) -> float:
    """Seconds from the first start to the last end."""
    return max(step["endTime"] for step in steps) - min(step["startTime"] for step in steps)


def from_command_line(source: Path) -> tuple[float, float]:
    """The same of `aifirst run`."""
    with project({"orders.yaml": orders(source)}) as (root, environment):
        command = [AIFIRST, "run", str(root / "resources/pipelines/orders.yaml"), "--json"]
        measured = run(command, environment, accept=(0, 1))
        return float(json.loads(measured.out)["steps_seconds"]), measured.seconds


def main() -> int:
    """Print both; 1 where the steps take longer from the UI."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    source = generated(options.rows)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    line, ui = [], []
    for _ in range(options.runs):
        line.append(from_command_line(source))
        ui.append(from_ui(source))
    for name, taken in (("command line", line), ("UI and daemon", ui)):
        steps, whole = (median(list(each)) for each in zip(*taken, strict=True))
        print(f"{name:14} steps {steps:6.2f} s, from start to end {whole:6.2f} s")
    ratio = median([one[0] for one in ui]) / median([one[0] for one in line])
    print(f"steps from the UI / from the command line: {ratio:.2f} (limit {LIMIT})")
    return ratio > LIMIT


if __name__ == "__main__":
    sys.exit(main())
