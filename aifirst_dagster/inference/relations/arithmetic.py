"""Numbers that follow from other numbers: sums, differences, products, ratios, factors, straight lines."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from aifirst_dagster.inference.relations.found import Claim
from aifirst_dagster.inference.relations.look import Look

#: Numeric columns that take part, the first ones; terms of a sum at most.
COLUMNS, TERMS = 14, 8
#: Rows that a line is drawn through; rows that have to agree before a claim is made; the least that there must be.
ROWS, FIRST, LEAST = 200, 40, 8
#: A result that varies by less than so many times its own rounding would agree with anything.
SPREAD = 20


def claims(look: Look) -> Iterator[Claim]:
    """What the look's first rows say of every two or three of its numeric columns."""
    able = [at for at, column in enumerate(look.columns) if column.type in {"integer", "number"} and _varies(look, at)]
    able = able[:COLUMNS]
    rounding = {at: _rounding(look, at) for at in able}
    taken: set[int] = set()
    for out in reversed(able):
        found = next(_of(look, out, [at for at in able if at != out and at not in taken], rounding), None)
        if found:
            taken.add(out)
            yield found


def _varies(look: Look, at: int) -> bool:
    return len({value for value in look.values[at] if value is not None}) >= 4


def _rounding(look: Look, at: int) -> float:
    """Half a unit of the last decimal that the column writes, at its longest."""
    places = 0
    for text in look.texts[at][:200]:
        if "." in text or "," in text:
            places = max(places, len(re.split(r"[.,]", text)[-1].rstrip("%€$£ )")))
    return 0.501 * 10.0 ** -min(places, 12)


def _of(look: Look, out: int, others: list[int], roundings: dict[int, float]) -> Iterator[Claim]:
    """Claims that `out` follows from `others`, the simplest first."""
    rounding = roundings[out]
    values = [value for value in look.values[out] if value is not None]
    if max(values) - min(values) < SPREAD * rounding:
        return
    for a in (at for at in others if at < out):  # a line can be read both ways
        yield from _line(look, a, out, rounding, roundings[a])
    for a, b in itertools.combinations(others, 2):
        yield from _pair(look, a, b, out, rounding)
    for terms in _windows(others, out):
        test = f"abs({' + '.join(f't{at}' for at in terms)} - t{out}) <= {_slack(len(terms) * rounding, out)}"
        if _agrees(look, (*terms, out), lambda *v: sum(v[:-1]), rounding * len(terms)):
            names = [look.columns[at].name for at in terms]
            yield Claim((*names, _name(look, out)), "sum", test, f"{_name(look, out)} = {' + '.join(names)}")


def _windows(others: list[int], out: int) -> Iterator[list[int]]:
    """Runs of three and more columns that end right before `out`, or begin right after it."""
    before = [at for at in others if at < out]
    after = [at for at in others if at > out]
    for size in range(3, TERMS + 1):
        if len(before) >= size:
            yield before[-size:]
        if len(after) >= size:
            yield after[:size]


def _line(look: Look, a: int, out: int, rounding: float, other: float) -> Iterator[Claim]:
    """`out` = k a + c, with k and c from the two rows that lie farthest apart."""
    pairs = {
        (x, y)
        for x, y in zip(look.values[a][:ROWS], look.values[out][:ROWS], strict=True)
        if x is not None and y is not None
    }
    if len(pairs) < LEAST:
        return
    (low, first), (high, last) = min(pairs), max(pairs)
    # A coarser result would agree with many a line: it is a class of the other, not a measure in other units.
    if low == high or len({y for _, y in pairs}) < 0.8 * len({x for x, _ in pairs}):
        return
    far, there = (high, last) if abs(high) >= abs(low) else (low, first)
    k = (last - first) / (high - low)
    for slope, start in ((_round(there / far), 0.0), (_round(k), _round(first - k * low))):
        # What is left of a division is no constant.
        c = 0.0 if abs(start) <= 1e-9 * max(abs(first), abs(last)) else start
        if abs(slope) < 1e-12:
            continue
        slack = rounding + abs(slope) * other * (0 if slope == int(slope) else 1)
        if _agrees(look, (a, out), lambda x, _, m=slope, n=c: m * x + n, slack):
            yield from _straight(look, a, out, slope, c, slack)
            return


def _straight(look: Look, a: int, out: int, k: float, c: float, slack: float) -> Iterator[Claim]:
    """The claim that `out` = k a + c."""
    names = (_name(look, a), _name(look, out))
    test = f"abs({k!r} * t{a} + {c!r} - t{out}) <= {_slack(slack, out)}"
    if k == 1 and c == 0:
        if look.texts[a] != look.texts[out]:
            yield Claim(names, "copy", test, f"{names[1]} holds the numbers of {names[0]}")
    elif c == 0:
        yield Claim(names, "factor", test, f"{names[1]} = {k:.10g} × {names[0]}")
    else:
        times = "" if k == 1 else f"{k:.10g} × "
        told = f"{names[1]} = {times}{names[0]} {'+' if c > 0 else '−'} {abs(c):.10g}"
        yield Claim(names, "linear", test, told)


def _pair(look: Look, a: int, b: int, out: int, rounding: float) -> Iterator[Claim]:
    first, second, name = _name(look, a), _name(look, b), _name(look, out)
    at = (a, b, out)
    if _agrees(look, at, lambda x, y, _: x + y, 2 * rounding, both=True):
        test = f"CASE WHEN t{a} <> 0 OR t{b} <> 0 THEN abs(t{a} + t{b} - t{out}) <= {_slack(2 * rounding, out)} END"
        yield Claim((first, second, name), "sum", test, f"{name} = {first} + {second}")
    for x, y in ((a, b), (b, a)):
        if _agrees(look, (x, y, out), lambda p, q, _: p - q, 2 * rounding, both=True):
            names = (_name(look, x), _name(look, y), name)
            test = f"CASE WHEN t{x} <> 0 OR t{y} <> 0 THEN abs(t{x} - t{y} - t{out}) <= {_slack(2 * rounding, out)} END"
            yield Claim(names, "difference", test, f"{name} = {names[0]} − {names[1]}")
    if _agrees(look, at, lambda x, y, _: x * y, rounding, both=True):
        test = f"CASE WHEN t{out} <> 0 THEN abs(t{a} * t{b} - t{out}) <= {_slack(rounding, out)} END"
        yield Claim((first, second, name), "product", test, f"{name} = {first} × {second}")
    for (x, y), scale in itertools.product(((a, b), (b, a)), (1.0, 100.0)):
        if _agrees(look, (x, y, out), lambda p, q, _, s=scale: s * p / q if q else None, rounding, both=True):
            names = (_name(look, x), _name(look, y), name)
            test = f"CASE WHEN t{y} <> 0 THEN abs({scale!r} * t{x} / t{y} - t{out}) <= {_slack(rounding, out)} END"
            hundred = " × 100" if scale != 1 else ""
            yield Claim(names, "ratio", test, f"{name} = {names[0]} / {names[1]}{hundred}")


def _agrees(
    look: Look, places: tuple[int, ...], make: Callable[..., float | None], slack: float, both: bool = False
) -> bool:
    """Whether all of the first rows with every value agree, and enough of them say something."""
    seen = telling = wrong = 0
    for row in zip(*(look.values[at] for at in places), strict=True):
        if None in row:
            continue
        made, wanted = make(*row), row[-1]
        if made is None:
            continue
        seen += 1
        if abs(made - wanted) > slack + 1e-9 * abs(wanted):
            wrong += 1
            if wrong > 1 + seen // 50:
                return False
        # What adds nothing and multiplies by one agrees with a mere copy.
        telling += not both or all(value not in (0, 1) for value in row)
        if seen >= FIRST and telling >= LEAST:
            break
    return telling >= LEAST and wrong <= 0.03 * seen


def _slack(slack: float, out: int) -> str:
    return f"{slack!r} + 1e-9 * abs(t{out})"


def _round(value: float) -> float:
    """`value` at the eleven digits that mean something."""
    return float(f"{value:.11g}")


def _name(look: Look, at: int) -> str:
    return look.columns[at].name
