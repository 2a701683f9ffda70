"""Columns that could be made of others: parts of names, dates and texts, and several columns put together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.matching.facts import Facts
from aifirst_dagster.inference.matching.kinds import kind
from aifirst_dagster.inference.matching.names import words
from aifirst_dagster.inference.schema import FieldType

#: Signs that texts are joined by, the surest first.
SEPARATORS = (" | ", "; ", ";", "|", ", ", ",", " - ", " / ", "/", "_", ":", "-")
#: A column is taken apart where this share of its values comes apart alike, into so many parts at most.
APART, PARTS = 0.95, 5


@dataclass(frozen=True)
class Virtual:
    """A column that does not stand in the source, but can be made.

    Attributes:
        name: What it would be called.
        sources: Names of the columns that it is made of.
        expression: Scalar SQL over them.
        type: What it gives.
        whole: What it belongs to: parts of one whole are used together. "" for what stands alone.
        how: In words.
        by_name: Its name is known, not made up: the name alone may say what it is.
    """

    name: str
    sources: tuple[str, ...]
    expression: str
    type: FieldType
    whole: str
    how: str
    by_name: bool = True


def parts(facts: Facts) -> Iterator[Virtual]:
    """What one column can be taken apart into."""
    mine, name, said = kind(facts), ident(facts.name), words(facts.name)
    base = " ".join(word for word in said if word not in ("date", "datetime", "time", "timestamp", "at", "on"))
    if facts.column.type in ("date", "datetime"):
        for part in ("year", "month", "day"):
            yield Virtual(f"{base} {part}", (facts.name,), f"{part}({name})", "integer", "", f"{part} of the date")
        if facts.column.type == "datetime":
            for part, type_ in (("date", "DATE"), ("time", "TIME")):
                made = f"CAST({name} AS {type_})"
                kept: FieldType = "date" if part == "date" else "time"
                yield Virtual(f"{base} {part}", (facts.name,), made, kept, "", f"its {part}")
    elif mine in ("text", "category") and facts.column.type == "string":
        yield from _person(facts)
        yield from _money(facts)
        yield from _pieces(facts)


def _person(facts: Facts) -> Iterator[Virtual]:
    """First and last name of a person's whole name."""
    said, name = set(words(facts.name)), ident(facts.name)
    meant = facts.column.semantic_type in ("person_name", "person", "full_name", "name")
    if not (meant or "name" in said) or said & {"first", "last", "company", "file", "product"}:
        return
    text = f"trim({name})"
    if _share(facts, r"[^,\d]+,\s*[^,\d]+") >= 0.9:
        first, last = f"trim(split_part({text}, ',', 2))", f"trim(split_part({text}, ',', 1))"
    elif _share(facts, r"[^\d,]*\S\s+\S[^\d,]*") >= 0.9:
        first = f"regexp_extract({text}, '^(.*\\S)\\s+\\S+$', 1)"
        last = f"regexp_extract({text}, '(\\S+)$', 1)"
    else:
        return
    whole = f"{facts.name}\0person"
    yield Virtual("first name", (facts.name,), first, "string", whole, "what stands before the last name")
    yield Virtual("last name", (facts.name,), last, "string", whole, "the last word of the name")


def _money(facts: Facts) -> Iterator[Virtual]:
    """An amount and its currency, or a number and its unit, from "12.50 EUR"."""
    if _share(facts, r"\s*[+-]?[\d,]+(\.\d+)?\s*[A-Za-z]{1,5}\s*") < APART:
        return
    name, whole = ident(facts.name), f"{facts.name}\0money"
    number = f"TRY_CAST(replace(regexp_extract({name}, '[-+]?[\\d,]+(\\.\\d+)?'), ',', '') AS DOUBLE)"
    base = " ".join(words(facts.name))
    yield Virtual(base, (facts.name,), number, "number", whole, "the number")
    yield Virtual("currency", (facts.name,), f"regexp_extract({name}, '([A-Za-z]+)\\s*$', 1)", "string", whole,
                  "the letters behind the number")  # fmt: skip


def _pieces(facts: Facts) -> Iterator[Virtual]:
    """Pieces between separators, where nearly all values have as many."""
    texts = list(facts.values)[:300]
    if len(texts) < 3:
        return
    for separator in SEPARATORS:
        counts = sorted(text.count(separator) for text in texts)
        usual = counts[len(counts) // 2]
        if 1 <= usual < PARTS and counts.count(usual) >= APART * len(counts):
            for at in range(usual + 1):
                made = f"trim(split_part({ident(facts.name)}, {literal(separator)}, {at + 1}))"
                yield Virtual(f"{facts.name} {at + 1}", (facts.name,), made, "string", f"{facts.name}\0{separator}",
                              f"piece {at + 1} at {separator!r}", by_name=False)  # fmt: skip
            return


def joins(facts: Sequence[Facts]) -> Iterator[Virtual]:
    """What several columns can be put together to."""
    roles = {frozenset(words(one.name)): one for one in facts}
    yield from _whole_name(facts)
    for one in facts:
        said = words(one.name)
        if not said or said[-1] != "year" or kind(one) != "number":
            continue
        base = set(said[:-1])
        month, day = (roles.get(frozenset({*base, part})) for part in ("month", "day"))
        if month and day and kind(month) == kind(day) == "number":
            made = (
                f"TRY_CAST(format('{{}}-{{}}-{{}}', {ident(one.name)}, {ident(month.name)}, {ident(day.name)}) AS DATE)"
            )
            yield Virtual(" ".join([*said[:-1], "date"]), (one.name, month.name, day.name), made, "date", "",
                          "year, month and day put together")  # fmt: skip
    yield from _moment(facts)
    yield from _sums(facts)


def _whole_name(facts: Sequence[Facts]) -> Iterator[Virtual]:
    found: dict[str, Facts] = {}
    for one in facts:
        said = words(one.name)
        for part in ("first", "middle", "last"):
            if part in said and "name" in said and kind(one) in ("text", "category", "any"):
                found.setdefault(part, one)
    if "first" in found and "last" in found:
        used = [found[part] for part in ("first", "middle", "last") if part in found]
        made = f"trim(concat_ws(' ', {', '.join(ident(one.name) for one in used)}))"
        base = [word for word in words(found["first"].name) if word not in ("first", "name")]
        yield Virtual(" ".join([*base, "full", "name"]), tuple(one.name for one in used), made, "string", "",
                      "the names put together")  # fmt: skip


def _moment(facts: Sequence[Facts]) -> Iterator[Virtual]:
    """A date and a time of day."""
    dates = [one for one in facts if one.column.type == "date"]
    times = [one for one in facts if one.column.type == "time"]
    for date in dates:
        base = [word for word in words(date.name) if word != "date"]
        for time in times:
            if set(base) == set(words(time.name)) - {"time"}:
                made = f"{ident(date.name)} + {ident(time.name)}"
                yield Virtual(" ".join([*base, "date", "time"]), (date.name, time.name), made, "datetime", "",
                              "date and time put together")  # fmt: skip


def _sums(facts: Sequence[Facts]) -> Iterator[Virtual]:
    """An amount with its currency: "12.5 EUR"."""
    named = [one for one in facts if {"currency", "ccy", "curr"} & set(words(one.name))]
    for currency in named[:1]:
        for amount in facts:
            if amount.column.type in ("number", "integer") and _amount(amount.name):
                made = f"concat_ws(' ', CAST({ident(amount.name)} AS VARCHAR), {ident(currency.name)})"
                yield Virtual(f"{' '.join(words(amount.name))} currency", (amount.name, currency.name), made, "string",
                              "", "the amount with its currency")  # fmt: skip


def _amount(name: str) -> bool:
    return bool(set(words(name)) & {"amount", "amt", "price", "total", "sum", "cost", "value", "fee", "salary"})


def _share(facts: Facts, pattern: str) -> float:
    """The share of a column's kept values that `pattern` matches as a whole."""
    texts = list(facts.values)[:300]
    return sum(re.fullmatch(pattern, text.strip()) is not None for text in texts) / len(texts) if texts else 0.0
