"""Which shift explains a row: from a place on, its cells fit the columns beside them, and not those they stand in.

A row is shifted to the right by `k` from a place on where `k` empty cells stand there and all after them fit `k`
columns to the left; to the left where it ends in `k` empty cells and all from the place on fit `k` columns to the
right. What lies before the place fits as it stands. Where two places, or two shifts, would do, it is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.alignment.fits import Fit

#: Columns off at most.
MOST = 3
#: What speaks for a shift: cells that do not fit where they stand, and empty cells where the column never has one.
EVIDENCE = 2
#: Tables of more columns are not looked at: a statement grows with them.
WIDEST = 150
HERE, BLANK, BY, FROM = (f"#{name}" for name in ("here", "blank", "by", "from"))
ODD = "#odd"
Tables = list[tuple[str, str]]


def fitting(relation: str, texts: Sequence[str], here: Sequence[str]) -> str:
    """SQL: the table with two lists: whether each cell fits where it stands (an empty one does), and is empty."""
    blanks = ", ".join(f"{text} IS NULL" for text in texts)
    return f"SELECT *,\n    [{', '.join(here)}] AS {ident(HERE)},\n    [{blanks}] AS {ident(BLANK)}\nFROM {relation}"


def odd(fits: Sequence[Fit]) -> str:
    """SQL: what must hold of a row that is shifted, asked before anything is tried; never NULL.

    Most cells that cannot be read stand alone in a row that is whole beside them, and nothing need be moved for those.
    """
    here, blank = ident(HERE), ident(BLANK)
    lost = ", ".join(f"{blank}[{at}]" for at, fit in enumerate(fits, 1) if fit.filled)
    hole = f"CAST(list_contains([{lost}], TRUE) AS INTEGER)" if lost else "0"
    evidence = f"len(list_filter({here}, lambda _fits_: NOT _fits_)) + {hole} >= {EVIDENCE}"
    some = f"list_contains({here}, FALSE) AND list_contains({blank}, TRUE)"
    return f"CASE WHEN {some} THEN {evidence} ELSE FALSE END"


def stages(relation: str, texts: Sequence[str], fits: Sequence[Fit], steps: Sequence[int]) -> tuple[Tables, str]:
    """Common table expressions that add `#by` (columns off, to the right positive; NULL: none) and `#from` (the place).

    Args:
        relation: The table with what `fitting` adds, as it stands in a FROM clause.
        texts: SQL of each cell's text; NULL where it is empty.
        fits: What the columns' values look like.
        steps: The shifts to look for: 1 (to the right by one), -1, 2, ...

    Returns:
        (name, SQL) in order, and the identifier of the last one.
    """
    width = len(texts)
    tables: Tables = []
    last = relation

    def add(name: str, *fields: str) -> None:
        nonlocal last
        tables.append((f"#{name}", f"SELECT *,\n    {(',' + chr(10) + '    ').join(fields)}\nFROM {last}"))
        last = ident(f"#{name}")

    steps = [step for step in steps if abs(step) < width]
    add("odd", f"{odd(fits)} AS {ident(ODD)}")
    add("beside", f"list_position({ident(HERE)}, FALSE) AS {_name('first', 0)}",
        *(f"CASE WHEN {ident(ODD)} THEN {_moved(texts, fits, step)} END AS {_name('moved', step)}"
          for step in steps))  # fmt: skip
    add("ranges", *(f"{_least(step, width)} AS {_name('least', step)}" for step in steps))
    add("places", *(f"{_place(step, width)} AS {_name('place', step)}" for step in steps))
    add("weighed", *(f"{_holds(step, fits)} AS {_name('holds', step)}" for step in steps))
    held = ", ".join(f"CAST({_name('holds', step)} AS INTEGER)" for step in steps)
    one = f"list_sum([{held}]) = 1"
    chosen = {
        part: " ".join(f"WHEN {_name('holds', step)} THEN {what.format(_name('place', step), step)}" for step in steps)
        for part, what in ((BY, "{1}"), (FROM, "{0}"))
    }
    add("shifts", *(f"CASE WHEN {one} THEN CASE {cases} END END AS {ident(part)}" if steps else
                    f"NULL::BIGINT AS {ident(part)}" for part, cases in chosen.items()))  # fmt: skip
    return tables, last


def helpers(steps: Sequence[int], width: int) -> list[str]:
    """All columns that `fitting` and `stages` add."""
    steps = [step for step in steps if abs(step) < width]
    parts = ("moved", "least", "place", "holds")
    return [HERE, BLANK, ODD, BY, FROM, "#first 0", *(f"#{part} {step}" for part in parts for step in steps)]


def _name(part: str, step: int) -> str:
    return ident(f"#{part} {step}")


def _moved(texts: Sequence[str], fits: Sequence[Fit], step: int) -> str:
    """SQL: whether each cell is empty or fits the column that it would be moved to; TRUE where there is none."""
    width = len(texts)
    tests = []
    for at, text in enumerate(texts):
        target = at - step
        test = fits[target].test(text) if 0 <= target < width else "TRUE"
        tests.append("TRUE" if test == "TRUE" else f"({text} IS NULL OR {test})")
    return f"[{', '.join(tests)}]"


def _least(step: int, width: int) -> str:
    """SQL: the first place that a shift can begin at, for all that comes after it to fit; 1-based."""
    moved = f"list_reverse({_name('moved', step)})"
    last_bad = f"coalesce({width + 1} - nullif(list_position({moved}, FALSE), 0), 0)"
    return f"greatest({last_bad} - {step - 1}, 1)" if step > 0 else f"{last_bad} + 1"


def _place(step: int, width: int) -> str:
    """SQL: the place that a shift begins at; NULL where there is none, or no telling which."""
    first, least, blank = _name("first", 0), _name("least", step), ident(BLANK)
    if step < 0:
        between = f"list_bool_and({blank}[{least}:{first} - 1])"
        ends = f"list_bool_and({blank}[{width + step + 1}:{width}])"
        can = f"{first} <= {width + step} AND {least} <= {first} AND {ends}"
        return f"CASE WHEN {can} AND ({least} = {first} OR {between}) THEN {first} END"
    holes = (
        f"list_filter(range({least}, least({first}, {width - step}) + 1), "
        f"lambda _spot_: list_bool_and({blank}[_spot_:_spot_ + {step - 1}]))"
    )
    return (
        f"CASE WHEN {least} <= {first} AND {_name('moved', step)} IS NOT NULL THEN list_extract(list_filter([{holes}], "
        f"lambda _spot_: len(_spot_) > 0 AND list_bool_and({blank}[_spot_[1]:_spot_[-1] + {step - 1}])), 1)[1] END"
    )


def _holds(step: int, fits: Sequence[Fit]) -> str:
    """SQL: whether enough speaks for the shift."""
    width, place, here = len(fits), _name("place", step), ident(HERE)
    strange = f"len(list_filter({here}, lambda _fits_: NOT _fits_))"
    # Misfits are worth what the columns are that they fit in turn.
    telling = ", ".join(str(0 <= at - step < width and fits[at - step].telling).upper() for at in range(width))
    misfits = f"list_transform(list_zip({here}, [{telling}]), lambda _each_: NOT _each_[1] AND _each_[2])"
    told = f"list_contains({misfits}, TRUE)"
    if step > 0:
        filled = ", ".join(str(fit.filled).upper() for fit in fits)
        empty = f"CAST(list_extract([{filled}], {place}) AS INTEGER)"
    else:
        empty = "1" if any(fit.filled for fit in fits[step:]) else "0"
    return f"coalesce({place} IS NOT NULL AND {told} AND {strange} + {empty} >= {EVIDENCE}, FALSE)"
