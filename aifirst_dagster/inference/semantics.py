"""What a column's values mean: email, country, money, ...; by the share of values that look so, and by the name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aifirst_dagster.inference import names, units, vocabularies
from aifirst_dagster.inference.meanings import MEANINGS
from aifirst_dagster.inference.sampling import ColumnSample
from aifirst_dagster.inference.schema import Column

#: The share of values that have to look so; less where the name says it too.
SHARE, SHARE_WITH_NAME = 0.9, 0.6


#: Meanings whose columns take new values any day, however few they hold now.
_OPEN = frozenset({
    "first_name", "last_name", "person_name", "email", "phone", "address", "city", "postal_code", "company", "url",
    "free_text", "identifier",
})  # fmt: skip


def describe(column: Column, sample: ColumnSample | None) -> Column:
    """`column` with its semantic type, unit, pattern, and a plain sentence about it."""
    counts = sample.counts if sample else {}
    held = [text.strip() for text in counts if text not in column.null_tokens][:300]
    meaning = _meaning(column, held)
    unit = column.unit or _unit_in_name(column)
    values = None if meaning in _OPEN else column.values
    pattern = _pattern(held) if column.type == "string" and values is None else None
    changed = column.model_copy(update={"semantic_type": meaning, "unit": unit, "pattern": pattern, "values": values})
    return changed.model_copy(update={"description": _sentence(changed, sample, column.description)})


def _meaning(column: Column, held: list[str]) -> str | None:
    name = names.words(column.source_name)
    for meaning in MEANINGS:
        if column.type not in meaning.types:
            continue
        named = bool(meaning.named and meaning.named.fullmatch(name))
        if meaning.looks is None:
            if named:
                return meaning.name
            continue
        if (meaning.both and not named) or not held:
            continue
        share = sum(bool(meaning.looks(text)) for text in held) / len(held)
        if share >= (SHARE_WITH_NAME if named else SHARE):
            return meaning.name
    if column.unit in units.CURRENCY_CODES or (
        column.units_seen and all(unit in units.CURRENCIES for unit in column.units_seen)
    ):
        return "money"
    if column.unit == "%":
        return "percentage"
    if column.type == "string" and held:
        if column.values is not None:
            return "category"
        lengths = sorted(map(len, held))
        if lengths[len(lengths) // 2] > 30 and sum(" " in text for text in held) > 0.7 * len(held):
            return "free_text"
        if name in {"name", "names"} and sum(bool(re.fullmatch(r"[^\d@]+ [^\d@]+", text)) for text in held) > 0.7 * len(
            held
        ):
            return "person_name"
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
    return vocabularies.UNIT_WORDS.get(last) if " " in names.words(column.source_name) else None


def _pattern(held: list[str]) -> str | None:
    """A regular expression that all values match, where they share one shape of letters and digits; else None."""
    if len(held) < 3 or max(map(len, held)) > 40:
        return None
    shapes = {_shape(text) for text in held}
    if len(shapes) != 1:
        return None
    shape = shapes.pop()
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


_KINDS: Mapping[str, str] = {
    "string": "Text", "integer": "Whole numbers", "number": "Numbers", "boolean": "Yes or no", "date": "Dates",
    "datetime": "Points in time", "time": "Times of day", "year": "Years", "yearmonth": "Months",
    "duration": "Durations",
    "geopoint": "Places as latitude and longitude", "object": "JSON objects", "array": "Lists", "any": "Values",
}  # fmt: skip


def _sentence(column: Column, sample: ColumnSample | None, note: str) -> str:
    """A plain sentence about the column, from what is known without a model."""
    meaning = (column.semantic_type or "").replace("_", " ")
    parts = [f"{_KINDS[column.type]}{f' ({meaning})' if meaning else ''}"]
    if column.unit:
        parts.append(f"in {column.unit}")
    if column.values:
        shown = ", ".join(str(value) for value in column.values[:6])
        parts.append(f"one of {len(column.values)} values: {shown}{', ...' if len(column.values) > 6 else ''}")
    elif sample and sample.counts and not column.values:
        examples = [text.strip()[:30] for text in list(sample.counts)[:2]]
        parts.append(f"such as {' or '.join(examples)}")
    if column.formats_seen:
        parts.append(
            f"written in {len(column.formats_seen)} styles" if len(column.formats_seen) > 1 else "written in one style"
        )
    if note:
        parts.append(note)
    return "; ".join(parts).replace("; in ", " in ", 1) + "."
