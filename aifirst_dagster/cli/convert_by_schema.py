"""`aifirst convert --schema`: rows typed as a user's Table Schema says; those that do not fit it beside the output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.cli.output import notice
from aifirst_dagster.cli.schema_file import by_schema

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable


def convert(con: duckdb.DuckDBPyConnection, table: ReadTable, out: Path, form: str, path: Path) -> dict[str, Any]:
    """Write the rows that fit; returns `rows_out`, `quarantined`, `quarantine_path` and differences as `changes`."""
    from aifirst_dagster.datasets.session import LINE, SOURCE, ident
    from aifirst_dagster.inference import casts
    from aifirst_dagster.inference.contract import view
    from aifirst_dagster.inference.contract.examine import Case, examine
    from aifirst_dagster.inference.contract.modes import Modes
    from aifirst_dagster.repair.export import write_query

    given = by_schema(con, table, path)
    modes = Modes(tables="evolve", columns="evolve", types="discard_row")
    proposed = [one for one in given.columns if one.source_name in given.base.new]
    examined = examine(Case(con, given.contract, modes, given.placed, given.base, proposed))
    relation, read = view.taken(con, given.base, examined.plan)
    columns = examined.plan.columns
    typed = casts.select(read, relation)
    # Numbers in a style of their own are still text here; a schema's word is enough to read them.
    cells = ", ".join(
        f"{casts.parsed(one, name) if one.number_style and one.physical_type == 'VARCHAR' else name} AS {name}"
        for one in columns
        for name in [ident(one.name)]
    )
    fits = f" WHERE {view.WHY} IS NULL" if examined.plan.sets_aside else ""
    rows = write_query(con, f"SELECT {cells} FROM ({typed}){fits}", out, form)
    parts = [f'SELECT {SOURCE} AS source, {LINE} AS source_line, reason, "text" FROM {ident(table.rejects)}']
    if examined.plan.sets_aside:
        parts.append(
            f'SELECT {SOURCE} AS source, {LINE} AS source_line, {view.WHY} AS reason, {view.VALUES} AS "text" '
            f"FROM ({typed}) WHERE {view.WHY} IS NOT NULL"
        )
    beside = out.with_name(out.name + ".quarantine.csv")
    aside = write_query(con, f"SELECT * FROM ({' UNION ALL BY NAME '.join(parts)}) ORDER BY 1, 2", beside, "csv")
    if aside:
        notice(
            f"{aside} lines do not fit the file or the schema; they are in {beside}, with their place and the reason."
        )
    else:
        beside.unlink(missing_ok=True)
    return {
        "rows_out": rows,
        "quarantined": aside,
        "quarantine_path": str(beside) if aside else None,
        "changes": [change.model_dump(mode="json") for change in examined.changes],
    }
