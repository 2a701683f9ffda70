"""A drift sensor's tick over many watched datasets: seconds, memory, files read; nothing is asked of a model.

Writes a project of `--pipelines` pipelines with `--steps` steps each, publishes versions with drift reports (one in ten
drifted), and ticks every sensor: first all is new, then nothing is, then one dataset in twenty. Target: a tick over 200
datasets under 5 s, and memory flat over many ticks.

    python benchmarks/bench_sensor.py --pipelines 20 --steps 10
    python benchmarks/bench_sensor.py --pipelines 1 --steps 200
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import yaml

from aifirst_dagster.datasets.store import DatasetStore, Manifest
from aifirst_dagster.orchestration.drift_sensor import drift_sensor
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project

COLUMNS = [{"name": f"column_{number}", "type": "number", "description": "x" * 80} for number in range(40)]


def pipelines(project: Project, count: int, steps: int) -> list[PipelineSpec]:
    """Pipelines of one connector and a fan of queries over it."""
    made = []
    for number in range(count):
        listed: list[dict[str, Any]] = [
            {"name": "raw", "key": "raw", "type": "connector", "config": {"type": "csv", "path": "in.csv"}}
        ]
        listed += [
            {"name": f"q{at}", "key": f"q{at}", "type": "sql", "config": {"query": "FROM raw"}, "needs": ["raw"]}
            for at in range(steps - 1)
        ]
        spec = {"name": f"p{number}", "drift": {"on_drift": "rematerialize"}, "steps": listed}
        path = project.pipelines / f"p{number}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(spec))
        made.append(load(path))
    return made


def publish(store: DatasetStore, pipeline: PipelineSpec, step: str, drifted: bool) -> None:
    """A version with a manifest and a drift report of the usual size."""
    writer = store.write(pipeline.slug, step)
    column = {"test": "ks", "statistic": 0.1, "p_value": 0.5, "threshold": 0.05, "drifted": drifted, "reasons": []}
    report = {
        "drifted": drifted, "insight": "column_1: the median moved.", "schema_changes": [], "version": writer.version,
        "columns": [{"name": one["name"], **column} for one in COLUMNS],
    }  # fmt: skip
    writer.write_json("drift.json", report)
    inputs = {name: [store.current_name(pipeline.slug, name) or ""] for name in pipeline.step(step).inputs}
    writer.publish(
        Manifest(pipeline.slug, step, None, writer.version, "", "run", 1, 1, columns=COLUMNS, inputs=inputs), keep=100
    )


def tick(sensors: dict[str, dg.SensorDefinition], cursors: dict[str, str], instance: dg.DagsterInstance) -> Any:
    """(seconds of all sensors together, of the slowest, runs asked for)."""
    slowest = asked = 0.0
    started = time.perf_counter()
    for name, sensor in sensors.items():
        begun = time.perf_counter()
        found = sensor(dg.build_sensor_context(instance, cursor=cursors.get(name)))
        slowest = max(slowest, time.perf_counter() - begun)
        cursors[name] = found.cursor
        asked += len(found.run_requests or [])
    return {"seconds": round(time.perf_counter() - started, 3), "slowest": round(slowest, 3), "runs": int(asked)}


def main() -> None:
    """Run it and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pipelines", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--ticks", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        project = Project(Path(folder))
        made, store = pipelines(project, options.pipelines, options.steps), DatasetStore(project.datasets)
        datasets = [(pipeline, step) for pipeline in made for step in pipeline.order]
        for number, (pipeline, step) in enumerate(datasets):
            publish(store, pipeline, step, number % 10 == 0)
        sensors = {pipeline.slug: drift_sensor(project, pipeline) for pipeline in made}
        cursors: dict[str, str] = {}
        answer: dict[str, Any] = {"datasets": len(datasets), "all new": tick(sensors, cursors, instance)}
        answer["nothing new"] = tick(sensors, cursors, instance)
        for pipeline, step in datasets[::20]:
            publish(store, pipeline, step, True)
        answer["a twentieth new"] = tick(sensors, cursors, instance)
        memory = psutil.Process().memory_info
        before = memory().rss
        for _ in range(options.ticks):
            tick(sensors, cursors, instance)
        answer["memory grown by ticks (MB)"] = round((memory().rss - before) / 2**20, 2)
        answer["ticks"] = options.ticks
        answer["cursor bytes"] = sum(map(len, cursors.values()))
        print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
