"""`aifirst infer` and `aifirst clean` on a CSV of 100 MB, 1 GB, 10 GB, beside the floor, pandas and polars.

Each is a process of its own on the same file, one after the other. The floor reads the CSV with DuckDB's own sniffer
and writes Parquet, nothing else; pandas and polars read it, convert its types and write Parquet (pandas not above
2 GB: it holds all in memory; polars where it is installed). What counts is the ratio to the floor, that it does not
grow with the size, and the peak of memory.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from generate import generated
from measure import FailedRunError, Measured, run

HERE = Path(__file__).resolve().parent
AIFIRST = str(Path(sys.executable).parent / "aifirst")

#: What is asked of this project: seconds of `infer` at 100 MB, megabytes of both at 10 GB.
TARGETS = {"infer_seconds": 1.5, "peak_mb": 2_048}
PANDAS = "import sys, pandas; pandas.read_csv(sys.argv[1]).convert_dtypes().to_parquet(sys.argv[2])"
POLARS = "import sys, polars; polars.scan_csv(sys.argv[1], try_parse_dates=True).sink_parquet(sys.argv[2])"
LARGEST_FOR_PANDAS = 2 << 30


def contestants(source: Path, out: str) -> dict[str, list[str]]:
    """Label -> command. All but `infer` write `out`."""
    found = {
        "floor": [sys.executable, str(HERE / "floor.py"), str(source), out],
        "infer": [AIFIRST, "infer", str(source), "--json"],
        "clean": [AIFIRST, "clean", str(source), "-o", out, "--json"],
    }
    if source.stat().st_size <= LARGEST_FOR_PANDAS:
        found["pandas"] = [sys.executable, "-c", PANDAS, str(source), out]
    if importlib.util.find_spec("polars"):
        found["polars"] = [sys.executable, "-c", POLARS, str(source), out]
    return found


def measured(rows: int, only: list[str]) -> dict[str, dict[str, float]]:
    """Label -> seconds, times the floor, processor seconds, peak megabytes."""
    source = generated(rows)
    found: dict[str, Measured] = {}
    for label, command in contestants(source, "").items():
        if only and label not in only and label != "floor":
            continue
        with TemporaryDirectory(prefix="aifirst-bench-") as folder:
            out = str(Path(folder, "out.parquet"))
            print(f"  {source.stat().st_size / 1e6:,.0f} MB: {label} ...", file=sys.stderr)
            try:
                found[label] = run([part or out for part in command])
            except FailedRunError as error:
                print(f"  {label} failed: {str(error)[-300:]}", file=sys.stderr)
    floor = found["floor"].seconds
    return {
        label: {
            "seconds": round(one.seconds, 2),
            "times_floor": round(one.seconds / floor, 2),
            "processor": round(one.processor, 2),
            "peak_mb": round(one.peak_mb),
        }
        for label, one in found.items()
    }


def main() -> int:
    """Print the figures; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 9_000_000], help="100 MB is a million rows")
    parser.add_argument("--only", nargs="*", default=[], help="infer, clean, pandas, polars")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {rows: measured(rows, options.only) for rows in options.rows}
    if options.json:
        print(json.dumps(found))
    else:
        for rows, figures in found.items():
            print(f"{rows:,} rows")
            for label, one in figures.items():
                print(f"  {label:8} {one['seconds']:8.2f} s  {one['times_floor']:6.2f} x floor  "
                      f"{one['processor']:8.2f} s of processor  {one['peak_mb']:6.0f} MB")  # fmt: skip
    slow = found.get(1_000_000, {}).get("infer", {}).get("seconds", 0) > TARGETS["infer_seconds"]
    ours = [one[label]["peak_mb"] for one in found.values() for label in ("infer", "clean") if label in one]
    large = max(ours, default=0) > TARGETS["peak_mb"]
    print(f"infer at 100 MB under {TARGETS['infer_seconds']} s: {'missed' if slow else 'met'}; "
          f"memory under {TARGETS['peak_mb']} MB: {'missed' if large else 'met'}", file=sys.stderr)  # fmt: skip
    return int(slow or large)


if __name__ == "__main__":
    sys.exit(main())
