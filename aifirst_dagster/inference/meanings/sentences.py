"""A column described in a person's words, from what is known without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aifirst_dagster.inference.meanings import registry
from aifirst_dagster.inference.sampling import ColumnSample
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.inference.vocabularies import scales

_KINDS: Mapping[str, str] = {
    "string": "Text", "integer": "Whole numbers", "number": "Numbers", "boolean": "Yes or no", "date": "Dates",
    "datetime": "Points in time", "time": "Times of day", "year": "Years", "yearmonth": "Months",
    "duration": "Durations", "geopoint": "Places as latitude and longitude", "object": "JSON objects", "array": "Lists",
    "any": "Values",
}  # fmt: skip
#: Meanings that say less than the type: the type's word comes first.
_OWN_WORD = {"flag", "json"}
#: Share of empty cells worth a word.
_GAPS = 0.05


def sentence(column: Column, sample: ColumnSample | None, note: str) -> str:
    """What stands in a column, in one sentence; values that may tell who somebody is are left out.

    Args:
        column: With its meaning, unit and closed set.
        sample: Its texts; None where the file itself says the type.
        note: What else was found while its type was decided.
    """
    meaning = column.semantic_type or ""
    parts = [_start(column, meaning)]
    if column.values:
        steps = (scales.of([str(value) for value in column.values]) if meaning == "ordinal" else None) or column.values
        shown = ", ".join(str(value) for value in steps[:6])
        named = "steps" if meaning == "ordinal" else "values"
        parts.append(f"one of {len(steps)} {named}: {shown}{', ...' if len(steps) > 6 else ''}")
    elif sample and sample.counts:
        parts += _spread(column, sample)
    if sample and sample.cells and sample.blanks:
        empty = sample.blanks / (sample.cells + sample.blanks)
        if empty >= _GAPS:
            parts.append(f"{empty:.0%} empty")
    if len(column.formats_seen) > 1:
        parts.append(f"written in {len(column.formats_seen)} styles")
    if note:
        parts.append(note)
    return "; ".join(parts) + "."


def _start(column: Column, meaning: str) -> str:
    title = registry.titles().get(meaning)
    if title is None or meaning in _OWN_WORD:
        title = _KINDS[column.type]
    return f"{title} in {column.unit}" if column.unit else title


def _spread(column: Column, sample: ColumnSample) -> list[str]:
    """From where to where numbers go; what texts are like."""
    texts = [text.strip() for text in sample.counts if text not in column.null_tokens]
    every = sample.cells > 1 and sample.distinct == sample.cells
    parts = ["no two alike"] if every and len(texts) > 1 else []
    if column.semantic_type in registry.PERSONAL:
        return parts
    numbers = _numbers(texts) if column.type in ("integer", "number", "year") else []
    if len(numbers) > 2 and sample.distinct == len(sample.counts) and len(numbers) == len(texts):
        low, high = min(numbers), max(numbers)
        return [f"from {low:.12g} to {high:.12g}", *parts]
    return [f"such as {' or '.join(text[:30] for text in texts[:2])}", *parts] if texts else parts


def _numbers(texts: Sequence[str]) -> list[float]:
    found = []
    for text in texts:
        try:
            found.append(float(text))
        except ValueError:
            continue
    return found
