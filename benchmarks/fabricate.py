"""Pairs of tables whose columns are known to be the same: one table split, renamed and dirtied.

The scenarios are those of Koutras et al., "Valentine: Evaluating Matching Techniques for Dataset Discovery" (2021).
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from pathlib import Path

SCENARIOS = ("unionable", "view_unionable", "joinable", "semantically_joinable")
NOISES = ("plain", "noisy_names", "noisy_both", "no_names", "no_names_noisy")
ROWS = 2_000


@dataclass(frozen=True)
class Pair:
    """Two files and which columns of theirs are the same."""

    label: str
    source: Path
    target: Path
    truth: dict[str, str]


def pairs(table: Path, folder: Path, seed: int = 7) -> list[Pair]:
    """All scenarios and noises of one CSV file, written to `folder`."""
    import pandas as pd

    frame = pd.read_csv(table, dtype=str, keep_default_na=False, nrows=ROWS, encoding_errors="replace")
    frame.columns = [str(name) for name in frame.columns]
    frame = frame.loc[:, [len(name) > 0 and not name.startswith("Unnamed") for name in frame.columns]]
    if frame.shape[1] < 4 or len(frame) < 40 or frame.columns.duplicated().any():
        return []
    made = []
    for scenario in SCENARIOS:
        for noise in NOISES:
            if scenario == "semantically_joinable" and noise not in ("noisy_both", "no_names_noisy"):
                continue  # its values are noisy by definition
            made.append(_pair(frame, table.stem, scenario, noise, folder, random.Random(f"{seed}{scenario}{noise}")))
    return made


def _pair(frame, name: str, scenario: str, noise: str, folder: Path, rng: random.Random) -> Pair:  # type: ignore[no-untyped-def]
    columns = list(frame.columns)
    rng.shuffle(columns)
    rows = frame.sample(frac=1, random_state=rng.randrange(10**6))
    half = len(rows) // 2
    if scenario == "unionable":
        left, right, top, bottom = columns, columns, rows[:half], rows[half:]
    else:
        shared = max(1, round(len(columns) * 0.5))
        rest = columns[shared:]
        left, right = columns[:shared] + rest[::2], columns[:shared] + rest[1::2]
        joined = scenario != "view_unionable"
        top, bottom = (rows, rows) if joined else (rows[:half], rows[half:])
    source, target = top[left].copy(), bottom[right].copy()
    if noise in ("noisy_both", "no_names_noisy"):
        for column in target.columns:
            target[column] = [_dirty(value, rng) for value in target[column]]
    names = {column: column for column in right}
    if noise in ("noisy_names", "noisy_both"):
        style = rng.choice(("abbreviated", "prefixed", "vowels", "mixed"))
        names = _unique({column: _rename(column, name, style, rng) for column in right})
    elif noise.startswith("no_names"):  # values alone can tell
        names = {column: f"column_{at}" for at, column in enumerate(rng.sample(right, len(right)), 1)}
    target = target.rename(columns=names)[rng.sample([names[c] for c in right], len(right))]
    stem = f"{name}-{scenario}-{noise}"
    paths = folder / f"{stem}-source.csv", folder / f"{stem}-target.csv"
    source.to_csv(paths[0], index=False)
    target.to_csv(paths[1], index=False)
    return Pair(f"{scenario}/{noise}", *paths, {column: names[column] for column in left if column in right})


def _dirty(value: str, rng: random.Random) -> str:
    """A slip in one text of five; numbers a little off, in one of two."""
    if not value:
        return value
    try:
        number = float(value)
    except ValueError:
        if rng.random() > 0.2 or len(value) < 3:
            return value
        at = rng.randrange(len(value))
        return value[:at] + rng.choice(string.ascii_lowercase) + value[at + 1 :]
    if rng.random() > 0.5 or "e" in value.lower():
        return value
    noisy = number * (1 + rng.uniform(-0.05, 0.05))
    return str(round(noisy)) if value.lstrip("-").isdigit() else f"{noisy:.{len(value.partition('.')[2]) or 1}f}"


def _rename(column: str, table: str, style: str, rng: random.Random) -> str:
    if style == "prefixed":
        return f"{table}_{column}"
    if style == "abbreviated":
        return "_".join(part[: rng.choice((3, 4))] for part in column.replace(".", "_").split("_"))
    if style == "vowels":
        return column[0] + "".join(sign for sign in column[1:] if sign.lower() not in "aeiou")
    return _rename(column, table, rng.choice(("prefixed", "abbreviated", "vowels")), rng)


def _unique(names: dict[str, str]) -> dict[str, str]:
    seen: set[str] = set()
    for column, name in names.items():
        while name.lower() in seen or not name:
            name += "2"
        seen.add(name.lower())
        names[column] = name
    return names
