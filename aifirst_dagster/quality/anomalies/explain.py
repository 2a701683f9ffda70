"""Groups in plain words, by templates: what was found, where, what is normal, and what to do about it."""

from __future__ import annotations

import math
from typing import Any

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies import factors
from aifirst_dagster.quality.anomalies.group import FOUND, Lot, score
from aifirst_dagster.quality.anomalies.model import Group, Remedy
from aifirst_dagster.quality.anomalies.table import TABLE, Table

#: Pairs of a mapping that a remedy carries, most.
MAPPING = 1_000


def word(table: Table, lot: Lot) -> Group:
    """The group, worded."""
    evidence = _evidence(table, lot)
    cause, text = _told(table, lot, evidence)
    surprise = lot.surprise + 0.5 * math.log10(max(lot.cells, 1))
    return Group(
        id=lot.id,
        kind=lot.kind,
        columns=[one.name for one in lot.fields],
        rows=lot.rows,
        cells=lot.cells,
        score=score(surprise),
        cause=cause + _where(lot),
        explanation=f"{text}{_where_told(lot)}",
        evidence=evidence,
        examples=lot.examples,
        remediation=_remedy(table, lot),
    )


def _evidence(table: Table, lot: Lot) -> dict[str, Any]:
    """Counts, what is normal, and what the cells have in common."""
    found: dict[str, Any] = {"cells": lot.cells, "rows": lot.rows, "of_rows": table.rows, **lot.cause}
    for name in ("with", "after", "time", "series", "from", "field"):
        if name in found:
            found[name] = ", ".join(table.fields[int(at)].name for at in str(found[name]).split(","))
    if lot.values:
        found["values"] = [[value[:100] if value else value, count] for value, count in lot.values]
    if lot.fields and lot.fields[0].kind == "number" and lot.kind not in ("missing", "swapped"):
        x = lot.fields[0].value
        inner = table.ask(
            f"SELECT quantile_cont({x}, [0.05, 0.5, 0.95]) FROM {TABLE} WHERE __row NOT IN "
            f"(SELECT row FROM {FOUND} WHERE field = {lot.fields[0].at} AND row IS NOT NULL)"
        )[0][0]
        if inner is not None:
            found["normal"] = {"p05": inner[0], "median": inner[1], "p95": inner[2]}
    elif lot.fields and lot.fields[0].kind == "text" and lot.kind in ("rare", "spelling", "form", "default"):
        one = lot.fields[0]
        found["normal"] = [
            [value[:100], count] for value, count in table.ask(
                f"SELECT {one.value} AS v, count(*) AS n FROM {TABLE} WHERE v IS NOT NULL GROUP BY 1 ORDER "
                f"BY 2 DESC, 1 LIMIT 5"
            )
        ]  # fmt: skip
    found.update({name: list(said) if isinstance(said, tuple) else said for name, said in lot.where.items()})
    return found


def _told(table: Table, lot: Lot, evidence: dict[str, Any]) -> tuple[str, str]:
    """The cause in a line, and the explanation."""
    name = lot.fields[0].name if lot.fields else "rows"
    n = f"{lot.cells:,}"
    cells = f"{n} value{'s' if lot.cells != 1 else ''} of {name}"
    normal = _normal(evidence)
    some = ", ".join(repr(value) for value, _ in lot.values[:3] if value is not None)
    match lot.kind:
        case "encoding":
            return (
                "text decoded with the wrong encoding",
                f"{cells} were written in one encoding and read in another ({some}).",
            )
        case "default":
            value = lot.cause.get("value", "")
            return (f"{value} stands for a missing value",
                    f"{cells} are {value}: no other value recurs like it, and it lies apart from the rest{normal}. "
                    "It looks like what a system writes where it has none.")  # fmt: skip
        case "swapped":
            a, b = (lot.fields + lot.fields)[0].name, (lot.fields + lot.fields)[1].name
            return (f"{a} and {b} changed places",
                    f"In {lot.rows:,} rows the value of {a} would be usual for {b}, and the other way "
                    f"round.")  # fmt: skip
        case "scale":
            return _scale(lot, cells, normal)
        case "derived":
            of = evidence.get("from", "")
            return (f"{name} does not follow from {of}",
                    f"{cells} are not the {lot.cause.get('as', 'result')} of {of}, as in all other rows.")  # fmt: skip
        case "dependency":
            return (f"{name} contradicts the rest of its row",
                    f"{cells} differ from what rows alike in other columns have.")  # fmt: skip
        case "order":
            return (f"{evidence.get('after')} comes after {name}",
                    f"In {lot.rows:,} rows {evidence.get('after')} is later than {name}; in all others it "
                    f"is not.")  # fmt: skip
        case "series":
            by = f" of its {evidence['series']}" if "series" in evidence else ""
            return ("off from its neighbours in time",
                    f"{cells} are far from those before and after them{by}, by "
                    f"{evidence.get('time')}.")  # fmt: skip
        case "peers":
            return "far from rows alike", f"{cells} are far from what rows of the same category have{normal}."
        case "outlier":
            return "far outside its column", f"{cells} lie far outside{normal}: {some}."
        case "form":
            return (
                lot.cause["reason"].rstrip("."),
                f"{cells} stand out by how they are written ({some}): {lot.cause['reason'].rstrip('.').lower()}.",
            )
        case "spelling":
            return "misspelt or another spelling", f"{cells} are nearly the same as a frequent one ({some})."
        case "rare":
            value = lot.cause.get("value", some)
            return (f"a new category: {value}",
                    f"{cells} are {value!r}, while each other value of the column has many rows.")  # fmt: skip
        case "missing":
            where = ", ".join(f"{key} {said}" for key, said in lot.cause.items()) or "one stretch of rows"
            names = ", ".join(one.name for one in lot.fields)
            return (f"nothing was delivered for {where}",
                    f"{names} {'is' if len(lot.fields) == 1 else 'are'} empty in {lot.rows:,} rows of {where}, where "
                    "nearly all other rows have a value.")  # fmt: skip
        case "volume":
            period = next((said for key, said in lot.cause.items() if key in ("hour", "day", "week", "month")), "")
            usual = float(lot.cause.get("usual", 0))
            word = "more" if lot.rows > usual else "fewer"
            return (f"{word} rows than usual on {period}",
                    f"{period} has {lot.rows:,} rows; periods like it have {usual:,.0f}.")  # fmt: skip
        case "gap":
            grain = lot.cause.get("grain", "period")
            return (f"no rows for {lot.cells} {grain}s",
                    f"{lot.cells:,} {grain}{'s' if lot.cells != 1 else ''} of {name} have no row ({some}); "
                    f"nearly every "
                    f"every other {grain} has some.")  # fmt: skip
        case _:
            return ("a combination that fits no other row",
                    f"{lot.rows:,} rows are unlike all others when their columns are taken together; what stands out "
                    f"most is {lot.cause.get('columns', '')}.")  # fmt: skip


def _scale(lot: Lot, cells: str, normal: str) -> tuple[str, str]:
    factor = float(lot.cause["factor"])
    times = f"{factor:.6g} times larger" if factor > 1 else f"{1 / factor:.6g} times smaller"
    block = [(key, said) for key, said in lot.cause.items() if key != "factor"]
    meaning = factors.meaning(factor)
    if block:
        key, said = block[0]
        where = f"from the file {said}" if key == "source" else f"where {key} is {said}"
        return (f"{times} {where}: {meaning}",
                f"{cells} are {times} than elsewhere{normal}: those {where}{_onwards(lot, key, said)}. "
                f"Likely: {meaning}.")  # fmt: skip
    return (
        f"{times} than expected: {meaning}",
        f"{cells} are about {times} than what is expected there{normal}. Likely: {meaning}.",
    )


def _onwards(lot: Lot, key: str, said: str) -> str:
    """Where the cells begin before the block that gave them their name, or end after it."""
    if "time" in lot.where and lot.where["time"][0] == key:
        begin, end = (str(moment) for moment in lot.where["time"][1:])
        if not (begin.startswith(said) and end.startswith(said)):
            return f", and next to it ({begin[:10]} to {end[:10]})"
    return ""


def _normal(evidence: dict[str, Any]) -> str:
    normal = evidence.get("normal")
    if not isinstance(normal, dict):
        return ""
    return f" (usually {normal['p05']:.6g} to {normal['p95']:.6g}, in the middle {normal['median']:.6g})"


def _where(lot: Lot) -> str:
    if "source" in lot.where and "source" not in lot.cause:
        return f", in {lot.where['source'].rpartition('/')[2]}"
    return ""


def _where_told(lot: Lot) -> str:
    told = []
    if "source" in lot.where and "source" not in lot.cause:
        told.append(f"they come from {lot.where['source']} ({lot.where['of_source']:,} rows)")
    if "lines" in lot.where:
        told.append(f"they stand together in lines {lot.where['lines'][0]:,} to {lot.where['lines'][1]:,}")
    elif "rows" in lot.where:
        told.append(f"they stand together in rows {lot.where['rows'][0] + 1:,} to {lot.where['rows'][1] + 1:,}")
    if "time" in lot.where and lot.where["time"][0] not in lot.cause:
        name, begin, end = (str(part).removesuffix(" 00:00:00") for part in lot.where["time"])
        told.append(f"all are of {begin} to {end} by {name}" if begin != end else f"all are of {begin} by {name}")
    return f" Nearly all in one place: {'; '.join(told)}." if told else ""


def _remedy(table: Table, lot: Lot) -> Remedy:
    match lot.kind:
        case "encoding" | "spelling" | "form":
            if lot.expected == lot.cells:
                return Remedy(
                    action="map_values",
                    params={"mapping": _mapping(table, lot)},
                    also=["set_null", "quarantine"],
                    why="Each value has one that it stands for.",
                )
            return Remedy(
                action="keep",
                also=[*(["set_expected"] if lot.expected else []), "set_null", "quarantine"],
                why="What was meant cannot be told from the data: see to it at the source.",
            )
        case "default":
            return Remedy(
                action="set_null", also=["quarantine"], why="A missing value should be empty, not a number that counts."
            )
        case "swapped":
            return Remedy(action="swap", also=["quarantine"], why="Both values are at home in the other column.")
        case "scale":
            return Remedy(
                action="scale",
                params={"factor": 1 / float(lot.cause["factor"])},
                also=["set_null", "quarantine"],
                why="One factor brings all of them to where the others are.",
            )
        case "derived" | "dependency" if lot.expected == lot.cells:
            return Remedy(
                action="set_expected",
                also=["set_null", "quarantine"],
                why="The rest of the row says what it should be.",
            )
        case "series":
            return Remedy(
                action="set_null",
                also=["set_expected", "quarantine"],
                why="Its neighbours only say about what it should be.",
            )
        case "outlier" | "peers" | "derived" | "dependency" | "order":
            also = ["set_null", *(["set_expected"] if lot.expected else [])]
            return Remedy(
                action="quarantine", also=also, why="Nothing says what it should be; set aside, it can be released."
            )
        case "rare":
            return Remedy(
                action="keep", also=["set_null", "quarantine"], why="A new value may well be right: a person knows."
            )
        case "missing":
            return Remedy(
                action="keep", also=["quarantine"], why="What was not delivered has to be asked for at the source."
            )
        case "row":
            return Remedy(
                action="keep", also=["quarantine"], why="Each value alone may be right: a person should look."
            )
        case _:
            return Remedy(action="keep", why="Rows that are missing or too many have to be seen to at the source.")


def _mapping(table: Table, lot: Lot) -> dict[str, str]:
    return dict(
        table.ask(
            f"SELECT value, any_value(expected) FROM {FOUND} WHERE grp = {literal(lot.id)} GROUP BY 1 "
            f"HAVING count(DISTINCT expected) = 1 ORDER BY count(*) DESC, 1 LIMIT {MAPPING}"
        )
    )
