"""How long definitions of 100 pipelines of 8 steps take to load on top of importing Dagster; target: under 3 s.

Each step has some eight checks. What counts is the time until the `Definitions` object stands; what the code server
then makes of it (the asset graph, the repository, its snapshot for the UI) is shown beside it.
"""

from __future__ import annotations

import argparse
import json
import sys

from bench_project import many, project
from measure import median, run

TARGET = 3.0
PROBE = """
import json, time
began = time.perf_counter()
import dagster
imported = time.perf_counter()
from aifirst_dagster.definitions import defs
defs = defs if isinstance(defs, dagster.Definitions) else defs()
loaded = time.perf_counter()
graph = defs.resolve_asset_graph()
repository = defs.get_repository_def()
resolved = time.perf_counter()
from dagster._core.remote_representation.external_data import RepositorySnap
RepositorySnap.from_def(repository, defer_snapshots=True)
served = time.perf_counter()
print(json.dumps({
    "dagster": imported - began, "definitions": loaded - imported, "repository": resolved - loaded,
    "snapshot": served - resolved, "processor": time.process_time(),
    "assets": len(graph.materializable_asset_keys), "checks": len(graph.asset_check_keys),
    "schedules": len(repository.schedule_defs),
}))
"""


def main() -> int:
    """Print the medians; 1 where loading misses the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pipelines", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with project(many(options.pipelines)) as (_, environment):
        found = [json.loads(run([sys.executable, "-c", PROBE], environment).out) for _ in range(options.runs)]
    middle = {name: round(median([one[name] for one in found]), 3) for name in found[0]}
    seconds = middle["definitions"]
    if options.json:
        print(json.dumps(middle | {"seconds": seconds, "target": TARGET}))
    else:
        print(
            f"{options.pipelines} pipelines, {middle['assets']:.0f} assets, {middle['checks']:.0f} checks, "
            f"{middle['schedules']:.0f} schedules: {seconds:.2f} s "
            f"on top of importing Dagster ({middle['dagster']:.2f} s) (target < {TARGET:.0f} s)\n"
            f"  afterwards: repository {middle['repository']:.2f} s, its snapshot {middle['snapshot']:.2f} s"
        )
    return seconds >= TARGET


if __name__ == "__main__":
    sys.exit(main())
