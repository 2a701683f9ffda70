"""How a text is delimited and quoted: each candidate splits a sample, and the one whose table looks most like one wins.

The score follows an idea of van den Burg, Nazábal and Sutton ("Wrangling messy CSV files by detecting row and type
patterns", 2019): a right split gives rows of one width *and* cells of known kinds. On top of that, columns of one kind
count, rows above and below the table do not, and quotes out of order cost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aifirst_dagster.inference.candidates import delimiters, quotings, tokenizer
from aifirst_dagster.inference.records import Record, records
from aifirst_dagster.inference.shapes import CODE, EMPTY, OTHER, TEXT, TYPED, WORD, family, shape
from aifirst_dagster.inference.tokenizer import Tokenizer

#: Below this score a split into columns is not believed, for common delimiters and for rare ones: one column is.
LEAST, LEAST_RARE = 0.25, 0.35
#: A one-column reading is doubtful where another split scores at least this.
DOUBTFUL = 0.2
#: Two splits of different delimiters that score within this share of each other are a tie.
TIE = 0.03
_ROWS, _LONG = 300, 20_000
_GROUPED = re.compile(r"[-+]?[$€£]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?%?|[^,]*")
"""Numbers with commas between groups of three digits, or text without commas."""
_PROSE = frozenset(" :,.&*!=@#$%") | {", ", ": ", "; ", " | "}
"""What stands in ordinary text as well: no reason to doubt that a file has one column."""


@dataclass(frozen=True)
class Candidate:
    """One way to split the text, and what speaks for it.

    Attributes:
        score: From 0 to 1, before `prior` it is how much the result looks like a table.
        width: Cells of most rows.
    """

    tokenizer: Tokenizer
    score: float
    width: int

    @property
    def delimiter(self) -> str:
        """The delimiter."""
        return self.tokenizer.delimiter


@dataclass(frozen=True)
class Guess:
    """The best candidate, how sure it is (0 to 1), and the next best with other delimiters."""

    best: Candidate
    confidence: float
    others: list[Candidate] = field(default_factory=list)

    @property
    def doubt(self) -> str | None:
        """Why a person should look, in a sentence; None where the guess is good enough to go on."""
        rivals = [other for other in self.others if not self._kin(other)]
        if self.best.delimiter == "" and any(other.score >= max(DOUBTFUL, self.best.score) for other in rivals):
            return "The file reads as one column, but it may not be one."
        if self.best.delimiter and any(other.score >= self.best.score * (1 - TIE) for other in rivals):
            return "Two delimiters split the file equally well."
        return None

    def _kin(self, other: Candidate) -> bool:
        """Whether another candidate is no rival: part of the best one's delimiter, or what text holds anyway."""
        if not self.best.delimiter:
            return other.delimiter in _PROSE and other.delimiter != ","
        return other.delimiter in self.best.delimiter or self.best.delimiter in other.delimiter


def guess(lines: Sequence[str], suffix: str = "", delimiter: str | None = None) -> Guess:
    """The dialect of a sample.

    Args:
        lines: Physical lines without line ends, from the file's beginning.
        suffix: The file's, which tips the balance: ".tsv".
        delimiter: The delimiter, where it is known; then only the quoting is found out.
    """
    filled = [line for line in lines if line.strip()]
    filled = [line for line in filled if not line.lstrip().startswith("#")] or filled
    sample = [line for line in filled if len(line) < _LONG][:_ROWS] or filled[:_ROWS]
    tried = {delimiter: 1.0} if delimiter is not None else delimiters(sample, suffix)
    best: dict[str, Candidate] = {}
    for sign, prior in tried.items():
        for quoting in quotings(sample, sign):
            split = tokenizer(sign, quoting)
            candidate = _score(records(sample, split, attempts=4), split, prior * quoting[2])
            if sign not in best or candidate.score > best[sign].score:
                best[sign] = candidate
    # The longer of two equals: its signs are no part of the cells.
    ranked = sorted(best.values(), key=lambda candidate: (-candidate.score, -len(candidate.delimiter)))
    if delimiter is not None:
        return Guess(_one_column(sample) if delimiter == "" else ranked[0], 1.0)
    whole = _one_column(sample)
    ranked.sort(key=lambda candidate: -(candidate.score if _believed(candidate) else candidate.score / 10))
    if not ranked or not _believed(ranked[0]) or ranked[0].score < whole.score:
        against = max((other.score for other in ranked if other.delimiter not in _PROSE), default=0.0)
        return Guess(whole, round(min(1.0, max(0.0, 1.2 - 2 * against)), 3), ranked)
    found = Guess(ranked[0], 0.0, ranked[1:])
    second = max((other.score for other in ranked[1:] if not found._kin(other)), default=0.0)
    sure = min(1.0, ranked[0].score + 0.2) * min(1.0, 0.5 + 1.5 * (1 - second / ranked[0].score))
    return Guess(ranked[0], round(sure, 3), ranked[1:])


def _believed(candidate: Candidate) -> bool:
    """Whether a split's score is enough to take the file as having columns at all."""
    return candidate.score >= (LEAST if candidate.delimiter in (",", ";", "\t", "|") else LEAST_RARE)


def _one_column(sample: Sequence[str]) -> Candidate:
    """The reading as one column: good where whole records are values (dates, numbers) or all quoted."""
    split = Tokenizer("", '"')
    rows = records(sample, split, attempts=4)
    named = len(rows) > 1 and shape(rows[0].cells[0]) in (WORD, CODE, TEXT) and "," not in rows[0].cells[0]
    body = rows[1:] if named else rows
    kinds = Counter(shape(row.cells[0]) for row in body if named or _GROUPED.fullmatch(row.cells[0].strip()))
    typed = sum(kinds[kind] for kind in TYPED) / max(1, len(body))
    quoted = sum(sample[row.line - 1][:1] == '"' and row.status == "ok" for row in body) / max(1, len(body))
    good = (typed > 0.8 and not _names_apart(rows)) or (quoted > 0.8 and (named or len(rows) == 1 or quoted == 1))
    return Candidate(split, 0.7 if good else 0.0, 1)


def _names_apart(rows: Sequence[Record]) -> bool:
    """Whether the first record is names with commas, as many as each record below has: `id,total` over `7,500`."""
    first, commas = rows[0].cells[0], rows[0].cells[0].count(",")
    return (
        commas > 0 and not _GROUPED.fullmatch(first.strip()) and all(row.cells[0].count(",") == commas for row in rows)
    )


def _score(rows: Sequence[Record], split: Tokenizer, prior: float) -> Candidate:
    """How much `rows` look like a table, times `prior`."""
    widths = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
    if not widths:
        return Candidate(split, 0.0, 1)
    width = max(widths, key=lambda w: (widths[w] * (1 - 1 / w), w))
    fitting = [index for index, row in enumerate(rows) if len(row.cells) == width]
    span = fitting[-1] - fitting[0] + 1
    inside, coverage = len(fitting) / span, span / len(rows)
    near = sum(abs(len(row.cells) - width) <= max(1, width // 8) for row in rows[fitting[0] : fitting[-1] + 1]) / span
    pattern = (0.8 * inside + 0.2 * near) * (0.4 + 0.6 * coverage)
    disorder = _disorder(rows, split)
    table = [rows[index] for index in fitting]
    many = 1 - 0.35 / (width - 1) ** 0.7
    few = 0.8 if len(fitting) == 1 and len(rows) > 1 else 1.0
    even = inside == 1 and coverage > 0.8 and disorder == 0
    if fitting[0] == 1 and inside == 1 and len(rows) > 3:
        prior *= 0.8  # all rows but the first: the names may be delimited otherwise
    doubtful = split.delimiter in (" ", ", ", ": ") and not (even and _encloses(rows, split)) and _is_prose(table)
    chance = split.delimiter in _PROSE and fitting[0] > 0  # sentences of one length below names
    if even and not chance:  # a rare delimiter that splits every row alike is hardly chance
        prior += max(0.0, 1 - prior) * min(1.0, (width - 1) / 3) * min(1.0, len(rows) / 10)
    score = pattern * _kinds(table, width) * many * (1 - disorder) * few * (0.5 if doubtful else 1.0) * prior
    return Candidate(split, round(score, 4), width)


def _encloses(rows: Sequence[Record], split: Tokenizer) -> bool:
    """Whether cells that hold the delimiter are common: they were quoted for its sake."""
    held = sum(any(split.delimiter in cell for cell in row.cells) for row in rows)
    return split.quotechar is not None and held >= max(2, 0.2 * len(rows))


def _disorder(rows: Sequence[Record], split: Tokenizer) -> float:
    """What quotes out of order cost, from 0 to 0.7: undoubled ones little, open ones much."""
    if split.quotechar:
        return sum({"ok": 0.0, "odd": 0.12, "open": 0.6}[row.status] for row in rows) / len(rows)
    taken = (
        any(cell[:1] == '"' for cell in row.cells) and any(cell[-1:] == '"' and cell != '"' for cell in row.cells)
        for row in rows
    )
    return 0.7 * sum(taken) / len(rows)


def _is_prose(table: Sequence[Record]) -> bool:
    """Whether next to no cell is a value: then the delimiter may be what stands between the words of a sentence."""
    cells = [cell for row in table for cell in row.cells]
    return sum(shape(cell) in TYPED for cell in cells) < 0.1 * len(cells)


def _kinds(table: Sequence[Record], width: int) -> float:
    """How much cells are of known kinds, and columns of one kind; 0.4 for a column that is all empty."""
    total = 0.0
    columns = range(min(width, 60))
    for column in columns:
        shapes = [shape(row.cells[column]) for row in table]
        kinds = Counter(family(kind) for kind in (shapes[1:] or shapes) if kind != EMPTY)
        if not kinds:
            total += 0.4
            continue
        known = 1 - kinds[OTHER] / kinds.total()
        alike = max(kinds.values()) / kinds.total()
        total += 0.65 * known + 0.35 * alike
    return total / len(columns)
