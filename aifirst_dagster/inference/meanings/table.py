"""The table of semantic types in `docs/semantic-types.md`, made from the registry; run as a module, it is rewritten."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aifirst_dagster.inference.meanings import registry
from aifirst_dagster.inference.meanings.kind import Meaning

PAGE = Path(__file__).resolve().parents[3] / "docs" / "semantic-types.md"
_INTRO = """# Semantic types

What a column's values mean (`semantic_type`), with `semantic_confidence` from 0 to 1 and `semantic_evidence` in words.
Every type is tried on up to 300 different values and on the column's name; the surest one is taken. Values that pass a
test (a check digit, a vocabulary, a form) speak for themselves where so many could not pass by accident; else the name
has to say it too. What a model says is tested the same way, on up to 2,000 different values from all rows.

*By values*: the values alone can tell it. *Personal*: masked before a model sees it, and left out of descriptions.

<!-- Made by `python -m aifirst_dagster.inference.meanings.table`; a test holds it to the registry. -->
"""


def page() -> str:
    """The whole page."""
    parts = [_INTRO]
    names = len({meaning.name for meaning in registry.MEANINGS})
    parts.append(f"{names} types.\n")
    for family, meanings in registry.FAMILIES.items():
        parts.append(f"## {family}\n\n| Type | Values | Test | By values | Personal | Called, for instance |")
        parts.append("|---|---|---|---|---|---|")
        parts += _rows(meanings)
        parts.append("")
    return "\n".join(parts)


def _rows(meanings: Iterable[Meaning]) -> list[str]:
    grouped: dict[str, list[Meaning]] = {}
    for meaning in meanings:
        grouped.setdefault(meaning.name, []).append(meaning)
    rows = []
    for name, entries in grouped.items():
        tests = "; or ".join(dict.fromkeys(entry.test for entry in entries if entry.test)) or "the name only"
        alone = any(entry.looks is not None and entry.alone is not None for entry in entries)
        personal = any(entry.personal for entry in entries)
        called = registry.column_names().get(name, [])[:4]
        cells = [
            f"`{name}`",
            entries[0].title,
            tests,
            "yes" if alone else "",
            "yes" if personal else "",
            ", ".join(called),
        ]
        escaped = [cell.replace("|", r"\|") for cell in cells]
        rows.append(f"| {' | '.join(escaped)} |")
    return rows


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
