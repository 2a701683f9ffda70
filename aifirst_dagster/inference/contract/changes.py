"""What differs between a contract and what files hold, one change each, for people, checks and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Literal

from pydantic import Field

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.inference.contract.modes import Mode
from aifirst_dagster.inference.schema import Record

Kind = Literal[
    "new_column", "missing_column", "type", "format", "cells", "constraint", "other_table", "order", "no_header"
]

_TITLES: dict[Kind, str] = {
    "new_column": "new column", "missing_column": "column is missing", "type": "another type",
    "format": "written in another way", "cells": "cells that do not fit", "constraint": "a constraint is broken",
    "other_table": "another table", "order": "another order", "no_header": "no header",
}  # fmt: skip


class Example(Record):
    """A cell that shows a change: its file, its 1-based line there, its text."""

    file: str
    line: int | None = None
    text: str = ""


class Change(Record):
    """One difference.

    Attributes:
        column: The column in the dataset; a new one's name in the file. None: the whole file.
        files: Where.
        before: What the contract says.
        after: What the files say.
        cells: How many cells it is about.
        mode: The mode that applies.
        done: What became of it.
        breaking: Whether what reads the dataset must be looked at.
        suggestion: What it may be, and what to do then.
    """

    kind: Kind
    column: str | None = None
    files: list[str] = Field(default_factory=list)
    before: str = ""
    after: str = ""
    cells: int = 0
    examples: list[Example] = Field(default_factory=list)
    mode: Mode | None = None
    done: str = ""
    breaking: bool = False
    suggestion: str = ""

    @property
    def title(self) -> str:
        """The kind, in words."""
        return _TITLES[self.kind]

    @property
    def where(self) -> str:
        """The files, by their names."""
        names = list(dict.fromkeys(PurePath(file).name for file in self.files))
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

    @property
    def words(self) -> str:
        """The change on one line."""
        subject = f"{self.column!r}: " if self.column else ""
        turned = f" ({self.before} -> {self.after})" if self.before and self.after else ""
        turned = turned or (f" ({self.after or self.before})" if self.after or self.before else "")
        counted = f", {self.cells:,} cell{'s' if self.cells != 1 else ''}" if self.cells else ""
        shown = f", as {shown_examples(self.examples)}" if self.examples else ""
        where = f" in {self.where}" if self.files else ""
        hint = f"; {self.suggestion}" if self.suggestion else ""
        return f"{subject}{self.title}{turned}{where}{counted}{shown}{hint}"


class ContractError(AifirstError):
    """Files do not keep a schema contract that is frozen. `changes` is the diff."""

    exit_code = 1

    def __init__(self, message: str, changes: Sequence[Change], *, hint: str = "", file: str | None = None) -> None:
        first = next((example for change in changes for example in change.examples), None)
        line = first.line if first and first.file == file else None
        super().__init__(message, hint=hint, file=file, line=line)
        self.changes = list(changes)

    def to_dict(self) -> dict[str, Any]:
        """With the diff as `changes`."""
        return {**super().to_dict(), "changes": [change.model_dump(mode="json") for change in self.changes]}


def shown_examples(examples: Sequence[Example], most: int = 3) -> str:
    """Texts and their lines, for people."""
    return ", ".join(
        f"{example.text[:40]!r}" + (f" (line {example.line})" if example.line else "") for example in examples[:most]
    )


def markdown(changes: Sequence[Change]) -> str:
    """The diff as a Markdown table; text from files cannot break out of its cell."""
    heads = ["", "column", "change", "contract", "files", "where", "cells", "examples", "done"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for change in changes:
        mark = "**!**" if change.breaking else ""
        shown = " · ".join(f"`{_cell(example.text)}`" for example in change.examples[:3])
        what = change.title + (f"; {change.suggestion}" if change.suggestion else "")
        parts = (change.column or "", what, change.before, change.after, change.where, f"{change.cells or ''}")
        lines.append(f"| {mark} | {' | '.join(map(_cell, parts))} | {shown} | {_cell(change.done)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    plain = " ".join(str(text).split()).replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
    return plain if len(plain) <= 160 else plain[:159] + "…"
