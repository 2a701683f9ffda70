"""Wrong cells found in tables made in the manner of known dirty sets (`alike.py`): F1, mean F1 over columns, repairs.

Beside it the share of cells that a plain rule finds: values whose pattern fewer than 1 % of their column share.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

from alike import MAKERS, Rows
from bench_repair import flagged, same

#: What is asked of this project on other data: F1 over cells, mean of F1 over columns with errors, right suggestions.
TARGETS = {"f1": 0.75, "columns": 0.7, "repairs": 0.8}
Cell = tuple[int, int]


def f1(found: set[Cell], wrong: set[Cell]) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * len(found & wrong) / (len(found) + len(wrong)) if found | wrong else 1.0


def rare(rows: Rows) -> set[Cell]:
    """Cells whose pattern is rare in their column."""
    found = set()
    for column, values in enumerate(zip(*rows, strict=True)):
        shapes = ["".join("a" if c.isalpha() else "9" if c.isdigit() else c for c in value) for value in values]
        counts = Counter(shapes)
        found |= {(row, column) for row, shape in enumerate(shapes) if counts[shape] < 0.01 * len(shapes)}
    return found


def measure(name: str, seed: int) -> dict[str, float]:
    """The figures of one table."""
    header, clean, dirty = MAKERS[name](random.Random(seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.csv")
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *dirty])
        offered = flagged(path, header)
    found = set(offered)
    cells = {(row, column) for row in range(len(dirty)) for column in range(len(header))}
    wrong = {(row, column) for row, column in cells if dirty[row][column] != clean[row][column]}
    spoilt = {column for _, column in wrong}
    by_column = [f1({c for c in found if c[1] == at}, {c for c in wrong if c[1] == at}) for at in spoilt]
    texts = {cell: text for cell, text in offered.items() if text is not None}
    right = sum(cell in wrong and same(text, clean[cell[0]][cell[1]]) for cell, text in texts.items())
    return {
        "wrong": len(wrong), "f1": f1(found, wrong), "columns": sum(by_column) / len(by_column),
        "repairs": right / len(texts) if texts else 1.0, "rare_patterns": f1(rare(dirty), wrong),
    }  # fmt: skip


def main() -> int:
    """Print the figures; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {name: measure(name, options.seed) for name in MAKERS}
    if options.json:
        print(json.dumps(found))
    else:
        print("table         wrong     F1  columns  repairs  rare patterns alone")
        for name, row in found.items():
            print(f"{name:12} {row['wrong']:6.0f} {row['f1']:6.3f}  {row['columns']:7.3f}  {row['repairs']:7.3f}  "
                  f"{row['rare_patterns']:7.3f}")  # fmt: skip
    return int(any(row[name] < least for row in found.values() for name, least in TARGETS.items()))


if __name__ == "__main__":
    raise SystemExit(main())
