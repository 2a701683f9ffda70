"""`aifirst clean`: a messy file, repaired; what was changed, merged and set aside stands in files beside it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.ahead import Ahead
from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.reading import accept_unsure_option
from aifirst_dagster.cli.schema_file import schema_option
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.repair.plan import RepairPlan
    from aifirst_dagster.repair.run import Repaired

_THEN = ("aifirst_dagster.inference.infer", "aifirst_dagster.repair.plan", "aifirst_dagster.repair.run")
#: Cells above which the tables that are worked on stand in a file: a gigabyte of CSV or so.
LARGE = 100_000_000


@dataclass(frozen=True)
class Wishes:
    """What the user asked for beside the file."""

    output: Path | None = None
    dry_run: bool = False
    plan: Path | None = None
    save_plan: Path | None = None
    on_unparseable: str | None = None
    keep_duplicates: bool = False
    neutralise_formulas: bool = False
    accept_unsure: bool = False
    schema_file: Path | None = None


@click.command("clean")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to: .csv, .tsv, .json, .jsonl or .parquet."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing but --save-plan.")
@click.option("--plan", type=click.Path(path_type=Path), help="Repair as this plan says, in place of a proposed one.")
@click.option(
    "--save-plan", type=click.Path(path_type=Path), help="Write the plan, to be read, edited and given to --plan."
)
@click.option(
    "--fail-on", type=click.FloatRange(0, 1), metavar="SHARE", help="Exit 1 if more rows than this are set aside."
)
@click.option("--on-unparseable", type=click.Choice(["quarantine", "null"]), help="What to do about a cell that cannot "
              "be read: set its row aside (default), or leave the cell empty.")  # fmt: skip
@click.option("--keep-duplicates", is_flag=True, help="Do not merge rows that are the same in every column.")
@click.option(
    "--neutralise-formulas", is_flag=True, help="CSV: an apostrophe before texts that a spreadsheet would run."
)
@schema_option
@json_option
@accept_unsure_option
@provider_option
@show_prompts_option
def command(
    files: tuple[str, ...], fail_on: float | None, as_json: bool, provider: str, show_prompts: bool, **wishes: Any
) -> int:  # fmt: skip
    """Repair FILE and write it to OUT: dates, numbers, text, spellings, duplicates.

    Nothing is overwritten unseen: OUT.repairs.csv lists each cell that was changed, OUT.quarantine.csv each row that
    was set aside and why. Several files are read as one table.
    """
    if show_prompts:
        from aifirst_dagster.cli.infer import prompts_of

        asks = "offline" if wishes["plan"] else provider
        emit(prompts_of(list(files), wishes["accept_unsure"], asks), as_json, show_them)
        return 0
    answer = clean_files(list(files), Wishes(**wishes), provider=provider)
    emit(answer, as_json, _show)
    share = answer["quarantined"] / max(1, answer["rows_in"])
    if fail_on is not None and share > fail_on:
        notice(f"{share:.1%} of the rows were set aside, more than --fail-on {fail_on:g} allows.")
        return 1
    return 0


def clean_files(files: list[str], wishes: Wishes, provider: str = "offline", large: int = LARGE) -> dict[str, Any]:
    """What `aifirst clean` prints, as a dictionary.

    Args:
        files: What to clean, as one table.
        wishes: What the user asked for beside them.
        provider: Who proposes.
        large: Cells above which the tables that are worked on stand in a file.

    Raises:
        ConfigError: There is no output or no such format, the provider is not at hand, or the plan does not fit.
    """
    from aifirst_dagster.connectors import ReadOptions, read
    from aifirst_dagster.connectors.export import export, format_of
    from aifirst_dagster.datasets.session import BARE_FILE, connect, on_disk
    from aifirst_dagster.errors import ConfigError

    if wishes.output is None and not wishes.dry_run:
        raise ConfigError("There is no output.", hint="Name one with -o OUT, or use --dry-run.")
    began = time.perf_counter()
    form = format_of(wishes.output) if wishes.output else ""
    con = connect(most=BARE_FILE)
    try:
        ahead = Ahead(*_THEN, types=provider == "offline")
        table = read(con, files, options=ReadOptions(accept_unsure=wishes.accept_unsure, meanwhile=ahead))
        for text in table.notices:
            notice(text)
        if not table.columns:
            if wishes.output and not wishes.dry_run:
                export(con, table, wishes.output, form, as_text=True)
            return _answer(wishes, table, None, None, None, began)
        if _cells(con, table) > large:
            on_disk(con)
        plan, columns = _plan(con, table, wishes, provider, ahead.columns(table))
        if wishes.save_plan:
            plan.save(wishes.save_plan)
        from aifirst_dagster.repair.run import apply

        table, restored = _restored(con, table, plan, columns)
        repaired = apply(con, "clean_input", plan)
        repaired = _counted(repaired, restored)
        aside = None
        if wishes.output and not wishes.dry_run:
            aside = _write(con, table, repaired, plan, wishes.output, form, wishes.neutralise_formulas)
        return _answer(wishes, table, plan, repaired, aside, began)
    finally:
        con.close()


def _plan(con: duckdb.DuckDBPyConnection, table: ReadTable, wishes: Wishes, provider: str,
          guessed: list[Column] | None = None) -> tuple[RepairPlan, list[Column]]:  # fmt: skip
    """The plan to follow and the file's columns, with the file typed as they say in the table `clean_input`.

    `guessed` are the columns, where they are known already.
    """
    from aifirst_dagster.inference import casts, infer
    from aifirst_dagster.repair.plan import RepairPlan, propose

    if provider != "offline" and not wishes.plan:
        from aifirst_dagster.cli.asking import columns_of
        from aifirst_dagster.llm.resource import choose

        proposed = columns_of(con, table, choose(provider)).columns
    else:
        proposed = guessed or infer.propose(con, table.relation, table.columns, table.native)
    plan = RepairPlan.load(wishes.plan) if wishes.plan else None
    if wishes.schema_file is not None:
        from aifirst_dagster.cli.schema_file import under_schema

        table, found = under_schema(con, table, wishes.schema_file, proposed)
        columns = _as_planned(found.columns, plan, str(wishes.plan)) if plan else found.columns
    else:
        columns = _as_planned(proposed, plan, str(wishes.plan)) if plan else infer.verify(con, table.relation, proposed)
    con.execute(f"CREATE TABLE clean_input AS {casts.select(columns, table.relation)}").fetchall()
    if plan is None:
        from aifirst_dagster.repair import restore

        plan = propose(con, "clean_input", columns)
        dialect = table.dialect if len(table.dialects) < 2 else None
        if restoring := restore.propose(con, "clean_input", columns, table.rejects, dialect):
            plan = plan.model_copy(update={"actions": [restoring, *plan.actions]})
    if wishes.on_unparseable:
        plan = plan.model_copy(update={"on_unparseable": wishes.on_unparseable})
    if wishes.keep_duplicates:
        actions = [action for action in plan.actions if action.action != "merge_duplicates"]
        plan = plan.model_copy(update={"deduplicate": False, "actions": actions})
    return plan, columns


def _cells(con: duckdb.DuckDBPyConnection, table: ReadTable) -> int:
    from aifirst_dagster.datasets.session import ident

    return int(con.execute(f"SELECT count(*) FROM {ident(table.relation)}").fetchall()[0][0]) * len(table.columns)


def _restored(
    con: duckdb.DuckDBPyConnection, table: ReadTable, plan: RepairPlan, columns: list[Column]
) -> tuple[ReadTable, int]:
    """The file with the lines that the plan restores among its rows, and how many they are."""
    from dataclasses import replace

    from aifirst_dagster.datasets.session import ident
    from aifirst_dagster.repair import restore

    action = restore.wanted(plan)
    found = restore.find(con, action, columns, table.rejects) if action and table.rejected else None
    if found is None or not found.rows:
        return table, 0
    restore.into(con, "clean_input", columns, found)
    con.execute(
        f"CREATE TEMP TABLE clean_rejects AS SELECT * FROM {ident(table.rejects)} WHERE (_source, _source_line) NOT IN "
        f"(SELECT (_source, _source_line) FROM {found.relation})"
    )
    return replace(table, rejects="clean_rejects", rejected=table.rejected - found.rows), found.rows


def _counted(repaired: Repaired, restored: int) -> Repaired:
    """The outcome with the lines that became rows before."""
    from dataclasses import replace

    from aifirst_dagster.repair import restore

    actions = [
        replace(done, rows_changed=restored) if done.action == restore.NAME else done for done in repaired.actions
    ]
    return replace(repaired, actions=actions)


def _as_planned(proposed: list[Column], plan: RepairPlan, file: str) -> list[Column]:
    """The file's columns, read in the way that the plan was made for."""
    from aifirst_dagster.errors import ConfigError

    wanted = {column.name: column for column in plan.columns}
    missing = [name for name in wanted if name not in {c.name for c in proposed} and name not in plan.companions]
    if missing:
        raise ConfigError(f"The plan repairs a column {missing[0]!r} that the file does not have.", file=file,
                          hint=f"The file has {', '.join(column.name for column in proposed)}.")  # fmt: skip
    extra = [column.name for column in proposed if column.name not in wanted]
    if extra:
        notice(f"The plan does not know these columns; they are left out: {', '.join(extra)}.")
    read = []
    for column in proposed:
        meant = wanted.get(column.name)
        if meant is None or column.native:
            read.append(column)
        elif any(a.kind == "parse" and not a.params.get("failed_only") for a in plan.of(column.name)):
            tokens = {"physical_type": "VARCHAR", "type": "string", "null_tokens": meant.null_tokens}
            read.append(column.model_copy(update=tokens))
        else:
            like = {
                name: getattr(meant, name)
                for name in ("type", "physical_type", "format", "number_style", "null_tokens")
            }
            read.append(column.model_copy(update=like))
    return read


def _write(
    con: duckdb.DuckDBPyConnection, table: ReadTable, repaired: Repaired, plan: RepairPlan, out: Path, form: str,
    safe: bool,
) -> str | None:  # fmt: skip
    """Write the lists, then the rows; returns the path of the quarantine. Older lists of the same name go away."""
    from aifirst_dagster.datasets.session import ident
    from aifirst_dagster.repair.export import neutral, write_query

    quarantine, repairs = (out.with_name(f"{out.name}.{what}.csv") for what in ("quarantine", "repairs"))
    if repaired.quarantined + table.rejected:
        write_query(
            con,
            f'SELECT _source AS source, _source_line AS source_line, "row", reason, "column", "value", "values" '
            f"FROM {repaired.quarantine} UNION ALL BY NAME "
            'SELECT _source AS source, _source_line AS source_line, reason, "text" AS "values" '
            f"FROM {ident(table.rejects)} "
            "ORDER BY source, source_line",
            quarantine,
            "csv",
        )
    else:
        quarantine.unlink(missing_ok=True)
    changes = f'SELECT "row", source_line, "column", before, after, _source AS source FROM {repaired.repairs}'
    if not write_query(con, changes, repairs, "csv"):
        repairs.unlink()
    names = [column.name for column in plan.columns]
    user = ", ".join(ident(name) for name in names)
    query = f"SELECT {user} FROM {repaired.kept}"
    if safe and form in ("csv", "tsv"):
        query = neutral(con, repaired.kept, names)
    write_query(con, query, out, form)
    return str(quarantine) if repaired.quarantined + table.rejected else None


def _answer(
    wishes: Wishes, table: ReadTable, plan: RepairPlan | None, repaired: Repaired | None, aside: str | None,
    began: float,
) -> dict[str, Any]:  # fmt: skip
    """The object that the contract names, and `merged`, `findings`, `repairs_path` beside."""
    actions: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for action, done in zip(plan.actions if plan else [], repaired.actions if repaired else [], strict=True):
        if action.kind == "finding":
            findings.append({"column": action.column, "finding": action.action, "rows_affected": action.rows_affected,
                             "reason": action.reason, "examples": action.examples})  # fmt: skip
        elif action.action == "rename_column":
            pair = [[str(action.params["from"]), str(action.column)]]
            actions.append({"column": action.column, "action": action.action, "rows_changed": 0, "examples": pair})
        elif done.rows_changed:
            actions.append({"column": done.column, "action": done.action, "rows_changed": done.rows_changed,
                            "examples": done.examples or action.examples, "reason": done.reason})  # fmt: skip
    out = None if wishes.dry_run or wishes.output is None else wishes.output
    repairs = out.with_name(f"{out.name}.repairs.csv") if out else None
    return {
        "rows_in": (repaired.rows_in if repaired else 0) + table.rejected,
        "rows_out": repaired.rows_out if repaired else 0,
        "failed": 0,
        "quarantined": (repaired.quarantined if repaired else 0) + table.rejected,
        "merged": repaired.merged if repaired else 0,
        "quarantine_path": aside,
        "repairs_path": str(repairs) if repairs and repairs.is_file() else None,
        "actions": actions,
        "findings": findings,
        "columns": [column.model_dump(mode="json") for column in plan.columns] if plan else [],
        "output": str(out) if out else None,
        "dry_run": wishes.dry_run,
        "notices": table.notices,
        "seconds": round(time.perf_counter() - began, 3),
    }


def _show(answer: dict[str, Any]) -> None:
    """A compact report with examples, before -> after."""
    from aifirst_dagster.cli.clean_report import show

    show(answer)
