"""Columns that keep what stands beside a number: its currency, or its unit."""

from __future__ import annotations

import re

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import garbled
from aifirst_dagster.repair.expressions import Context, Stages

_FIGURES = r"[\d\s.,()'’_+−–\x{00A0}\x{202F}\x{2009}-]"


def bare(spelling: str) -> str:
    """A spelling without the characters that numbers are written with."""
    return re.sub(r"[\d\s.,()'’_+−–\u00a0\u202f\u2009-]", "", spelling)


def reading(context: Context) -> Stages:
    """What is left of the text without its figures, looked up in `markers`."""
    left = context.stage("mark")
    markers = {bare(str(spelling)): str(name) for spelling, name in context.params.get("markers", {}).items()}
    cases = " ".join(f"WHEN {literal(mark)} THEN {literal(name)}" for mark, name in markers.items() if mark)
    # `1.5k €` leaves `k€`: an exact mark first, then one that the rest holds, the longest first.
    inside = " ".join(
        f"WHEN contains({left}, {literal(mark)}) THEN {literal(name)}"
        for mark, name in sorted(markers.items(), key=lambda pair: (-len(pair[0]), pair[0])) if mark
    )  # fmt: skip
    text = garbled.plain_sql(context.text, map(str, context.params.get("garbled", [])))
    found = f"CASE {left} {cases} ELSE CASE {inside} END END" if cases else "NULL::VARCHAR"
    return [
        (left, f"regexp_replace({text}, {literal(_FIGURES)}, '', 'g')"),
        (context.stage("name"), found),
    ]
