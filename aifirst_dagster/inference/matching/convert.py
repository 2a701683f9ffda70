"""The SQL that turns a source column's values into what the target holds: units, categories, yes and no."""

from __future__ import annotations

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.matching.categories import translate
from aifirst_dagster.inference.matching.facts import Facts, plain
from aifirst_dagster.inference.matching.kinds import NO, YES, kind
from aifirst_dagster.inference.matching.measures import between, conversion


def converted(source: Facts, target: Facts) -> tuple[str | None, list[str]]:
    """(scalar SQL over the source column, or None where it can be taken as it is; what is done, in words)."""
    name = ident(source.name)
    if kind(source) == "number":
        units = between(source, target)
        change = conversion(*units) if units else None
        if units and change and kind(target) in ("number", "any"):
            return _scaled(name, *change), [" to ".join(units)]
        return None, []
    if target.column.type == "boolean" and source.column.type == "string" and source.values:
        return _answers(source, name)
    if source.column.type not in ("string", "boolean", "any") or target.column.type not in ("string", "any"):
        return None, []
    values = translate(source, target)
    if values is None or not values.mapping:
        return None, _unknown(values.unknown if values else [])
    text = name if source.column.type == "string" else f"CAST({name} AS VARCHAR)"
    cases = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in values.mapping.items())
    done = f"{len(values.mapping)} values as the target spells them"
    return f"CASE {text} {cases} ELSE {text} END", [done, *_unknown(values.unknown)]


def _scaled(name: str, factor: float, offset: float) -> str:
    """A number times a factor; a division where that reads better."""
    inverse = 1 / factor
    scaled = f"{name} / {_number(inverse)}" if factor < 1 and _round(inverse) else f"{name} * {_number(factor)}"
    if abs(offset) < 1e-9:
        return scaled
    return f"{scaled} {'+' if offset > 0 else '-'} {_number(abs(offset))}"


def _round(number: float) -> bool:
    return abs(number - round(number)) < 1e-9


def _number(number: float) -> str:
    return f"{round(number)}.0" if _round(number) else f"{number:.12g}"


def _answers(source: Facts, name: str) -> tuple[str | None, list[str]]:
    """Words for yes and no as TRUE and FALSE."""
    yes = sorted(value for value in source.values if plain(value) in YES)
    no = sorted(value for value in source.values if plain(value) in NO)
    if not yes or not no:
        return None, []
    listed = [f"WHEN {name} IN ({', '.join(map(literal, words))}) THEN {said}" for words, said in
              ((yes, "TRUE"), (no, "FALSE"))]  # fmt: skip
    other = [value for value in source.values if value not in yes and value not in no]
    return f"CASE {' '.join(listed)} END", ["words for yes and no", *_unknown(other)]


def _unknown(values: list[str]) -> list[str]:
    """What is said of values that the target does not know."""
    if not values:
        return []
    shown = ", ".join(repr(value[:40]) for value in values[:3])
    more = f" and {len(values) - 3} more" if len(values) > 3 else ""
    return [f"the target does not know {shown}{more}"]
