"""What a code design is: a function over a row, the columns that it reads, and those that it makes."""

from __future__ import annotations

from dataclasses import dataclass

from aifirst_dagster.repair.derive import Output


@dataclass(frozen=True)
class CodeDesign:
    """Python that defines `transform(row)`; `row` is a dict of `inputs`, the result a dict of `outputs`.

    Attributes:
        code: The source; "": there is none yet.
        inputs: Columns that it reads.
        outputs: Columns that it makes; one of a name that exists takes its place.
        explanation: What it does, for people.
    """

    code: str
    inputs: list[str]
    outputs: list[Output]
    explanation: str = ""
