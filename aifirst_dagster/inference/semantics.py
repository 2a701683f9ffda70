"""What a column means: its semantic type, unit, pattern, and a sentence about it."""

from __future__ import annotations

import re

from aifirst_dagster.inference import names, units
from aifirst_dagster.inference.meanings import registry
from aifirst_dagster.inference.meanings.decide import Found, decide
from aifirst_dagster.inference.meanings.kind import Look
from aifirst_dagster.inference.meanings.sentences import sentence
from aifirst_dagster.inference.numbers import units_among
from aifirst_dagster.inference.sampling import ColumnSample
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.inference.vocabularies.units import UNIT_WORDS

#: Distinct texts that are looked at.
LOOKED_AT = 300


def describe(column: Column, sample: ColumnSample | None) -> Column:
    """`column` with its semantic type, unit, pattern, and a plain sentence about it."""
    counts = sample.counts if sample else {}
    held = [text.strip() for text in counts if text not in column.null_tokens][:LOOKED_AT]
    unit = column.unit or _unit_in_name(column)
    found = meaning(column, held, unit, sample)
    open_ended = found is not None and found.name in registry.OPEN
    values = None if open_ended else column.values
    pattern = _pattern(held) if column.type == "string" and values is None else None
    changed = column.model_copy(
        update={
            "semantic_type": found.name if found else None,
            "semantic_confidence": found.confidence if found else None,
            "semantic_evidence": found.evidence if found else "",
            "unit": unit,
            "pattern": pattern,
            "values": values,
        }
    )
    return changed.model_copy(update={"description": sentence(changed, sample, column.description)})


def meaning(column: Column, held: list[str], unit: str | None, sample: ColumnSample | None) -> Found | None:
    """The meaning of a column by its name, its type and the texts that it holds."""
    look = Look(
        column.source_name, column.type, held, unit=_common(column) or unit, closed=column.values is not None,
        cells=sample.cells if sample else 0, distinct=sample.distinct if sample else 0,
        unique=column.unique, in_order=[text.strip() for text in sample.in_order] if sample else [],
    )  # fmt: skip
    return decide(look)


def _common(column: Column) -> str | None:
    """A currency for all where every sign around the numbers is one."""
    seen = units_among(column.units_seen)
    if column.unit is None and seen and all(each in units.CURRENCIES for each in seen):
        return units.CURRENCIES[seen[0]]
    return None


def _unit_in_name(column: Column) -> str | None:
    """A unit that stands in the name, in brackets or as its last word: `Weight (kg)`, `length_cm`, `price_usd`."""
    if column.type not in {"integer", "number"}:
        return None
    if bracketed := re.search(r"[(\[]([^)\]]{1,12})[)\]]\s*$", column.source_name):
        unit = bracketed[1].strip()
        return units.CURRENCIES.get(unit, unit)
    last = names.words(column.source_name).split(" ")[-1]
    if last.upper() in units.CURRENCY_CODES and last != names.words(column.source_name):
        return last.upper()
    return UNIT_WORDS.get(last) if " " in names.words(column.source_name) else None


def _pattern(held: list[str]) -> str | None:
    """A regular expression that all values match, where they share one shape of letters and digits; else None."""
    if len(held) < 3 or max(map(len, held)) > 40:
        return None
    shape = _shape(held[0])
    if any(_shape(text) != shape for text in held):
        return None
    if not any(kind in "dUl" for kind, *_ in shape) or (len(shape) == 1 and shape[0][0] in "Ul" and held[0].isalpha()):
        return None
    pieces = {"d": r"\d", "U": "[A-Z]", "l": "[a-z]"}
    body = "".join(
        (pieces[kind] + (f"{{{size}}}" if size > 1 else "")) if kind in pieces else re.escape(text)
        for kind, size, text in shape
    )
    return f"^{body}$"


def _shape(text: str) -> tuple[tuple[str, int, str], ...]:
    runs = re.findall(r"[0-9]+|[A-Z]+|[a-z]+|[^0-9A-Za-z]+", text)
    return tuple(
        (kind, len(run), run if kind == "." else "")
        for run in runs
        for kind in [
            "d"
            if run[0].isdigit() and run.isascii()
            else "."
            if not run[0].isascii() or not run[0].isalpha()
            else "U"
            if run[0].isupper()
            else "l"
        ]
    )
