"""Rows shifted in clean tables: how many of them `aifirst clean` finds, and rights just as they were."""

from __future__ import annotations

import csv
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

Row = list[str]
SHARES = (0.003, 0.03, 0.1)


def right(row: Row, at: int) -> tuple[Row, Row]:
    """An empty cell slips in, the last one is lost; and the row as it could be at best."""
    return [*row[:at], "", *row[at:-1]], [*row[:-1], ""]


def left(row: Row, at: int) -> tuple[Row, Row]:
    """A cell is lost, the row is filled up at its end."""
    return [*row[:at], *row[at + 1 :], ""], [*row[:at], "", *row[at + 1 :]]


def right_by_two(row: Row, at: int) -> tuple[Row, Row]:
    """Two empty cells slip in."""
    return [*row[:at], "", "", *row[at:-2]], [*row[:-2], "", ""]


def short(row: Row, at: int) -> tuple[Row, Row]:
    """A cell is lost, and the row has one too few."""
    return [*row[:at], *row[at + 1 :]], [*row[:at], "", *row[at + 1 :]]


def cut(row: Row, at: int) -> tuple[Row, Row]:
    """A cell holds a delimiter without quotes, and the row has one too many."""
    half = len(row[at]) // 2
    first, second = row[at][:half], row[at][half:]
    return [*row[:at], first, second, *row[at + 1 :]], [*row[:at], f"{first},{second}", *row[at + 1 :]]


KINDS: dict[str, Callable[[Row, int], tuple[Row, Row]]] = {
    "right": right, "left": left, "right by two": right_by_two, "a cell too few": short, "a cell cut in two": cut,
}  # fmt: skip


def shifts(paths: Sequence[Path]) -> dict[str, dict[str, int]]:
    """Kind and share -> rows planted, righted just so, righted otherwise, and rows moved that were none of them."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            with path.open(newline="", encoding="utf-8-sig") as file:
                header, *rows = csv.reader(file)
            if len(header) < 4 or len(rows) < 50 or any(len(row) != len(header) for row in rows):
                continue
            _measure(counts["none"], Path(folder), header, rows, {})
            for kind, change in KINDS.items():
                for share in SHARES:
                    dice = random.Random(f"{path.name} {kind} {share}")
                    planted = _planted(rows, change, share, dice, kind)
                    _measure(counts[f"{kind}, {share:.1%} of the rows"], Path(folder), header, rows, planted)
    return {kind: dict(count) for kind, count in counts.items()}


def _planted(
    rows: list[Row], change: Callable[[Row, int], tuple[Row, Row]], share: float, dice: random.Random, kind: str
) -> dict[int, tuple[Row, Row]]:
    """Row's number -> the row shifted, and as it should be."""
    width = len(rows[0])
    found: dict[int, tuple[Row, Row]] = {}
    free = [
        at
        for at in range(width)
        if len({row[at] for row in rows}) > 100 and all(any(map(str.isalpha, row[at])) for row in rows[:50])
    ]
    for number in dice.sample(range(1, len(rows)), max(1, round(share * (len(rows) - 1)))):
        places = list(range(width - 2))
        if kind == "a cell cut in two":  # of columns of free text: elsewhere no value has a delimiter
            places = [at for at in free if len(rows[number][at]) > 3 and "," not in rows[number][at]]
        if places:
            shifted, whole = change(rows[number], dice.choice(places))
            if shifted != rows[number]:
                found[number] = (shifted, whole)
    return found


def _measure(
    count: dict[str, int], folder: Path, header: Row, rows: list[Row], planted: dict[int, tuple[Row, Row]]
) -> None:
    from aifirst_dagster.connectors import read
    from aifirst_dagster.datasets.session import connect, ident
    from aifirst_dagster.inference import casts, infer
    from aifirst_dagster.repair import realign, restore

    target = folder / "shifted.csv"
    copy = [planted[number][0] if number in planted else row for number, row in enumerate(rows)]
    target.write_text("".join(",".join(map(_quoted, row)) + "\n" for row in [header, *copy]), encoding="utf-8")
    with connect() as con:
        table = read(con, [str(target)])
        if table.dialect is None or table.dialect.header_rows != 1 or len(table.columns) != len(header):
            return
        columns = infer.verify(con, table.relation, infer.propose(con, table.relation, table.columns, table.native))
        con.execute(f"CREATE TEMP TABLE typed AS {casts.select(columns, table.relation)}").fetchall()
        found: dict[int, Row] = {}
        names = [column.name for column in columns]
        if action := realign.propose(con, "typed", columns):
            tables, last = realign.stages(action, "typed")
            with_ = ", ".join(f"{ident(name)} AS ({sql})" for name, sql in tables)
            texts = ", ".join(f"coalesce(CAST({ident(name)} AS VARCHAR), '')" for name in names)
            query = f"WITH {with_} SELECT _source_line, {texts} FROM {last} WHERE {realign.REALIGNED}"
            found |= {row[0] - 2: list(row[1:]) for row in con.execute(query).fetchall()}
        if action := restore.propose(con, "typed", columns, table.rejects, table.dialect):
            texts = ", ".join(f"coalesce({ident(column.source_name)}, '')" for column in columns)
            relation = restore.find(con, action, columns, table.rejects).relation
            found |= {
                row[0] - 2: list(row[1:])
                for row in con.execute(f"SELECT _source_line, {texts} FROM {relation}").fetchall()
            }
    count["rows"] = count.get("rows", 0) + len(rows)
    count["planted"] = count.get("planted", 0) + len(planted)
    for number, row in found.items():
        if number not in planted:
            how = "moved for nothing"
        else:
            how = "righted" if all(map(_same, row, planted[number][1])) else "righted wrongly"
        count[how] = count.get(how, 0) + 1


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n\r') else text


def _same(found: str, whole: str) -> bool:
    """Equal texts, numbers, moments or truth values; a word for "no value" is none."""
    found, whole = found.strip(), whole.strip()
    if found == whole or (not found and whole.lower() in ("na", "n/a", "nan", "null", "none")):
        return True
    if found in ("true", "false"):
        return whole.lower()[:1] in ("yt1" if found == "true" else "nf0")
    try:
        return float(found) == float(whole)
    except ValueError:
        return found.replace(" ", "T") == whole.replace(" ", "T") or found.removesuffix(" 00:00:00") == whole


def shown(counts: dict[str, dict[str, int]]) -> list[str]:
    """The counts as lines of a table."""
    lines = ["kind                                planted righted  share wrongly for nothing"]
    for kind, count in counts.items():
        planted, righted = count.get("planted", 0), count.get("righted", 0)
        share = f"{righted / planted:6.3f}" if planted else "     -"
        wrong, nothing = count.get("righted wrongly", 0), count.get("moved for nothing", 0)
        lines.append(f"{kind:36}{planted:7} {righted:7} {share} {wrong:7} {nothing:11}")
    return lines
