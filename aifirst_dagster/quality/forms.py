"""Values written as hardly any other of their column: another shape, another case, odd characters, space around."""

from __future__ import annotations

from collections.abc import Iterator

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference import lookalikes
from aifirst_dagster.inference.casts import parsed
from aifirst_dagster.quality.facts import TYPED, Fact, Facts, Query

#: A form is rare where fewer values than this are written in it.
RARE = 0.01
#: Where more cells than this do not parse, it is the type that does not fit.
MISTYPED = 0.4
#: One form is usual where more values than this share it; a few forms together where they leave less than the rest.
USUAL, COMMON, COVERED = 0.9, 0.05, 0.95
#: SQL: a value's letters and digits in runs, all else as it is. (`translate` to shapes first takes six times as long.)
SKELETON = "regexp_replace(regexp_replace(v, '[A-Z]+|[a-z]+', 'a', 'g'), '[0-9]+', '9', 'g')"
_SPACE = r"[\s\x{00A0}\x{2000}-\x{200A}\x{202F}\x{3000}]"
_ODD = (
    r"[\x{0000}-\x{0008}\x{000B}\x{000C}\x{000E}-\x{001F}\x{007F}\x{00AD}\x{200B}\x{200E}\x{200F}\x{2060}"
    r"\x{FEFF}\x{FFFD}]"
)
#: A letter right beside a digit may have taken another digit's place: there is no telling the number then.
_ONE_NUMBER = r"^\s*(?:[A-Za-z.]+\s+)?[$€£]?\s*([-+]?[0-9]+(?:\.[0-9]+)?)(?:\s+[A-Za-z. ]+|\s*[%$€£°])?\s*$"


def queries(facts: Facts) -> Iterator[Query]:
    """Mistyped cells, rare forms, rare case, odd characters and space around the value."""
    for fact in facts.columns:
        if not fact.filled:
            continue
        name = fact.column.name
        if fact.column.type in TYPED:
            cast = parsed(fact.column, fact.text)
            failed = facts.ask(f"SELECT count(*) FROM {facts.cells} WHERE {fact.present} AND ({cast}) IS NULL")[0][0]
            if 0 < failed <= MISTYPED * fact.filled:
                yield name, _mistyped(facts, fact)
        odd, foreign, spaced = facts.ask(
            f"SELECT count(*) FILTER (regexp_matches(v, '{_ODD}')), "
            f"count(*) FILTER (regexp_matches(v, '{lookalikes.SUSPECT}')), "
            f"coalesce(sum(n) FILTER (regexp_matches(v, '^{_SPACE}|{_SPACE}$')), 0) "
            f"FROM ({facts.counted(fact)})"
        )[0]
        yield from _characters(facts, fact, odd, foreign)
        # Where many have space around them, it is how the file is written.
        if 0 < spaced <= 0.1 * fact.filled:
            yield name, _space(facts, fact)
        if fact.column.type == "string" or fact.column.physical_type == "VARCHAR":
            yield name, _rare_form(facts, fact)
        if fact.column.type == "string" and fact.distinct > 1:
            yield name, _rare_case(facts, fact)


def _mistyped(facts: Facts, fact: Fact) -> str:
    kind = fact.column.type
    reason = literal(f"Nearly all values here are of type {kind}; this one is not.")
    cast = parsed(fact.column, fact.text)
    # One number with words or signs around it: that number.
    plain = f"regexp_extract({fact.text}, '{_ONE_NUMBER}', 1)"
    number = f"nullif({plain}, '')" if kind in ("integer", "number") else "NULL"
    return (
        f"SELECT __row, __line, {fact.text}, {reason}, {number} FROM {facts.cells} "
        f"WHERE {fact.present} AND ({cast}) IS NULL"
    )


def _characters(facts: Facts, fact: Fact, odd: int, foreign: int) -> Iterator[Query]:
    """Characters without width or meaning, those that stand for a byte that could not be read, and look-alikes."""
    name = fact.column.name
    if odd:
        plain = f"regexp_replace({fact.text}, '{_ODD}', '', 'g')"
        yield (
            name,
            (
                f"SELECT __row, __line, {fact.text}, 'It holds a character that cannot be seen or read.', "
                f"CASE WHEN NOT contains({fact.text}, chr(65533)) THEN {plain} END "
                f"FROM {facts.cells} WHERE {fact.present} AND regexp_matches({fact.text}, '{_ODD}')"
            ),
        )
    if not foreign:
        return
    texts = facts.ask(
        f"SELECT DISTINCT {fact.text} FROM {facts.cells} WHERE {fact.present} "
        f"AND regexp_matches({fact.text}, '{lookalikes.SUSPECT}') LIMIT 20000"
    )
    meant = lookalikes.mended(text for (text,) in texts)
    if meant:
        old, new = (", ".join(map(literal, part)) for part in (meant, meant.values()))
        yield (
            name,
            (
                f"SELECT c.__row, c.__line, c.{fact.text}, 'Some letters are of another script.', m.new "
                f"FROM {facts.cells} c JOIN (SELECT unnest([{old}]) AS old, unnest([{new}]) AS new) m "
                f"ON c.{fact.text} = m.old"
            ),
        )


def _space(facts: Facts, fact: Fact) -> str:
    """Space around a value where most have none."""
    odd = f"regexp_matches({fact.text}, '^{_SPACE}|{_SPACE}$')"
    tidy = f"regexp_replace({fact.text}, '^{_SPACE}+|{_SPACE}+$', '', 'g')"
    return f"""SELECT __row, __line, {fact.text}, 'There is space around it.', {tidy} FROM {facts.cells}
        WHERE {fact.present} AND {odd}"""


def _rare_form(facts: Facts, fact: Fact) -> str:
    """Values written in a form that is rare where others are usual.

    Words alone are no form: that a name has three words among names of two says nothing.
    """
    # Each different value once: a column of few values is read in no time, however many rows there are.
    return f"""WITH s AS (SELECT v, n, {SKELETON} AS s FROM ({facts.counted(fact)})),
        c AS (SELECT s, sum(n) AS n FROM s GROUP BY 1),
        known AS (SELECT max(n) AS most, coalesce(sum(n) FILTER (n >= {COMMON * fact.filled!r}), 0) AS covered,
            bool_or(contains(s, '9')) FILTER (n >= {COMMON * fact.filled!r}) AS coded FROM c),
        odd AS (SELECT s.v FROM s JOIN c USING (s), known WHERE c.n < {RARE * fact.filled!r}
            AND (most > {USUAL * fact.filled!r} OR covered >= {COVERED * fact.filled!r})
            AND (coalesce(coded, FALSE) OR NOT regexp_full_match(s.s, '[a \\-.'']*a[a \\-.'']*')))
        SELECT __row, __line, {fact.text}, 'Hardly any other value here is written in this form.', NULL
        FROM {facts.cells} WHERE {fact.text} IN (SELECT v FROM odd)"""


def _rare_case(facts: Facts, fact: Fact) -> str:
    """Values in capitals, or without any, where nearly all others are written in another case."""
    letters = "regexp_matches(v, '\\pL{3}')"
    kind = "CASE WHEN v = upper(v) THEN 'capitals' WHEN v = lower(v) THEN 'small letters' ELSE 'mixed' END"
    return f"""WITH s AS (SELECT v, n, {kind} AS s FROM ({facts.counted(fact)}) WHERE {letters}),
        c AS (SELECT s, sum(n) AS n FROM s GROUP BY 1),
        most AS (SELECT arg_max(s, n) AS usual, max(n) AS m, sum(n) AS every FROM c),
        odd AS (SELECT s.v, usual FROM s JOIN c USING (s), most WHERE s.s <> usual AND c.n <= {RARE!r} * every
            AND m >= 0.97 * every AND (usual <> 'mixed' OR length(s.v) > 4) AND every >= 20)
        SELECT __row, __line, {fact.text}, 'Nearly all others here are written in ' || usual || '.',
            CASE usual WHEN 'capitals' THEN upper(v) WHEN 'small letters' THEN lower(v) END
        FROM {facts.cells} JOIN odd ON {fact.text} = odd.v"""
