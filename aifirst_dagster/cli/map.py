"""`aifirst map`: which columns of a file are which of a target's, and the SQL that makes one of the other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.cli.table import FileTable
    from aifirst_dagster.inference.matching.match import Matching
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.proposals.mapping.answer import MappedField, MappingDesign
    from aifirst_dagster.proposals.mapping.tables import Target


@click.command("map")
@click.argument("source")
@click.argument("target")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the SQL here.")
@click.option("--apply", "apply_to", type=click.Path(path_type=Path), metavar="OUT",
              help="Write SOURCE as the target has it: .csv, .tsv, .json, .jsonl or .parquet.")  # fmt: skip
@click.option("--candidates", type=click.IntRange(1), default=3, show_default=True, metavar="N",
              help="Nearest target columns to tell for each source column.")  # fmt: skip
@click.option("--least", type=click.FloatRange(0, 1), default=0.35, show_default=True,
              help="What is less sure than this is no match.")  # fmt: skip
@provider_option
@show_prompts_option
@json_option
def command(
    source: str, target: str, output: Path | None, apply_to: Path | None, candidates: int, least: float, provider: str,
    show_prompts: bool, as_json: bool,
) -> None:  # fmt: skip
    """Map SOURCE onto TARGET: a data file, or a Table Schema (JSON or YAML).

    Columns are matched by their names, values, types and meanings, taken apart and put together where that fits, and
    tried on the rows. Matches that another column beats are told, and not used. With --apply, rows that the target's
    types cannot hold go to OUT.quarantine.csv.
    """
    if show_prompts:
        emit(prompts_of(source, target, provider), as_json, show_them)
        return
    answer = map_files(source, target, provider, candidates=candidates, least=least, output=output, apply_to=apply_to)
    emit(answer, as_json, _show)


def map_files(
    source: str, target: str, provider: str = "offline", *, candidates: int = 3, least: float = 0.35,
    output: Path | None = None, apply_to: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The answer of `aifirst map`, in the shape of the command line's contract."""
    from aifirst_dagster.cli.asking import wish
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.llm.resource import choose
    from aifirst_dagster.proposals.mapping.tables import map_onto
    from aifirst_dagster.repair.export import write_text

    began = time.perf_counter()
    with connect(most=BARE_FILE) as con:
        table, columns, wanted = _both(con, source, target)
        llm = choose(provider) if provider != "offline" else None
        outcome, matching = map_onto(con, "mapped_source", columns, wanted, least, candidates, llm, wish())
        for text in outcome.notes:
            notice(text)
        answer = _answer(outcome.answer, matching, columns, candidates)
        answer |= {
            "sql": _sql(source, target, table, outcome.answer),
            "proposed_by": outcome.proposed_by,
            "claims": [claim.model_dump(mode="json") for claim in outcome.verdict.claims],
            "llm": outcome.usage.model_dump(mode="json"),
        }
        if output:
            write_text(output, answer["sql"] + ";\n")
        if apply_to:
            answer |= _apply(con, table, outcome.answer, apply_to)
    return {"source": source, "target": target, **answer, "seconds": round(time.perf_counter() - began, 3)}


def prompts_of(source: str, target: str, provider: str) -> dict[str, Any]:
    """What `--show-prompts` prints where a model is asked for a mapping."""
    from aifirst_dagster.cli.asking import wish
    from aifirst_dagster.cli.show_prompts import recorded
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.proposals.mapping.tables import map_onto

    with connect(most=BARE_FILE) as con:
        _, columns, wanted = _both(con, source, target)
        return recorded(provider, lambda llm: map_onto(con, "mapped_source", columns, wanted, llm=llm, wish=wish()))


def _both(con: duckdb.DuckDBPyConnection, source: str, target: str) -> tuple[FileTable, list[Column], Target]:
    """The source as the table `mapped_source` of read columns, and the target."""
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.connectors import read
    from aifirst_dagster.proposals.mapping import statement, tables

    if tables.is_schema(target):
        wanted = tables.of_schema(target)
    else:
        found = read(con, [target])
        for text in found.notices:
            notice(text)
        wanted = tables.of_table(con, found)
    table = load(con, source, "mapped_data")
    columns = statement.with_units(table.columns)
    rows = statement.readable(columns, table.read.relation)
    con.execute(f"CREATE OR REPLACE TEMP TABLE mapped_source AS {rows}")
    notice(f"Comparing {len(table.columns)} columns ({table.rows:,} rows) with {len(wanted.fields)} of the target ...")
    return table, statement.read_as(columns), wanted


def _answer(design: MappingDesign, matching: Matching, columns: list[Column], most: int) -> dict[str, Any]:
    """Matches, one for each source column of a field and each that was beaten, and what is left on both sides."""
    from aifirst_dagster.proposals.mapping.statement import expressions, is_unit

    near = {name: one.candidates for one in matching.found for name in one.sources[:1] if one.candidates}
    near = {name: found[:most] for name, found in (near | matching.unmatched_source).items()}
    written = expressions(design.fields, columns)
    matches = [_match(source, field, written[field.name], near) for field in design.fields for source in field.sources]
    used = {(match["source"], match["target"]) for match in matches}
    sources = {match["source"] for match in matches}
    for one in matching.found:
        for source in one.sources:
            if one.filled_by is not None and source not in sources and (source, one.target) not in used:
                told = _told(one.candidates[:most])
                matches.append({
                    "source": source, "target": one.target, "confidence": one.confidence, "expression": None,
                    "evidence": one.why, "used": False, "sources": one.sources, "candidates": told,
                })  # fmt: skip
    real = {column.name: column.source_name for column in columns if is_unit(column)}
    for match in matches:
        match["source"] = real.get(match["source"], match["source"])
        match["sources"] = [real.get(name, name) for name in match["sources"]]
    order = {column.name: at for at, column in enumerate(columns)}
    matches.sort(key=lambda match: (order[match["source"]], -match["confidence"]))
    known = {match["source"] for match in matches}
    left = [column.name for column in columns if column.name not in known and not is_unit(column)]
    filled = {match["target"] for match in matches}
    empty = [field.name for field in design.fields if field.name not in filled]
    return {
        "matches": matches,
        "unmatched_source": left,
        "unmatched_target": empty,
        "nearest": {
            "source": {name: _told(near.get(name, [])) for name in left},
            "target": {name: found for name in empty if (found := _told(matching.unmatched_target.get(name, [])))},
        },
    }


def _match(
    source: str, field: MappedField, expression: str, near: dict[str, list[tuple[str, float]]]
) -> dict[str, Any]:
    return {
        "source": source, "target": field.name, "confidence": field.confidence, "expression": expression,
        "evidence": field.why, "used": True, "sources": field.sources, "candidates": _told(near.get(source, [])),
    }  # fmt: skip


def _told(candidates: list[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"column": name, "score": score} for name, score in candidates]


def _sql(source: str, target: str, table: FileTable, design: MappingDesign) -> str:
    from aifirst_dagster.proposals.mapping import statement

    plain = not table.read.rejected and len(table.read.files) == 1
    rows = statement.rows_of(source, table.read.format if plain else "", table.read.dialect if plain else None,
                             table.read.columns)  # fmt: skip
    said = [f"-- {' '.join(f'{source} onto {target}, by aifirst map.'.split())}"]
    if rows == statement.ROWS:
        said.append(f"-- {rows}: the cells of the file as text, as `aifirst convert --as-text` writes them.")
    return "\n".join([*said, statement.statement(design.fields, statement.with_units(table.columns), rows)])


def _apply(con: duckdb.DuckDBPyConnection, table: FileTable, design: MappingDesign, out: Path) -> dict[str, Any]:
    """Write the rows as the target has them, and those that do not fit beside them."""
    from aifirst_dagster.connectors.export import format_of
    from aifirst_dagster.datasets.session import ident
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.proposals import mapping
    from aifirst_dagster.proposals.mapping.compile import physical
    from aifirst_dagster.repair.export import write_query

    if not design.fields:
        raise ConfigError("The target has no columns to write.", hint="Name a target that has some.")
    if not table.columns:
        cells = ", ".join(f"NULL::{physical(field.type)} AS {ident(field.name)}" for field in design.fields)
        write_query(con, f"SELECT {cells} LIMIT 0", out, format_of(out))
        return {"rows_in": 0, "rows_out": 0, "quarantined": 0, "quarantine_path": None, "output": str(out)}
    done = mapping.apply(con, "mapped_source", design)
    aside = out.with_name(f"{out.name}.quarantine.csv")
    names = ", ".join(ident(field.name) for field in design.fields)
    write_query(con, f"SELECT {names} FROM {done.kept}", out, format_of(out))
    if done.quarantined:
        listed = 'source_line, "row", reason, "column", "value", "values"'
        rows = f"SELECT _source_line AS source_line, * FROM {done.quarantine}"
        write_query(con, f"SELECT {listed} FROM ({rows}) ORDER BY source_line", aside, "csv")
    else:
        aside.unlink(missing_ok=True)
    return {
        "rows_in": done.rows_in + table.read.rejected, "rows_out": done.rows_out,
        "quarantined": done.quarantined + table.read.rejected,
        "quarantine_path": str(aside) if done.quarantined else None, "output": str(out),
    }  # fmt: skip


def _show(answer: dict[str, Any]) -> None:
    """The mapping for people: each match with its confidence, expression and reasons, then what is left over."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, table = Console(), Table(box=None, pad_edge=False)
    for name in ("source", "target", "sure", "expression", "why"):
        table.add_column(name, overflow="fold", ratio=3 if name in ("expression", "why") else None)
    for match in answer["matches"]:
        sure = match["confidence"]
        style = "green" if sure >= 0.8 else "yellow" if sure >= 0.5 else "red"
        table.add_row(
            Text(match["source"]), Text(match["target"], style="" if match["used"] else "dim"),
            Text(f"{sure:.2f}", style if match["used"] else "dim"),
            Text(_short(match["expression"]) if match["used"] else "(not used)"), Text(match["evidence"], "dim"),
        )  # fmt: skip
    console.print(table)
    for side, title in (("source", "No target for"), ("target", "Nothing for the target's")):
        left, near = answer[f"unmatched_{side}"], answer["nearest"][side]
        if left:
            console.print(Text(f"\n{title} {len(left)} columns:", "bold"))
        for name in left[:20]:
            told = ", ".join(f"{one['column']} {one['score']:.2f}" for one in near.get(name, []))
            console.print(Text(f"  {name}" + (f"  (nearest: {told})" if told else "")))
        if len(left) > 20:
            console.print(Text(f"  and {len(left) - 20} more (--json has them all)"))
    if "output" in answer:
        notice(f"{answer['rows_out']:,} of {answer['rows_in']:,} rows written to {answer['output']}"
               + (f", {answer['quarantined']:,} set aside" if answer["quarantined"] else "") + ".")  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."
