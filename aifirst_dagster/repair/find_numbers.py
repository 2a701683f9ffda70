"""How a column of numbers is to be read: decimal mark, currencies, units and scales, by what its texts show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aifirst_dagster.datasets.session import RAW, ident, literal
from aifirst_dagster.inference import fractions, garbled
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair import numbers
from aifirst_dagster.repair.nulls import NO_VALUE
from aifirst_dagster.repair.plan import Action
from aifirst_dagster.repair.survey import Survey

_PLAIN = r"\s*[$€£]?\s?-?\d[\d.,]*\s?[€%]?\s*"
#: Evidence that decides nothing by itself: a core such as `1,234`.
_CLASSES = (
    (
        "point",
        r"\d*\.(?:\d{1,2}|\d{4,})|0\.\d+|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?",
    ),
    ("comma", r"\d*,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"),
    ("open_comma", r"[1-9]\d{0,2},\d{3}"),
    ("open_point", r"[1-9]\d{0,2}\.\d{3}|\d{4,}\.\d{3}"),
)


@dataclass(frozen=True)
class Found:
    """Actions on the column, its unit where all cells share one, and a companion column where they do not."""

    actions: list[Action]
    unit: str | None = None
    companion: Column | None = None


def of_column(survey: Survey, source: str) -> str:
    """Table `(text, n)`: the texts that say how a text column's numbers are written.

    A sample of the rows shows the decimal mark; every text that is not plain digits shows what stands around numbers.
    """
    texts = survey.texts[source]
    if texts.all:
        return texts.table
    name = ident(source)
    return survey.keep(
        f"SELECT {name} AS text, count(*) AS n FROM {survey.relation} WHERE {name} IS NOT NULL "
        f"AND (hash(_source_line) % {survey.every} = 0 OR NOT regexp_full_match({name}, {literal(_PLAIN)})) GROUP BY 1"
    )


#: Meanings of a text column that its amounts and measures do not speak against.
_UNTOLD = frozenset({None, "category", "code", "ordinal", "percentage", "product", "title"})


def quantities(survey: Survey, column: Column, source: str) -> bool:
    """Whether a text column holds amounts or measures that no single style reads, with marks that say so."""
    texts = survey.texts[source]
    if column.semantic_type not in _UNTOLD or not texts.all or not texts.cells or texts.length > 30:
        return False
    seen = _look(survey, _meant(survey, texts.table)[0])
    known, scales = _affixes(seen, column)
    odd = sum(count for spelling, count in seen.affixes.items() if spelling not in known and spelling not in scales)
    marked = sum(count for spelling, count in seen.affixes.items() if spelling in known)
    # Units stand behind their number: `ST01` is a code, and no stone.
    leading = sum(n for spelling, n in seen.leading.items() if spelling in known and known[spelling].kind == "unit")
    odd, marked = odd + leading, marked - leading
    kinds = {affix.kind for affix in known.values()}
    feet = f"SELECT coalesce(sum(n), 0) FROM {texts.table} WHERE regexp_full_match(trim(text), {literal(numbers.FEET)})"
    read = seen.cells - odd + (survey.query(feet)[0][0] if "unit" in kinds else 0)
    return len(kinds) == 1 and marked >= 0.2 * texts.cells and read >= 0.97 * texts.cells


def of_unread(survey: Survey, source: str) -> str:
    """Table `(text, n)`: the texts of a typed column's cells that did not parse."""
    kept = f"{RAW}[{literal(source)}]"
    return survey.keep(
        f"SELECT {kept} AS text, count(*) AS n FROM {survey.relation} WHERE {RAW} IS NOT NULL "
        f"AND {ident(source)} IS NULL AND {kept} IS NOT NULL GROUP BY 1"
    )


def propose(survey: Survey, column: Column, texts: str, taken: set[str], failed_only: bool = False) -> Found:
    """The repairs that make numbers of the texts.

    Args:
        texts: Table `(text, n)`.
        taken: Column names that a companion may not have.
        failed_only: The column is typed; the texts are those of its cells that did not parse.
    """
    texts, wrong = _meant(survey, texts)
    marks = _footnotes(survey, texts)
    if marks:
        texts = survey.keep(f"SELECT {numbers.without_footnotes('text')} AS text, sum(n) AS n FROM {texts} GROUP BY 1")
    written = f"regexp_matches(text, {literal(f'[{fractions.SIGNS}]')})"
    halves: bool = survey.query(f"SELECT coalesce(bool_or({written}), FALSE) FROM {texts}")[0][0]
    if halves:
        texts = survey.keep(f"SELECT {fractions.plain_sql('text')} AS text, sum(n) AS n FROM {texts} GROUP BY 1")
    seen = _look(survey, texts)
    if not seen.cells:
        return Found([])
    decimal, why = ("point", "the other cells have one") if failed_only and not seen.comma else numbers.decimal_of(
        seen, column.number_style
    )  # fmt: skip
    known, scales = _affixes(seen, column)
    params: dict[str, Any] = {"decimal": decimal}
    if failed_only:
        params["failed_only"] = True
    currencies = {s: a.name for s, a in known.items() if a.kind == "currency"}
    units = {s: a for s, a in known.items() if a.kind == "unit"}
    if scales:
        params["scales"] = scales
    if halves:
        params["fractions"] = True
    if wrong:
        params["garbled"] = wrong
    reasons = [f"decimal {decimal}: {why}"] if decimal != "point" or seen.open_comma else []
    if marks:
        params["footnotes"] = marks
        reasons.append(f"footnote marks dropped: {' '.join(marks)}")
    if wrong:
        reasons.append(f"signs that were decoded wrongly: {', '.join(map(garbled.shown, wrong))}")
    if units and not currencies and not scales:
        return _with_units(survey, column, seen, units, params, taken, reasons, texts)
    affixes = sorted(known)
    if affixes:
        params["affixes"] = affixes
    unit, companion, actions = None, None, []
    if len(set(currencies.values())) > 1:
        companion = _companion(column, "currency", sorted(set(currencies.values())), taken)
        shown = ", ".join(f"{name} ({_cells(seen, currencies, name)})" for name in sorted(set(currencies.values())))
        actions.append(Action(column=column.name, action="split_currency",
                              params={"into": companion.name, "markers": dict(sorted(currencies.items())),
                                      **_of(params, "garbled")},
                              rows_affected=sum(seen.affixes[s] for s in currencies),
                              reason=f"amounts in several currencies: {shown}"))  # fmt: skip
    elif currencies:
        unit = next(iter(currencies.values()))
        if seen.bare and not failed_only:
            reasons.append(f"{seen.bare} cells name no currency: taken as {unit} like the others")
    elif any(affix.kind == "percent" for affix in known.values()):
        unit = "%"
    around = f"with {', '.join(affixes)} around them" if affixes else ""
    reason = "; ".join(filter(None, ["numbers written as text" + (f", {around}" if around else ""), *reasons]))
    actions.append(Action(column=column.name, action="parse_numbers", params=params, reason=reason))
    return Found(actions, unit, companion)


def _with_units(
    survey: Survey, column: Column, seen: numbers.Survey, units: dict[str, numbers.Affix], params: dict[str, Any],
    taken: set[str], reasons: list[str], texts: str,
) -> Found:  # fmt: skip
    """Numbers with units: all in the most frequent one, or each with its own beside it."""
    counted = {spelling: seen.affixes[spelling] for spelling in units}
    converted = numbers.conversion(units, counted)
    if converted is None:
        companion = _companion(column, "unit", sorted({affix.name for affix in units.values()}), taken)
        markers = {spelling: affix.name for spelling, affix in sorted(units.items())}
        return Found([
            Action(column=column.name, action="split_unit",
                   params={"into": companion.name, "markers": markers, **_of(params, "garbled")},
                   rows_affected=sum(counted.values()), reason="units that do not convert to one another"),
            Action(column=column.name, action="parse_numbers", params={**params, "affixes": sorted(units)},
                   reason="; ".join(["numbers with units", *reasons])),
        ], None, companion)  # fmt: skip
    unit, factors, offsets = converted
    params |= {"to": unit, "factors": factors}
    if any(offsets.values()):
        params["offsets"] = offsets
    if numbers.affix(unit) and numbers.affix(unit).dimension == "length":  # type: ignore[union-attr]
        feet = survey.query(
            f"SELECT count(*) FROM {texts} WHERE regexp_full_match(trim(text), {literal(numbers.FEET)})"
        )
        if feet[0][0]:
            params["inch"] = numbers.UNITS["length"]["in"][0] / numbers.UNITS["length"][unit][0]
    names = {affix.name for affix in units.values()}
    how = "; ".join(f"1 {affix.name} = {factors[s]:.6g} {unit}" for s, affix in sorted(
        {affix.name: (s, affix) for s, affix in units.items() if affix.name != unit}.values()))  # fmt: skip
    reason = f"all in {unit}" + (f" ({how})" if len(names) > 1 and how else "")
    if seen.bare and not params.get("failed_only"):
        reasons.append(f"{seen.bare} cells name no unit: taken as {unit} like most")
    return Found(
        [Action(column=column.name, action="convert_units", params=params, reason="; ".join([reason, *reasons]))], unit
    )


def _of(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The parameter `name` where there is one."""
    return {name: params[name]} if name in params else {}


def _meant(survey: Survey, texts: str) -> tuple[str, list[str]]:
    """The texts with signs that were decoded wrongly as they were meant, and the sequences found."""
    found = survey.query(
        f"SELECT text FROM {texts} WHERE strlen(text) > length(text) AND {garbled.found_sql('text')} "
        "ORDER BY n DESC, text LIMIT 5000"
    )
    wrong = sorted({sequence for (text,) in found for sequence in garbled.read(text)[1]})
    if not wrong:
        return texts, []
    meant = garbled.plain_sql("text", wrong)
    return survey.keep(f"SELECT {meant} AS text, sum(n) AS n FROM {texts} GROUP BY 1"), wrong


def _footnotes(survey: Survey, texts: str) -> list[str]:
    """The footnote marks that follow numbers; none where figures set high may be powers (`10³`)."""
    bare = numbers.without_footnotes("text")
    power = r"\s*10[⁰¹²³⁴-⁹]+\s*|.*[x×*·]\s?10[⁰¹²³⁴-⁹]+.*"
    changed = survey.keep(
        f"SELECT text, {bare} AS bare FROM {texts} WHERE regexp_matches(text, {literal(numbers.FOOTNOTE)}) "
        f"AND {bare} <> trim(text)"
    )
    if survey.query(f"SELECT count(*) FROM {changed} WHERE regexp_full_match(text, {literal(power)})")[0][0]:
        return []
    found = survey.query(
        f"SELECT DISTINCT unnest(regexp_extract_all(substr(trim(text), length(bare) + 1), "
        f"{literal(numbers.FOOTNOTE)})) AS mark FROM {changed} ORDER BY 1 LIMIT 100"
    )
    return [mark for (mark,) in found]


def _look(survey: Survey, texts: str) -> numbers.Survey:
    """Affixes and evidence, from one scan of the shapes."""
    parts = numbers.parts_sql("text")
    after = "trim(regexp_replace(trim(parts.after), '^[-−–]|[-−–]$', ''))"
    core = numbers.ungrouped("parts.core")
    kinds = " ".join(
        f"WHEN regexp_full_match(core, {literal(pattern)}) THEN {literal(kind)}" for kind, pattern in _CLASSES
    )
    # A table, for DuckDB would take the test of the parts to all the texts.
    shapes = survey.keep(_shapes(texts))
    rows = survey.query(
        f"SELECT before, after, CASE {kinds} ELSE '' END AS kind, sum(n) FROM (SELECT trim(parts.before) AS before, "
        f"{after} AS after, {core} AS core, n FROM (SELECT {parts} AS parts, n FROM {shapes}) "
        "WHERE parts.core <> '') "
        "GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT 5000"
    )
    seen = numbers.Survey()
    for before, ending, kind, count in rows:
        cells = int(count)
        seen.cells += cells
        for spelling in (before, ending):
            if spelling:
                seen.affixes[spelling] = seen.affixes.get(spelling, 0) + cells
        if before:
            seen.leading[before] = seen.leading.get(before, 0) + cells
        seen.bare += 0 if before or ending else cells
        if kind:
            setattr(seen, kind, getattr(seen, kind) + cells)
    return seen


def _shapes(texts: str) -> str:
    """SQL of `(text, n)`: texts that differ in their figures only as one, so that patterns meet few of them.

    A leading zero stays what it is; that is all that evidence asks of a figure.
    """
    nines = "translate(text, '012345678', '999999999')"
    shape = f"CASE WHEN regexp_matches(text, '^[^0-9]*0') THEN regexp_replace({nines}, '9', '0') ELSE {nines} END"
    return f"SELECT {shape} AS text, sum(n) AS n FROM {texts} GROUP BY 1"


def _affixes(seen: numbers.Survey, column: Column) -> tuple[dict[str, numbers.Affix], dict[str, float]]:
    """The spellings around the numbers that are understood, and those that scale them."""
    known: dict[str, numbers.Affix] = {}
    scales: dict[str, float] = {}
    found = {spelling: numbers.affix(spelling) for spelling in seen.affixes if spelling.lower() not in NO_VALUE}
    money = any(affix and affix.kind == "currency" for affix in found.values())
    physical = any(
        affix and affix.kind == "unit" and spelling not in numbers.SCALES for spelling, affix in found.items()
    )
    usual = max(seen.affixes.values(), default=0)
    for spelling, affix in found.items():
        if spelling in numbers.SCALES and (money or (not physical and spelling not in ("m", "T"))):
            scales[spelling] = numbers.SCALES[spelling]
        elif affix is not None and affix.kind != "scale":
            known[spelling] = affix
        elif (worded := _worded(spelling)) is not None:
            known[spelling] = worded
        elif (joined := numbers.scaled(spelling)) is not None:
            scale, mark = joined
            scales[scale] = numbers.SCALES[scale]
            known[mark] = numbers.affix(mark) or numbers.Affix("other", mark)
        elif spelling in column.units_seen and seen.affixes[spelling] >= 0.5 * usual:
            known[spelling] = numbers.Affix("unit", spelling, dimension=spelling)
    return known, scales


def _worded(spelling: str) -> numbers.Affix | None:
    """A unit with words after it (`oz. can`): the unit."""
    first, _, rest = spelling.partition(" ")
    affix = numbers.affix(first) if rest and any(character.isalpha() for character in rest) else None
    return affix if affix is not None and affix.kind == "unit" else None


def _companion(column: Column, what: str, values: list[str], taken: set[str]) -> Column:
    name, number = f"{column.name}_{what}", 2
    while name.lower() in taken:
        name, number = f"{column.name}_{what}_{number}", number + 1
    semantic = "currency_code" if what == "currency" else None
    description = f"What {column.name} is counted in."
    return Column(
        name=name, source_name=column.source_name, semantic_type=semantic, description=description, values=values
    )


def _cells(seen: numbers.Survey, currencies: Mapping[str, str], name: str) -> int:
    return sum(seen.affixes[spelling] for spelling, code in currencies.items() if code == name)
