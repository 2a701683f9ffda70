"""Wrong cells found and rightly repaired, by kind of error, and false alarms: errors are put into clean tables.

    python benchmarks/bench_repair.py [CLEAN.csv ...] [--share 0.03] [--shifts] [--json]

Without files, three generated tables are used. A table is damaged by one kind at a time, then by all of them
together; what `aifirst check --cells` flags is compared with what was damaged. A suggestion is right where it is the
text that stood there, or the same number. With `--shifts`, rows are shifted, and what `aifirst clean` makes of them is
compared with the table before.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from collections import defaultdict
from pathlib import Path

from damage import KINDS, Cell, Rows, damage, mixed
from shifted import shifts, shown

CITIES = [("Zurich", "CH", "8001"), ("Geneva", "CH", "1201"), ("Bern", "CH", "3011"), ("Berlin", "DE", "10115"),
          ("Hamburg", "DE", "20095"), ("Munich", "DE", "80331"), ("Paris", "FR", "75001"), ("Lyon", "FR", "69001"),
          ("Vienna", "AT", "1010"), ("Graz", "AT", "8010")]  # fmt: skip
NAMES = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Elena",
    "Felix",
    "Greta",
    "Henry",
    "Ida",
    "Jonas",
    "Klara",
    "Liam",
    "Mia",
    "Noah",
    "Olga",
    "Paul",
    "Rosa",
    "Sam",
]
FAMILIES = [
    "Baker",
    "Cole",
    "Dorn",
    "Ernst",
    "Fisher",
    "Gray",
    "Huber",
    "Imhof",
    "Jansen",
    "Keller",
    "Lang",
    "Moser",
    "Nagel",
    "Otto",
    "Peters",
    "Roth",
]


def generated(folder: Path) -> list[Path]:
    """Customers (a city settles its country and code), products (codes, categories, prices) and readings."""
    dice = random.Random(7)
    customers = [["id", "name", "city", "country", "zip", "joined", "status"]]
    for n in range(1500):
        city = dice.choice(CITIES)
        day = f"20{dice.randrange(10, 25)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
        name = f"{dice.choice(NAMES)} {dice.choice(FAMILIES)}"
        customers.append([str(1000 + n), name, *city, day, dice.choice(("active", "closed", "on hold"))])
    products = [["sku", "category", "department", "price", "stock", "supplier"]]
    departments = {"laptops": "computers", "phones": "mobile", "tablets": "mobile", "monitors": "computers"}
    for n in range(1000):
        category = dice.choice(sorted(departments))
        supplier = dice.choice(("Acme Trading", "Borealis AG", "Cumulus Ltd", "Delta Supply"))
        price = f"{dice.lognormvariate(5, 0.6):.2f}"
        products.append([f"{category[:2].upper()}-{n:04}", category, departments[category], price,
                         str(dice.randrange(500)), supplier])  # fmt: skip
    readings = [["station", "time", "temperature", "humidity", "quality"]]
    for n in range(2000):
        time = f"2024-03-{n // 100 + 1:02}T{n % 24:02}:00:00"
        readings.append([f"ST{n % 12 + 1:02}", time, f"{dice.gauss(12, 4):.1f}", str(dice.randrange(30, 95)),
                         dice.choice(("good", "fair", "poor"))])  # fmt: skip
    paths = []
    for name, rows in (("customers", customers), ("products", products), ("readings", readings)):
        paths.append(folder / f"{name}.csv")
        _write(paths[-1], rows)
    return paths


def _write(path: Path, rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def flagged(path: Path, header: list[str]) -> dict[Cell, str | None]:
    """What `aifirst check --cells` lists: cell -> suggestion."""
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import connect
    from aifirst_dagster.quality.cells import find

    with connect() as con:
        table = load(con, str(path))
        found = find(con, table.text, table.columns, [], table.relation)
    return {(cell.row, header.index(cell.column)): cell.suggestion for cell in found if cell.column in header}


def same(suggestion: str, clean: str) -> bool:
    """Equal text, or equal numbers."""
    if suggestion.strip() == clean.strip():
        return True
    try:
        return float(suggestion) == float(clean)
    except ValueError:
        return False


def measure(paths: list[Path], share: float) -> dict[str, dict[str, float]]:
    """Kind of error -> counts over all tables."""
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            with path.open(newline="", encoding="utf-8-sig") as file:
                header, *rows = csv.reader(file)
            if not rows or any(len(row) != len(header) for row in rows) or len(set(header)) < len(header):
                continue
            for kind in ["none", *KINDS, "all together"]:
                dice = random.Random(f"{path.name} {kind}")
                if kind == "none":
                    copy, wrong = rows, set()
                elif kind == "all together":
                    copy, wrong = mixed(rows, 0.05, dice)
                else:
                    copy, wrong = damage(rows, kind, share, dice)
                target = Path(folder) / path.name
                _write(target, [header, *copy])
                found = flagged(target, header)
                offered = {cell: text for cell, text in found.items() if text is not None}
                right = sum(cell in wrong and same(text, rows[cell[0]][cell[1]]) for cell, text in offered.items())
                count = counts[kind]
                for name, value in (("cells", len(rows) * len(header)), ("errors", len(wrong)),
                                    ("flagged", len(found)), ("hits", len(set(found) & wrong)),
                                    ("suggestions", len(offered)), ("right", right)):  # fmt: skip
                    count[name] += value
                if kind == "none":
                    count["over 1 %"] += len(found) > 0.01 * len(rows) * len(header)
                    count["tables"] += 1
    return {kind: _shares(dict(count)) for kind, count in counts.items()}


def _shares(count: dict[str, float]) -> dict[str, float]:
    hits, all_ = count["hits"], count["flagged"] + count["errors"]
    return count | {
        "precision": hits / count["flagged"] if count["flagged"] else 0.0,
        "recall": hits / count["errors"] if count["errors"] else 0.0,
        "f1": 2 * hits / all_ if all_ else 0.0,
        "repair_precision": count["right"] / count["suggestions"] if count["suggestions"] else 0.0,
        "repair_recall": count["right"] / count["errors"] if count["errors"] else 0.0,
        "flagged_share": count["flagged"] / count["cells"] if count["cells"] else 0.0,
    }


def show(report: dict[str, dict[str, float]]) -> None:
    """The report as a table."""
    clean = report.pop("none")
    alarms, over = clean["flagged_share"], clean["over 1 %"]
    print(
        f"{clean['tables']:.0f} clean tables, {clean['cells']:,.0f} cells: {alarms:.2%} false alarms, "
        f"{over:.0f} tables over 1 %"
    )
    print("kind              errors precision  recall     F1  repairs  right of all")
    for kind, row in report.items():
        found = f"{row['precision']:9.3f} {row['recall']:7.3f} {row['f1']:6.3f}"
        mended = f"{row['suggestions']:7.0f} {row['repair_precision']:6.3f} {row['repair_recall']:6.3f}"
        print(f"{kind:16} {row['errors']:7.0f} {found}  {mended}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="clean CSV tables; default: generated ones")
    parser.add_argument("--share", type=float, default=0.03, help="cells (rows) damaged by each kind")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--shifts", action="store_true", help="rows shifted to the right, to the left, cells cut in two"
    )
    options = parser.parse_args()
    if options.shifts:
        with tempfile.TemporaryDirectory() as folder:
            righted = shifts(options.files or generated(Path(folder)))
        print(json.dumps(righted, indent=1) if options.json else "\n".join(shown(righted)))
        return
    with tempfile.TemporaryDirectory() as folder:
        report = measure(options.files or generated(Path(folder)), options.share)
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        show(report)


if __name__ == "__main__":
    main()
