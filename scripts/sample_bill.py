"""A worked bill for the sample pipelines: they run with Claude played by a server on loopback, and the ledger adds up.

Run from anywhere: `python scripts/sample_bill.py` (a minute or two). It prints the tables of
docs/providers-and-costs.md. What is real: the prompts, the gateway, the ledger, today's prices. What is simulated: the
answers (proposals that change nothing, so that the deterministic engine's stand), hence their length, which is taken
from `aifirst estimate`; and the tokens, counted at four signs each. Nothing leaves the machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aifirst_dagster_tests.loopback.claude import ClaudeServer  # noqa: E402
from aifirst_dagster_tests.loopback.replies import Reply  # noqa: E402

PIPELINES = ("customers", "penguins")


def main() -> None:
    """Each scenario in a project of its own."""
    tables = []
    for title, corrected in (
        ("Every proposal is good at once", False),
        ("Every first answer has to be corrected", True),
    ):
        with tempfile.TemporaryDirectory() as folder, ClaudeServer(Simulated(corrected)) as server:
            os.environ.update(server.environment() | {"AIFIRST_HOME": f"{folder}/.aifirst", "DAGSTER_HOME": folder})
            os.environ.pop("AIFIRST_REDIS_URL", None)
            tables.append(f"**{title}**\n\n{_bill(_furnished(Path(folder)))}")
    print("\n\n".join(tables))


class Simulated:
    """Answers that fit every schema and propose nothing.

    Args:
        corrected: The first answer to each request is no answer, and its second one is.
    """

    def __init__(self, corrected: bool) -> None:
        self._corrected = corrected

    def __call__(self, body: dict[str, Any]) -> Reply:
        """The reply to a request's body."""
        schema = body["output_config"]["format"]["schema"]
        thought = "It is as the profile says." if body["thinking"]["type"] == "adaptive" else ""
        good = json.dumps(_least(schema, schema.get("$defs", {})))
        first = len(body["messages"]) == 1
        return Reply("{}" if self._corrected and first else good, thinking=thought, output_tokens=self._length(body))

    def _length(self, body: dict[str, Any]) -> int:
        """As `aifirst estimate` takes it: so many tokens for each column, and some for thinking."""
        from aifirst_dagster.pipelines.estimate import OUTPUT_A_COLUMN, THINKING
        from aifirst_dagster.proposals import prompts

        tasks = {"schema": "connector", "mapping": "llm_transform", "rules": "llm_validation"}
        system = body["system"] if isinstance(body["system"], str) else body["system"][0]["text"]
        known = {task: prompts.load(task, None).system[:60] for task in tasks}
        task = next((task for task, begins in known.items() if system.startswith(begins)), "schema")
        text = body["messages"][0]["content"][0]["text"]
        columns = len(set(re.findall(r'"(?:column|name)":\s*"([^"]+)"', text)))
        thinking = THINKING[0] if body["thinking"]["type"] == "adaptive" else 0
        return OUTPUT_A_COLUMN[tasks[task]] * max(5, columns) + thinking


def _least(node: dict[str, Any], defs: dict[str, Any]) -> Any:
    """The smallest value that a schema allows."""
    if "$ref" in node:
        return _least(defs[node["$ref"].removeprefix("#/$defs/")], defs)
    if "const" in node:
        return node["const"]
    if "enum" in node:
        return node["enum"][0]
    if "anyOf" in node:
        null = {"type": "null"} in node["anyOf"]
        return None if null else _least(node["anyOf"][0], defs)
    kind = node.get("type")
    if kind == "object":
        wanted = node.get("required", ())
        return {name: _least(child, defs) for name, child in node.get("properties", {}).items() if name in wanted}
    return {"array": [], "string": "none", "integer": 0, "number": 0.0, "boolean": False}.get(str(kind))


def _furnished(folder: Path) -> Path:
    """The project without its designs: everything is proposed anew."""
    shutil.copytree(ROOT / "resources", folder / "resources", ignore=shutil.ignore_patterns("designs"))
    return folder


def _bill(folder: Path) -> str:
    """Run each pipeline twice; the ledger's sums as a Markdown table, with what was estimated before."""
    import aifirst_dagster.state as state_package
    from aifirst_dagster.orchestration.runner import run_pipeline
    from aifirst_dagster.pipelines.estimate import estimate
    from aifirst_dagster.pipelines.load import load
    from aifirst_dagster.project import Project

    project = Project(folder)
    lines = ["| pipeline | step | calls | input | of it cached | output | USD |", "|---|---|--:|--:|--:|--:|--:|"]
    total = 0.0
    for name in PIPELINES:
        path = project.pipelines / f"{name}.yaml"
        spec = load(path)
        low, high = estimate(spec, project, "claude").cost_usd
        ledger = state_package.open(project).ledger
        for again in (False, True):
            before = {row["id"] for row in ledger.rows()}
            run_pipeline(project, path, provider="claude")
            bought = [row for row in ledger.rows() if row["id"] not in before]
            for step in dict.fromkeys(row["step"] for row in bought):
                lines.append(_line(name, f"{step}, second run" if again else step, bought, step))
            cost = sum(row["cost_usd"] for row in bought)
            total += cost
            said = f"run, cap ${spec.budget:.2f}; estimated: ${low:.2f} to ${high:.2f}"
            if again:
                said = "run again: what the cap had left" if bought else "run again: nothing is asked"
            lines.append(f"| **{name}** | **{said}** | {len(bought)} | | | | **{cost:.4f}** |")
    lines.append(f"| **both** | | | | | | **{total:.4f}** |")
    return "\n".join(lines)


def _line(pipeline: str, label: str, rows: list[dict[str, Any]], step: str) -> str:
    own = [row for row in rows if row["step"] == step]
    counts = [f"{sum(row[key] for row in own):,}" for key in ("input_tokens", "cached_input_tokens", "output_tokens")]
    return f"| {pipeline} | {label} | {len(own)} | {' | '.join(counts)} | {sum(row['cost_usd'] for row in own):.4f} |"


if __name__ == "__main__":
    main()
