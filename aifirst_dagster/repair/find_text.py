"""Repairs of text columns, proposed by their texts."""

from __future__ import annotations

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair import booleans, categories, find_characters
from aifirst_dagster.repair.export import FORMULA
from aifirst_dagster.repair.expressions import in_list
from aifirst_dagster.repair.plan import Action
from aifirst_dagster.repair.survey import Survey


def propose(survey: Survey, column: Column, source: str) -> list[Action]:
    """Space, characters, encoding, "no value" words, spellings; and formulas, which are reported."""
    texts = survey.texts[source]
    actions = find_characters.propose(survey, column, texts)

    def add(action: str, rows: int, reason: str, **params: object) -> None:
        actions.append(Action(column=column.name, action=action, rows_affected=int(rows), reason=reason, params=params))

    if column.null_tokens and (rows := survey.cells(texts.table, in_list("text", column.null_tokens))):
        add("null_tokens", rows, f"means no value: {_shown(column.null_tokens)}", tokens=sorted(column.null_tokens))
    if column.type == "string" and texts.all and not column.unique:
        actions.extend(_spellings(survey, column, texts.table, actions))
    formula = f"regexp_matches(text, {literal(FORMULA)})"
    if formulas := survey.cells(texts.table, formula):
        add("report_formula_cells", formulas, "a spreadsheet would run these texts as formulas")
    return actions


def as_boolean(survey: Survey, source: str) -> dict[str, list[str]] | None:
    """The words of a column of yes and no in any language; None where it holds anything else."""
    texts = survey.texts[source]
    if not texts.all or not 2 <= texts.distinct <= 12:
        return None
    words = {str(row[0]).strip().lower() for row in survey.query(f"SELECT text FROM {texts.table}")} - {""}
    yes, no = words & booleans.TRUE, words & booleans.FALSE
    telling = any(len(word) > 1 and word.isalpha() and word not in ("on", "of", "si") for word in yes | no)
    pairs = ({"y", "n"}, {"j", "n"}, {"t", "f"}, {"s", "n"}, {"o", "n"})
    if not yes or not no or words - yes - no or not (telling or words in pairs):
        return None
    return booleans.words(words)


def _shown(tokens: list[str]) -> str:
    return ", ".join(repr(token) for token in sorted(tokens)[:5])


def _spellings(survey: Survey, column: Column, table: str, before: list[Action]) -> list[Action]:
    """Categories written in several ways, seen as the repairs before this one leave them."""
    from aifirst_dagster.repair.lanes import text_after

    if survey.query(f"SELECT count(*) FROM {table}")[0][0] > categories.MOST:
        return []
    value = text_after(column, before)
    rows = survey.query(f"SELECT {value} AS tidy, sum(n) FROM {table} GROUP BY 1 ORDER BY 1")
    found = categories.unify({tidy: int(n) for tidy, n in rows if tidy is not None})
    if not found.mapping:
        return []
    parts = [
        *([f"{found.variants} cells differ in case, accents or punctuation only"] if found.variants else []),
        *([f"{found.slips} cells are a slip of the keyboard away from a frequent text"] if found.slips else []),
    ]
    mapping = dict(sorted(found.mapping.items()))
    return [
        Action(column=column.name, action="unify_categories", params={"mapping": mapping},
               rows_affected=found.variants + found.slips, reason="; ".join(parts))
    ]  # fmt: skip
