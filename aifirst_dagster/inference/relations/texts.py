"""Texts that follow from other texts: copies, the same but for case, put together, parts of one, first letters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.inference.relations.found import Claim
from aifirst_dagster.inference.relations.look import MOMENTS, NUMERIC, Look

#: Text columns that take part, the first ones; rows that all have to agree; different values that there must be.
COLUMNS, FIRST, VALUES = 24, 30, 4
_SEPARATORS = ("@", " ", "-", "_", "/", ".", ",", ":", "|", ", ", " - ")


def claims(look: Look) -> Iterator[Claim]:
    """What the look's first rows say of every two or three of its columns."""
    able = [at for at in range(len(look.columns)) if len(set(look.texts[at]) - {""}) >= VALUES][:COLUMNS]
    for out in able:
        if (found := next(_of(look, out, [at for at in able if at != out]), None)) is not None:
            yield found


def _of(look: Look, out: int, others: list[int]) -> Iterator[Claim]:
    name = look.columns[out].name
    for a in others:
        other = look.columns[a].name
        if a < out and _agrees(look, (a, out), lambda x, y: x == y):
            yield Claim((other, name), "copy", f"{_text(a)} = {_text(out)}", f"{name} is a copy of {other}")
    if look.columns[out].type in NUMERIC | MOMENTS:
        return
    for a in others:
        other = look.columns[a].name
        if a < out and _agrees(look, (a, out), lambda x, y: x.casefold() == y.casefold()):
            test = f"lower({_text(a)}) = lower({_text(out)})"
            yield Claim((other, name), "same_text", test, f"{name} is {other} but for upper and lower case")
    yield from _joined(look, out, others)
    lengths = {len(text) for text in look.texts[out] if text}
    for a in others:
        yield from _piece(look, a, out)
        size = min(lengths) if len(lengths) == 1 else 0
        if size and _agrees(look, (a, out), str.startswith):
            test = f"left({_text(a)}, {size}) = {_text(out)}"
            told = f"{name} is the first {size} characters of {look.columns[a].name}"
            yield Claim((look.columns[a].name, name), "prefix", test, told)


def _joined(look: Look, out: int, others: list[int]) -> Iterator[Claim]:
    """`out` is two others with the same signs between them."""
    rows = [at for at in range(look.rows) if look.texts[out][at]][:FIRST]
    if len(rows) < VALUES:
        return
    starts = [a for a in others if all(_starts(look, out, a, at) for at in rows)]
    ends = [b for b in others if all(_ends(look, out, b, at) for at in rows)]
    for a, b in itertools.product(starts, ends):
        if a == b:
            continue
        between = {
            look.texts[out][at][len(look.texts[a][at]) : len(look.texts[out][at]) - len(look.texts[b][at])]
            for at in rows
            if len(look.texts[a][at]) + len(look.texts[b][at]) <= len(look.texts[out][at])
        }
        if len(between) == 1 and (sign := between.pop()) is not None and not any(map(str.isalnum, sign)):
            names = (look.columns[a].name, look.columns[b].name, look.columns[out].name)
            test = f"{_text(a)} || {literal(sign)} || {_text(b)} = {_text(out)}"
            shown = f" with {sign!r} between them" if sign else ""
            yield Claim(names, "concatenation", test, f"{names[2]} is {names[0]} and {names[1]}{shown}")


def _piece(look: Look, a: int, out: int) -> Iterator[Claim]:
    """`out` is what stands before or after a sign in `a`."""
    names = (look.columns[a].name, look.columns[out].name)
    some = next((text for text in look.texts[a] if text), "")
    for sign in _SEPARATORS:
        if sign not in some:
            continue
        for first in (True, False):

            def part(text: str, sign: str = sign, first: bool = first) -> str:
                pieces = text.split(sign)
                return (pieces[0] if first else pieces[-1]).strip()

            if _agrees(look, (a, out), lambda x, y, part=part, sign=sign: sign in x and part(x) == y):
                test = f"trim(split_part({_text(a)}, {literal(sign)}, {1 if first else -1})) = {_text(out)}"
                where = "before the first" if first else "after the last"
                yield Claim(names, "part", test, f"{names[1]} is what stands {where} {sign!r} in {names[0]}")


def _agrees(look: Look, places: tuple[int, ...], test: Callable[..., bool]) -> bool:
    """Whether all of the first rows with both texts agree, with enough different texts to mean it."""
    seen: set[str] = set()
    rows = 0
    for row in zip(*(look.texts[at] for at in places), strict=True):
        if "" in row:
            continue
        if not test(*row):
            return False
        seen.add(row[-1])
        rows += 1
        if rows >= FIRST and len(seen) >= VALUES:
            break
    return len(seen) >= VALUES and rows >= VALUES


def _starts(look: Look, out: int, a: int, at: int) -> bool:
    return bool(look.texts[a][at]) and look.texts[out][at].startswith(look.texts[a][at])


def _ends(look: Look, out: int, b: int, at: int) -> bool:
    return bool(look.texts[b][at]) and look.texts[out][at].endswith(look.texts[b][at])


def _text(at: int) -> str:
    """SQL: the column's text; `r0`, `r1`, ... are the cells as they stand."""
    return f"r{at}"
