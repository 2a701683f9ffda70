"""The main job on a 100 MB CSV of about a million rows, beside what else does it, in one run on the same file.

Each contestant is a process of its own, measured from its start to its end; they take turns, so that a busy moment of
the machine does not fall on one of them alone. The Dagster run starts from an empty project each time: nothing is
designed yet.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_project import orders, project
from generate import ROWS, generated
from measure import FailedRunError, Measured, median, run

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable

#: What is asked of this project, in seconds and megabytes, on two cores.
TARGETS = {"work": 4.0, "steps": 5.0, "process": 4.0, "peak_mb": 1536}


@dataclass
class Contestant:
    """Something that is measured: a label, how to run it once, and what came out."""

    label: str
    once: Callable[[Path], Measured]
    runs: list[Measured] = field(default_factory=list)
    problem: str = ""

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return median([one.seconds for one in self.runs])

    @property
    def peak_mb(self) -> float:
        """The highest peak."""
        return max(one.peak_mb for one in self.runs)


def script(name: str) -> Callable[[Path], Measured]:
    """How to run a script of this folder: with the source and a folder or file for what it writes."""

    def once(source: Path) -> Measured:
        with TemporaryDirectory(prefix="aifirst-bench-") as folder:
            target = {"ours": folder, "empty_dagster": folder}.get(name, f"{folder}/out.parquet")
            arguments = [target] if name == "empty_dagster" else [str(source), target]
            return run([PYTHON, str(HERE / f"{name}.py"), *arguments])

    return once


def dagster_run(source: Path) -> Measured:
    """`aifirst run` on a fresh project with the pipeline over `source`."""
    with project({"orders.yaml": orders(source)}) as (root, environment):
        command = [str(Path(PYTHON).parent / "aifirst"), "run", str(root / "resources/pipelines/orders.yaml"), "--json"]
        return run(command, environment, accept=(0, 1))


def compete(contestants: list[Contestant], source: Path, runs: int) -> None:
    """Run all of them in turn, `runs` times; one that fails is left out from then on, with its problem."""
    for turn in range(runs):
        for one in contestants:
            if one.problem:
                continue
            print(f"  {turn + 1}/{runs} {one.label} ...", file=sys.stderr)
            try:
                one.runs.append(one.once(source))
            except FailedRunError as error:
                one.problem, one.runs = str(error), []


def report(contestants: list[Contestant], ours: Contestant) -> list[str]:
    """The table, and how the targets are met."""
    width = max(len(one.label) for one in contestants)
    lines = [f"{'':{width}}  {'seconds':>8}  {'x ours':>7}  {'processor':>9}  {'peak MB':>8}"]
    for one in contestants:
        if not one.runs:
            lines.append(f"{one.label:{width}}  failed: {one.problem.strip().splitlines()[-1]}")
            continue
        ratio = f"{one.seconds / ours.seconds:.2f}" if ours.runs else "-"
        processor = median([run.processor for run in one.runs])
        lines.append(f"{one.label:{width}}  {one.seconds:8.2f}  {ratio:>7}  {processor:9.2f}  {one.peak_mb:8.0f}")
    return lines


def verdicts(ours: Contestant, in_dagster: Contestant, empty: Contestant) -> list[dict[str, object]]:
    """Each target with what was measured."""
    found = []
    if ours.runs:
        found.append(
            {"target": "work without Dagster, s", "limit": TARGETS["work"], "measured": round(ours.seconds, 2)}
        )
    if in_dagster.runs:
        steps = median([span(one) for one in in_dagster.runs])
        limit = round(empty.seconds + TARGETS["process"], 2) if empty.runs else None
        found += [
            {
                "target": "steps of the Dagster run, first start to last end, s",
                "limit": TARGETS["steps"],
                "measured": round(steps, 2),
            },
            {"target": "Dagster run as a process, s", "limit": limit, "measured": round(in_dagster.seconds, 2)},
        ]
    peaks = [one.peak_mb for one in (ours, in_dagster) if one.runs]
    if peaks:
        found.append({"target": "peak memory, MB", "limit": TARGETS["peak_mb"], "measured": round(max(peaks))})
    return found


def span(measured: Measured) -> float:
    """Seconds from the first step's start to the last one's end, as the run's report says."""
    said = json.loads(measured.out)
    return float(said.get("steps_seconds") or sum(step["seconds"] for step in said["steps"]))


def stages(ours: Contestant) -> dict[str, float]:
    """Median seconds of each stage of our work."""
    each = [json.loads(one.out)["seconds"] for one in ours.runs]
    return {stage: round(median([one[stage] for one in each]), 3) for stage in each[0]} if each else {}


def main() -> int:
    """Run the benchmark; 1 where a target is missed or a contestant fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the generated file")
    parser.add_argument("--runs", type=int, default=3, help="how often each is run; medians are shown")
    parser.add_argument("--only", nargs="*", help="ours, pandas, floor, empty, dagster")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    source = generated(options.rows)
    everyone = {
        "ours": Contestant("ours, without Dagster", script("ours")),
        "dagster": Contestant("ours, `aifirst run` (four assets)", dagster_run),
        "empty": Contestant("Dagster, four empty assets", script("empty_dagster")),
        "pandas": Contestant("pandas + Great Expectations", script("pandas_gx")),
        "floor": Contestant("floor: DuckDB read_csv to Parquet", script("floor")),
    }
    chosen = [one for name, one in everyone.items() if not options.only or name in options.only]
    source.read_bytes()  # Everyone finds the file in the page cache.
    compete(chosen, source, options.runs)
    targets = verdicts(everyone["ours"], everyone["dagster"], everyone["empty"])
    missed = [one for one in targets if one["limit"] is not None and one["measured"] > one["limit"]]
    if options.json:
        print(json.dumps({
            "rows": options.rows, "megabytes": round(source.stat().st_size / 1e6), "runs": options.runs,
            "contestants": [
                {"name": name, "label": one.label, "problem": one.problem or None}
                | ({"seconds": round(one.seconds, 3), "peak_mb": round(one.peak_mb)} if one.runs else {})
                for name, one in everyone.items() if one in chosen
            ],
            "stages": stages(everyone["ours"]), "targets": targets,
        }))  # fmt: skip
    else:
        print(f"{options.rows:,} rows, {source.stat().st_size / 1e6:.0f} MB, median of {options.runs}")
        print("\n".join(report(chosen, everyone["ours"])))
        if everyone["ours"].runs:
            print("our stages: " + ", ".join(f"{stage} {took:.2f}" for stage, took in stages(everyone["ours"]).items()))
        for one in targets:
            mark = "missed" if one in missed else "met"
            print(f"{mark:>6}: {one['target']}: {one['measured']} (limit {one['limit']})")
    return bool(missed or any(one.problem for one in chosen))


if __name__ == "__main__":
    sys.exit(main())
