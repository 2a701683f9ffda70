"""Types, formats, null tokens and meanings of a table's columns: proposed from a sample, then tested on every row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference import casts, keys, names, sampling, types
from aifirst_dagster.inference.sampling import ColumnSample
from aifirst_dagster.inference.schema import Column, Evidence, FieldType

if TYPE_CHECKING:
    import duckdb

#: A closed set has at most this many values, and each is seen this often on average.
CLOSED_SET, CLOSED_SET_REPEATS = 40, 4
#: Columns that the file itself gives a type, looked at for keys: the first ones.
NATIVE_KEYS = 40
#: A share of failed cells above which a column is looked at again, in rows from everywhere in the table.
SECOND_LOOK = 0.01
#: Columns measured in one scan: planning a statement over 500 takes longer than several scans, and gigabytes.
AT_ONCE = 80


@dataclass(frozen=True)
class _Seen:
    """What all rows say of a column: cells with text, those that are not read, those of them that stand for a value.

    `values` are those of a closed set; `span` is from the least to the greatest whole number of a column of such.
    """

    texts: int
    unread: int
    failed: int
    values: list[str] | None
    span: list[int | None] | None

    def could_be_key(self, rows: int) -> bool:
        """Whether there may be another text in each of the `rows` (one may have none), and none fails."""
        return rows > 0 and self.texts >= rows - 1 and not self.failed


def propose(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    native: Mapping[str, str] | None = None,
    sample_rows: int = 20_000,
) -> list[Column]:
    """What each column seems to be, judged by the first `sample_rows` rows.

    Args:
        con: The session that `relation` lives in.
        relation: Columns as VARCHAR; native ones typed.
        columns: The columns to look at, in order.
        native: Columns whose type the file itself says (JSON, Parquet), with their DuckDB types.
    """
    native = native or {}
    table = sampling.take(con, relation, columns, sample_rows)
    try:
        return from_sample(con, table, columns, native)
    finally:
        con.execute(f"DROP TABLE {table}")


def from_sample(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], native: Mapping[str, str]
) -> list[Column]:
    """As `propose`, on a sample that is in memory already."""
    from aifirst_dagster.inference import semantics

    texts = [column for column in columns if native.get(column, "VARCHAR") == "VARCHAR"]
    samples = {sample.name: sample for sample in sampling.look(con, table, texts)}
    guesses = {name: types.decide(sample) for name, sample in samples.items()}
    if (day_first := _day_first(guesses)) is not None:
        for name, guess in guesses.items():
            if guess.type in {"date", "datetime"} and guess.confidence < 0.8:
                guesses[name] = types.decide(samples[name], day_first)
    alone = _alone(con, table, [name for name in columns if name not in samples], native)
    proposed = []
    for name, standard in zip(columns, names.standardise(columns), strict=True):
        if name in samples:
            column = _column(name, standard, samples[name], guesses[name])
            proposed.append(semantics.describe(column, samples[name]))
        else:
            proposed.append(semantics.describe(_native_column(name, standard, native[name], name in alone), None))
    return proposed


def verify(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[Column]:
    """The columns with what all rows say: evidence, nullability, uniqueness, closed sets, confidence.

    One scan; a second one over the columns that many cells of contradict, with their type decided anew.
    """
    checked = _scan(con, relation, columns)
    again = [at for at, column in enumerate(checked) if _doubtful(column, columns[at].evidence)]
    decided = dict(zip(again, _reconsider(con, relation, [checked[at] for at in again]), strict=True)) if again else {}
    # What would be read just as it was needs no second scan.
    again = [at for at in again if casts.parsed(decided[at], "x") != casts.parsed(checked[at], "x")]
    if again:
        revised = _scan(con, relation, [decided[at] for at in again])
        for at, column in zip(again, revised, strict=True):
            if column.type == "string" or column.evidence.failed < checked[at].evidence.failed:
                checked[at] = column
    return checked


def evidence(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[Column]:
    """The columns exactly as described, with what all rows say of them now; nothing is decided anew."""
    plain = [column.model_copy(update={"unique": False, "values": None}) for column in columns]
    seen = _scan(con, relation, plain)
    return [
        column.model_copy(update={"evidence": new.evidence, "nullable": new.nullable})
        for column, new in zip(columns, seen, strict=True)
    ]


def _day_first(guesses: Mapping[str, types.Typed]) -> bool | None:
    """Whether the table's plain dates write the day first; None where there are none, or both kinds."""
    orders = {
        form.startswith("%d")
        for guess in guesses.values()
        if guess.type in {"date", "datetime"} and guess.confidence >= 0.9 and not guess.formats_seen
        for form in [guess.format]
        if form.startswith(("%d", "%m")) and "%b" not in form.lower()
    }
    return orders.pop() if len(orders) == 1 else None


def _column(name: str, standard: str, sample: ColumnSample, guess: types.Typed) -> Column:
    parsed = round(guess.share * sample.cells)
    return Column(
        name=standard, source_name=name, type=guess.type, format=guess.format, physical_type=guess.physical_type,
        nullable=sample.blanks > 0 or bool(guess.null_tokens), null_tokens=guess.null_tokens,
        unique=sample.cells > 0 and sample.blanks == 0 and sample.distinct == sample.cells,
        values=_closed_set(sample, guess), unit=guess.unit, confidence=round(guess.confidence * guess.share, 4),
        evidence=Evidence(parsed=parsed, failed=sample.cells - parsed, nulls=sample.blanks),
        number_style=guess.number_style, formats_seen=guess.formats_seen, units_seen=guess.units_seen,
        date_words=guess.date_words,
        description=guess.note,
    )  # fmt: skip


def _closed_set(sample: ColumnSample, guess: types.Typed) -> list[str] | None:
    """The values of a category column, sorted; None where new values are to be expected."""
    held = {text for text in sample.counts if text not in guess.null_tokens}
    few = 1 < len(held) <= CLOSED_SET and sample.distinct == len(sample.counts)
    if guess.type == "string" and few and sample.cells >= CLOSED_SET_REPEATS * len(held):
        return sorted(held) if max(map(len, held)) <= 60 else None
    return None


def _native_column(name: str, standard: str, physical: str, unique: bool) -> Column:
    return Column(
        name=standard, source_name=name, type=field_type(physical), physical_type=physical, native=True, unique=unique
    )


def _alone(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], native: Mapping[str, str]) -> set[str]:
    """The native columns of a sample that could be keys: a different value in every row."""
    able = [name for name in columns if field_type(native[name]) in {"integer", "string", "date"}][:NATIVE_KEYS]
    if not able:
        return set()
    counts = ", ".join(f"count(DISTINCT hash({ident(name)})), count({ident(name)})" for name in able)
    rows, *found = con.execute(f"SELECT count(*), {counts} FROM {table}").fetchall()[0]
    return {
        name
        for name, different, held in zip(able, found[::2], found[1::2], strict=True)
        if different == held == rows > 0
    }


def field_type(physical: str) -> FieldType:
    """The Table Schema type of a DuckDB type."""
    kind = physical.upper()
    if kind.endswith("]"):
        return "array"
    if kind.startswith(("STRUCT", "MAP", "JSON", "UNION")):
        return "object"
    if kind.startswith(("DECIMAL", "DOUBLE", "FLOAT", "REAL")):
        return "integer" if kind.endswith(",0)") else "number"
    if kind.startswith("TIMESTAMP"):
        return "datetime"
    if "INT" in kind and not kind.startswith("INTERVAL"):
        return "integer"
    plain: dict[str, FieldType] = {"BOOLEAN": "boolean", "DATE": "date", "TIME": "time", "INTERVAL": "duration"}
    return plain.get(kind, "string")


def _scan(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[Column]:
    """Every column's evidence over all rows: one scan of 80 columns, and a short one for what only some need."""
    if not columns:
        return []
    costly = [at for at, column in enumerate(columns) if _costly(column)]
    cheap = [at for at in range(len(columns)) if at not in costly]
    rows = 0
    able = keys.candidates(columns)
    found: dict[int, _Seen] = {}
    for start in range(0, len(cheap), AT_ONCE):
        rows, seen = _measured(con, relation, columns, cheap[start : start + AT_ONCE], able)
        found |= seen
    for at in costly:
        # Named so that no column of the table can hide it.
        name = columns[at].source_name
        times = "n" if name.lower() != "n" else "n_"
        texts = f"(SELECT {ident(name)}, count(*) AS {times} FROM {ident(relation)} GROUP BY 1)"
        rows, seen = _measured(con, texts, columns, [at], times=times)
        found |= seen
    # Apart from the scan of all columns, where counting what is distinct costs twice as much.
    asked = [at for at, column in enumerate(columns) if column.name in able and found[at].could_be_key(rows)]
    alone = keys.alone(con, relation, [(columns[at], found[at].span) for at in asked], rows)
    judged = []
    for at, column in enumerate(columns):
        seen_here = found[at]
        examples = _examples(con, relation, column) if seen_here.failed and not column.native else []
        judged.append(_judged(column, rows, seen_here, examples, column.name in alone))
    return judged


def _costly(column: Column) -> bool:
    """Whether reading a cell costs more than finding the column's different texts."""
    return not column.native and bool(column.formats_seen or column.units_seen or column.type == "duration")


def _examples(con: duckdb.DuckDBPyConnection, relation: str, column: Column) -> list[str]:
    """The first five texts that do not parse."""
    source = ident(column.source_name)
    inner = (
        f"SELECT {source} AS r, {casts.parsed(column, source)} AS t FROM {ident(relation)} WHERE {source} IS NOT NULL"
    )
    rows = con.execute(f"SELECT left(r, 200) FROM ({inner}) WHERE {_unread(column, 'r', 't')} = 1 LIMIT 5").fetchall()
    return [row[0] for row in rows]


def _unread(column: Column, text: str, value: str) -> str:
    """SQL: 1 for a text that does not parse, 0 for one that stands for no value, else NULL."""
    if not column.native and column.physical_type == "VARCHAR" and column.type == "string" and not column.number_style:
        # A blank text begins below the letters, or beyond them with a space of Unicode: few are looked at any closer.
        blank = f"CASE WHEN strlen({text}) < 9 AND trim({text}) = '' THEN 0 END"
        if not column.null_tokens:
            return f"CASE WHEN {text} < '!' OR {text} > '~' THEN {blank} END"
        tokens = ", ".join(map(literal, column.null_tokens))
        return f"CASE WHEN {text} IN ({tokens}) THEN 0 WHEN {text} < '!' OR {text} > '~' THEN {blank} END"
    tokens = ", ".join(literal(token) for token in ["", *column.null_tokens])
    blank = "TRUE" if column.native else f"{text} IN ({tokens}) OR trim({text}) = ''"
    return f"CASE WHEN {value} IS NULL AND {text} IS NOT NULL THEN CASE WHEN {blank} THEN 0 ELSE 1 END END"


def _measured(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], places: Sequence[int],
    able: Collection[str] = (), times: str = "1",
) -> tuple[int, dict[int, _Seen]]:  # fmt: skip
    """Rows, and what is seen of each of `places`.

    Args:
        able: Names of columns that may be keys: of whole numbers the span is measured, too.
        times: SQL: how many rows of the table a row of `relation` stands for.
    """
    inner, middle = ["0 AS z"] if times == "1" else [times], []
    wanted = ["count(*)" if times == "1" else f"coalesce(sum({times}), 0)::BIGINT"]
    for at in places:
        column, source = columns[at], ident(columns[at].source_name)
        reading = f"len(CAST({source} AS VARCHAR))" if column.native else casts.parsed(column, source)
        inner += [f"{source} AS r{at}", f"{reading} AS t{at}"]
        middle.append(f"{_unread(column, f'r{at}', f't{at}')} AS f{at}")
        if times == "1":
            wanted += [f"count(r{at})", f"count(f{at})", f"sum(f{at})"]
        else:
            wanted += [f"sum({times}) FILTER ({test})" for test in (f"r{at} IS NOT NULL", f"f{at} IS NOT NULL")]
            wanted.append(f"sum({times}) FILTER (f{at} = 1)")
        wanted.append(f"map_keys(histogram(r{at}))" if column.values is not None else "NULL")
        spans = column.name in able and not column.native and column.physical_type == "BIGINT"
        wanted.append(f"[min(t{at}), max(t{at})]" if spans else "NULL")
    listed = f"SELECT {', '.join(inner)} FROM {relation if times != '1' else ident(relation)}"
    sql = f"SELECT {', '.join(wanted)} FROM (SELECT {', '.join(['*', *middle])} FROM ({listed}))"
    rows, *found = con.execute(sql).fetchall()[0]
    parts = [found[start : start + 5] for start in range(0, len(found), 5)]
    return rows, {
        at: _Seen(int(texts or 0), int(unread or 0), int(failed or 0), values, span)
        for at, (texts, unread, failed, values, span) in zip(places, parts, strict=True)
    }


def _judged(column: Column, rows: int, seen: _Seen, examples: list[str], alone: bool) -> Column:
    failed, values = seen.failed, seen.values
    parsed = seen.texts - seen.unread
    share = parsed / (parsed + failed) if parsed + failed else 1.0
    before = column.evidence.parsed + column.evidence.failed
    sampled = column.evidence.parsed / before if before else 1.0
    closed = None
    if column.values is not None and values is not None:
        held = [value for value in values if value is not None and value.strip() and value not in column.null_tokens]
        closed = sorted(held) if len(held) <= CLOSED_SET else None
    evidence = Evidence(parsed=parsed, failed=failed, nulls=rows - parsed - failed, examples_failed=examples)
    sure = column.confidence / max(sampled, 0.01) * share if sampled > share else column.confidence
    return column.model_copy(update={
        "evidence": evidence,
        "nullable": parsed + failed < rows,
        "unique": alone,
        "values": closed,
        "confidence": round(sure, 4),
    })  # fmt: skip


def _doubtful(column: Column, sampled: Evidence) -> bool:
    """Whether all rows contradict the type more than the sample did."""
    evidence = column.evidence
    if column.native or not evidence.failed:
        return False
    cells, seen = evidence.parsed + evidence.failed, sampled.parsed + sampled.failed
    expected = sampled.failed / seen if seen else 0.0
    if evidence.failed / cells > 1.5 * expected + SECOND_LOOK:
        return True
    # A single number with a fraction among a million whole ones makes the column a number.
    return column.type in {"integer", "year"} and any(types.is_number(text) for text in evidence.examples_failed)


def _reconsider(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[Column]:
    """The columns decided anew, from rows drawn from everywhere."""
    wanted = ", ".join(ident(column.source_name) for column in columns)
    table = "aifirst_second_look"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {wanted} FROM {ident(relation)} "
        f"USING SAMPLE reservoir(20000 ROWS) REPEATABLE (7)"
    )
    try:
        samples = sampling.look(con, table, [column.source_name for column in columns])
    finally:
        con.execute(f"DROP TABLE {table}")
    decided = []
    for column, sample in zip(columns, samples, strict=True):
        extra = dict.fromkeys(column.evidence.examples_failed, 1)
        sample = ColumnSample(
            sample.name,
            {**extra, **sample.counts},
            sample.cells + len(extra),
            sample.blanks,
            sample.distinct,
            sample.in_order,
        )
        guess = types.decide(sample)
        if guess.type == "integer" and any(types.is_number(text) and not types.is_integer(text) for text in extra):
            guess = types.Typed("number", physical_type="DOUBLE", null_tokens=guess.null_tokens)
        fresh = _column(column.source_name, column.name, sample, guess)
        decided.append(
            fresh.model_copy(update={
                "semantic_type": column.semantic_type, "description": column.description,
                "null_tokens": sorted({*fresh.null_tokens, *column.null_tokens}),
            })
        )  # fmt: skip
    return decided
