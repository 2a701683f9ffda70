"""How many columns `aifirst map` maps right, beside plain similarity of names in the same run.

Two kinds of data, each skipped with a word where it is not there: study tables with their published mapping onto 736
standard columns (`AIFIRST_DATA`, or --data: a folder with `mapping/`), and pairs made from any CSV files (--tables).
recall@1: source columns whose first candidate is right; MRR: the mean of 1 / place of the right one; calibration: the
share of right matches among those at least so sure.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import sys
import time
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fabricate import pairs
from rapidfuzz import fuzz, process

from aifirst_dagster.cli.map import map_files

#: What is asked of this project on the study tables.
TARGET = 0.6
CANDIDATES = 50
SURE = (0.5, 0.7, 0.8, 0.9)


@dataclass
class Tally:
    """Reciprocal ranks of ours and of the plain one; sureness and rightness of each match; seconds."""

    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    sure: list[tuple[float, bool]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another tally."""
        self.ours += other.ours
        self.plain += other.plain
        self.sure += other.sure
        self.seconds += other.seconds

    def figures(self) -> dict[str, object]:
        """What is printed."""
        if not self.ours:
            return {"columns": 0}
        told = {
            f"right_if_sure_{least}": round(statistics.mean(right for sure, right in self.sure if sure >= least), 3)
            for least in SURE
            if any(sure >= least for sure, _ in self.sure)
        }
        return {
            "columns": len(self.ours),
            "recall_at_1": round(statistics.mean(rank == 1 for rank in self.ours), 3),
            "mrr": round(statistics.mean(self.ours), 3),
            "names_recall_at_1": round(statistics.mean(rank == 1 for rank in self.plain), 3),
            "names_mrr": round(statistics.mean(self.plain), 3),
            "seconds_median": round(statistics.median(self.seconds), 2),
            **told,
        }


def measured(source: Path, target: Path, truth: dict[str, set[str]]) -> Tally:
    """One pair of files."""
    began = time.perf_counter()
    with redirect_stderr(StringIO()):
        answer = map_files(str(source), str(target), candidates=CANDIDATES, least=0.0)
    tally = Tally(seconds=[time.perf_counter() - began])
    best: dict[str, dict] = {}  # type: ignore[type-arg]
    for match in answer["matches"]:
        if match["source"] not in best or match["confidence"] > best[match["source"]]["confidence"]:
            best[match["source"]] = match
    names = _header(target)
    for column, right in truth.items():
        match = best.get(column)
        near = [one["column"] for one in match["candidates"]] if match else []
        order = list(dict.fromkeys(([match["target"]] if match else []) + near))
        tally.ours.append(_rank(order, right))
        tally.sure += [(match["confidence"], match["target"] in right)] if match else []
        scores = process.cdist([column.lower()], [name.lower() for name in names], scorer=fuzz.ratio)[0]
        tally.plain.append(_rank([names[at] for at in (-scores).argsort(kind="stable")], right))
    return tally


def _rank(order: list[str], right: set[str]) -> float:
    return next((1 / place for place, name in enumerate(order, 1) if name in right), 0.0)


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def studies(data: Path) -> dict[str, Tally]:
    """The study tables: one tally each."""
    found = {}
    for truth in sorted((data / "mapping").glob("*/groundtruth.csv")):
        right: dict[str, set[str]] = {}
        with truth.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                right.setdefault(row["source"], set()).add(row["target"])
        found[truth.parent.name] = measured(truth.with_name("source.csv"), data / "mapping" / "target.csv", right)
        print(f"  {truth.parent.name}: {found[truth.parent.name].figures()}", file=sys.stderr)
    return found


def made(tables: Path, most: int) -> dict[str, Tally]:
    """Pairs made from the CSV files of a folder: a tally for each scenario and noise."""
    found: dict[str, Tally] = {}
    with TemporaryDirectory(prefix="aifirst-bench-") as folder:
        for table in sorted(tables.glob("*.csv"))[:most]:
            for pair in pairs(table, Path(folder)):
                tally = measured(pair.source, pair.target, {left: {right} for left, right in pair.truth.items()})
                found.setdefault(pair.label, Tally()).add(tally)
            print(f"  {table.stem}", file=sys.stderr)
    return found


def main() -> int:
    """Print the figures; 1 where the study tables miss the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("AIFIRST_DATA"), help="folder with mapping/")
    parser.add_argument("--tables", type=Path, help="folder of CSV files to make pairs from")
    parser.add_argument("--most", type=int, default=20, help="tables to make pairs from")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    answer: dict[str, object] = {}
    missed = False
    for label, given, tallies in (
        ("studies", options.data and (Path(options.data) / "mapping").is_dir(), lambda: studies(Path(options.data))),
        ("made", options.tables, lambda: made(options.tables, options.most)),
    ):
        if not given:
            print(f"{label}: skipped, there is no data ({'AIFIRST_DATA' if label == 'studies' else '--tables'}).",
                  file=sys.stderr)  # fmt: skip
            continue
        found, whole = tallies(), Tally()
        for tally in found.values():
            whole.add(tally)
        answer[label] = {name: tally.figures() for name, tally in found.items()} | {"all": whole.figures()}
        missed |= label == "studies" and statistics.mean(rank == 1 for rank in whole.ours) < TARGET
    if options.json:
        print(json.dumps(answer))
    else:
        _show(answer)
    return int(missed)


def _show(answer: dict[str, object]) -> None:
    for label, found in answer.items():
        assert isinstance(found, dict)
        print(f"{label:32} columns  recall@1    MRR   names alone: recall@1    MRR   seconds   right if >= 0.8 sure")
        for name, one in found.items():
            print(f"  {name:30} {one['columns']:7} {one['recall_at_1']:9.3f} {one['mrr']:6.3f} "
                  f"{one['names_recall_at_1']:22.3f} {one['names_mrr']:6.3f} {one['seconds_median']:9.2f} "
                  f"{one.get('right_if_sure_0.8', float('nan')):12.3f}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
