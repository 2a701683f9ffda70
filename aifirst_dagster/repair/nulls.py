"""Texts that say that there is no value."""

from __future__ import annotations

from aifirst_dagster.repair.expressions import Context, Stages, in_list

#: No number, date or truth value is written so (in lower case, without space around).
NO_VALUE = frozenset({
    "n/a", "#n/a", "n.a.", "n.a", "na", "nan", "-nan", "#na", "<na>", "null", "<null>", "(null)", "[null]", "nul",
    "nil", "none", "(none)", "\\n", "-", "--", "---", "–", "—", "?", "??", ".", "..", "...", "*", "#", "nd", "n.d.",
    "missing", "unknown", "unk", "undefined", "empty", "(empty)", "blank", "(blank)", "tbd", "tba", "not available",
    "not applicable", "not set", "not known", "not reported", "unspecified", "no data", "no value", "void",
    "suppressed", "#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!", "k.a.", "s/d", "keine angabe",
    "unbekannt", "nicht verfügbar", "inconnu", "desconocido",
})  # fmt: skip


def null_tokens(context: Context) -> Stages:
    """A cell that holds one of the tokens becomes empty."""
    empty = in_list(context.text, ["", *context.params.get("tokens", [])])
    return [(context.stage("known"), f"CASE WHEN {empty} THEN NULL ELSE {context.text} END")]


def no_value(text_sql: str, tokens: list[str]) -> str:
    """SQL: whether a text means "no value" in a column of numbers, dates or the like; `tokens` are the column's own."""
    return in_list(text_sql, ["", "n/a", "na", "nan", "null", "none", "-", *tokens])
