"""Repairs of characters in text columns: wrong encoding, look-alikes, invisible ones, space.

They are found together, since what one of them mends lets another be seen: a text that is decoded rightly may begin
with a space, and one without its invisible characters may turn out to be decoded wrongly. Else a second repair would
go on where the first one stopped.
"""

from __future__ import annotations

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import lookalikes
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair import text as text_
from aifirst_dagster.repair.expressions import among
from aifirst_dagster.repair.plan import Action
from aifirst_dagster.repair.survey import Survey, Texts

#: Texts longer than this on average are prose, whose inner spaces are its author's affair.
PROSE = 40
#: How often tidied texts are looked at again; one look finds nothing more but for texts made to be found.
_ROUNDS = 3
_OUTER = f"^{text_.SPACE}|{text_.SPACE}$"
_INNER = r"[^\s](?:[ \t]{2,}|[ ]*[\t\x{00A0}\x{2000}-\x{200A}\x{202F}\x{3000}][ \t]*)[^\s]"


def propose(survey: Survey, column: Column, texts: Texts) -> list[Action]:
    """What mends the characters of a column's texts, in the order in which it is done."""
    sequences = _mojibake(survey, texts.table)
    whole = _redecoded(survey, texts.table, sequences)
    actions = _actions(survey, column, texts, sequences, whole)
    for _ in range(_ROUNDS):
        late = _once_tidy(survey, column, texts.table, actions)
        if not late:
            break
        whole |= late
        actions = _actions(survey, column, texts, sequences, whole)
    return actions


def _actions(
    survey: Survey, column: Column, texts: Texts, sequences: dict[str, str], whole: dict[str, str]
) -> list[Action]:
    """The repairs, each found in the texts as those before it leave them."""
    actions: list[Action] = []

    def add(action: str, rows: int, reason: str, **params: object) -> None:
        actions.append(Action(column=column.name, action=action, rows_affected=int(rows), reason=reason, params=params))

    if sequences or whole:
        shown = ", ".join(f"{wrong} -> {right}" for wrong, right in sorted({**sequences, **whole}.items())[:3])
        wrong = " OR ".join(f"contains(text, {literal(sequence)})" for sequence in sequences) or "FALSE"
        params = {"sequences": sequences, **({"mapping": whole} if whole else {})}
        rows = survey.cells(texts.table, f"{wrong} OR {among('text', whole)}")
        add("fix_encoding", rows, f"text was decoded with the wrong encoding: {shown}", **params)
    invisible, composed, *spaces = _counts(survey, _after(column, texts.table, actions))
    decoded = len(actions)
    if invisible or composed:
        add("clean_characters", invisible + composed, "characters without width, or accents apart from their letters")
    clean = _after(column, texts.table, actions)
    if foreign := _look_alikes(survey, clean):
        rows = survey.cells(clean, among("text", foreign))
        add("replace_look_alikes", rows, "letters of another script, or full-width ones, within words", mapping=foreign)
    if len(actions) > decoded:
        _, _, *spaces = _counts(survey, _after(column, texts.table, actions))
    outer, inner, either = spaces
    within = texts.length <= PROSE and column.type == "string" and bool(inner)
    if rows := either if within else outer:
        where = "around and inside" if within else "around"
        add("trim_whitespace", rows, f"white space {where} the text", inner=within)
    return actions


def _once_tidy(survey: Survey, column: Column, table: str, actions: list[Action]) -> dict[str, str]:
    """Texts that look wrongly decoded once `actions` have tidied them -> what they say then."""
    if not actions:
        return {}
    wrong = " OR ".join(f"regexp_matches(tidy, {literal(sign)})" for sign in (text_.MOJIBAKE, text_.SUSPICIOUS))
    # Nothing but ASCII is right in every encoding.
    tidied = survey.query(
        f"SELECT text, tidy FROM (SELECT text, {_tidied(column, actions)} AS tidy FROM {table} "
        f"WHERE strlen(text) > length(text)) WHERE tidy <> text AND ({wrong}) ORDER BY text LIMIT 2000"
    )
    return {text: mended for text, tidy in tidied if (mended := text_.mended(tidy)) != tidy}


def _after(column: Column, table: str, actions: list[Action]) -> str:
    """SQL: the texts of `table` as `actions` leave them, with their cells."""
    return f"(SELECT {_tidied(column, actions)} AS text, n FROM {table})" if actions else table


def _tidied(column: Column, actions: list[Action]) -> str:
    from aifirst_dagster.repair.lanes import text_after

    return text_after(column, actions)


def _counts(survey: Survey, texts: str) -> tuple[int, ...]:
    """Cells with invisible characters; accents alone; outer space; inner space; either of these."""
    outer, inner, invisible = (
        f"regexp_matches(text, {literal(pattern)})" for pattern in (_OUTER, _INNER, text_.INVISIBLE)
    )
    composed = f"nfc_normalize(text) <> text AND NOT {invisible}"
    tests = (invisible, composed, outer, inner, f"{inner} OR {outer}")
    sums = ", ".join(f"coalesce(sum(n) FILTER (WHERE {test}), 0)" for test in tests)
    return tuple(map(int, survey.query(f"SELECT {sums} FROM {texts}")[0]))


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


def _look_alikes(survey: Survey, texts: str) -> dict[str, str]:
    return lookalikes.mended(
        text for (text,) in survey.query(
            f"SELECT DISTINCT text FROM {texts} WHERE regexp_matches(text, {literal(lookalikes.SUSPECT)}) "
            "ORDER BY 1 LIMIT 5000"
        )
    )  # fmt: skip
