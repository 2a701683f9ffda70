"""Repairs of text columns, proposed by their texts."""

from __future__ import annotations

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import lookalikes
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair import booleans, categories
from aifirst_dagster.repair import text as text_
from aifirst_dagster.repair.export import FORMULA
from aifirst_dagster.repair.expressions import in_list
from aifirst_dagster.repair.plan import Action
from aifirst_dagster.repair.survey import Survey

#: Texts longer than this on average are prose, whose inner spaces are its author's affair.
PROSE = 40
_OUTER = f"^{text_.SPACE}|{text_.SPACE}$"
_INNER = r"[^\s](?:[ \t]{2,}|[ ]*[\t\x{00A0}\x{2000}-\x{200A}\x{202F}\x{3000}][ \t]*)[^\s]"


def propose(survey: Survey, column: Column, source: str) -> list[Action]:
    """Space, characters, encoding, "no value" words, spellings; and formulas, which are reported."""
    texts = survey.texts[source]
    inner = texts.length <= PROSE and column.type == "string"
    outer_spaces, inner_spaces, invisible, composed, formulas = survey.query(
        f"SELECT {', '.join(f'coalesce(sum(n) FILTER ({test}), 0)' for test in _tests())} FROM {texts.table}"
    )[0]
    actions: list[Action] = []

    def add(action: str, rows: int, reason: str, **params: object) -> None:
        actions.append(Action(column=column.name, action=action, rows_affected=int(rows), reason=reason, params=params))

    sequences = _mojibake(survey, texts.table)
    whole = _redecoded(survey, texts.table, sequences)
    if sequences or whole:
        shown = ", ".join(f"{wrong} -> {right}" for wrong, right in sorted({**sequences, **whole}.items())[:3])
        known = f"text IN ({', '.join(map(literal, whole))})" if whole else "FALSE"
        rows = survey.query(f"SELECT sum(n) FROM {texts.table} WHERE {_contains(sequences)} OR {known}")[0][0]
        params = {"sequences": sequences, **({"mapping": whole} if whole else {})}
        add("fix_encoding", rows or 0, f"text was decoded with the wrong encoding: {shown}", **params)
    if foreign := _look_alikes(survey, texts.table):
        rows = survey.query(f"SELECT sum(n) FROM {texts.table} WHERE text IN ({', '.join(map(literal, foreign))})")[0][
            0
        ]
        add("replace_look_alikes", rows or 0, "letters of another script, or full-width ones, within words",
            mapping=foreign)  # fmt: skip
    if invisible or composed:
        add("clean_characters", invisible + composed, "characters without width, or accents apart from their letters")
    spaces = outer_spaces + (inner_spaces if inner else 0)
    if spaces:
        where = "around and inside" if inner and inner_spaces else "around"
        add("trim_whitespace", spaces, f"white space {where} the text", inner=bool(inner and inner_spaces))
    if column.null_tokens and (rows := _cells(survey, texts.table, column.null_tokens)):
        add("null_tokens", rows, f"means no value: {_shown(column.null_tokens)}", tokens=sorted(column.null_tokens))
    if column.type == "string" and texts.all and not column.unique:
        actions.extend(_spellings(survey, column, texts.table, actions))
    if formulas:
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


def _tests() -> list[str]:
    regex = "WHERE regexp_matches(text, {})"
    invisible = literal(text_.INVISIBLE)
    return [
        regex.format(literal(_OUTER)),
        f"WHERE regexp_matches(text, {literal(_INNER)}) AND NOT regexp_matches(text, {literal(_OUTER)})",
        f"WHERE regexp_matches(text, {invisible})",
        f"WHERE nfc_normalize(text) <> text AND NOT regexp_matches(text, {invisible})",
        regex.format(literal(FORMULA)),
    ]


def _mojibake(survey: Survey, table: str) -> dict[str, str]:
    found = survey.query(
        f"SELECT DISTINCT unnest(regexp_extract_all(text, {literal(text_.MOJIBAKE)})) FROM {table} "
        f"WHERE regexp_matches(text, {literal(text_.MOJIBAKE)}) LIMIT 2000"
    )
    return text_.decoded(sorted(row[0] for row in found))


def _redecoded(survey: Survey, table: str, sequences: dict[str, str]) -> dict[str, str]:
    """Whole texts that were decoded wrongly, of those that look so and that no sequence mends."""
    texts = [
        text for (text,) in survey.query(
            f"SELECT text FROM {table} WHERE regexp_matches(text, {literal(text_.SUSPICIOUS)}) ORDER BY n DESC, text "
            "LIMIT 2000"
        )
    ]  # fmt: skip
    return text_.redecoded(text for text in texts if not any(wrong in text for wrong in sequences)) if texts else {}


def _look_alikes(survey: Survey, table: str) -> dict[str, str]:
    return lookalikes.mended(
        text for (text,) in survey.query(
            f"SELECT text FROM {table} WHERE regexp_matches(text, {literal(lookalikes.SUSPECT)}) ORDER BY 1 LIMIT 5000"
        )
    )  # fmt: skip


def _contains(sequences: dict[str, str]) -> str:
    return " OR ".join(f"contains(text, {literal(wrong)})" for wrong in sequences) or "FALSE"


def _cells(survey: Survey, table: str, tokens: list[str]) -> int:
    return int(survey.query(f"SELECT coalesce(sum(n), 0) FROM {table} WHERE {in_list('text', tokens)}")[0][0])


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
