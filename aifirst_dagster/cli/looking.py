"""`--vision`: what a model sees on a picture of a bare file, beside what the data says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from aifirst_dagster.cli.asking import wish
from aifirst_dagster.cli.output import notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.recorder import Recorder
    from aifirst_dagster.proposals.vision import Sight


def required(llm: LLM | Recorder) -> None:
    """Do nothing where `llm` may be shown pictures; raises `ConfigError` before any other work is done."""
    from aifirst_dagster.proposals.vision.ask import require_pictures

    require_pictures(cast("LLM", llm), wish())


def table_seen(
    con: duckdb.DuckDBPyConnection, table: ReadTable, columns: Sequence[Column], llm: LLM | Recorder
) -> Sight:
    """Have `llm` look at the table as a spreadsheet shows it."""
    from aifirst_dagster.proposals.vision import of_table

    return of_table(con, table, columns, cast("LLM", llm), wish())


def is_picture(file: str) -> bool:
    """Whether FILE is an image or a PDF: nothing that a connector reads."""
    from pathlib import Path

    from aifirst_dagster.proposals.vision.pages import kind

    return file != "-" and kind(Path(file)) is not None


def document_seen(file: str, against: str | None, llm: LLM | Recorder) -> Sight:
    """Have `llm` read the charts and tables of an image or a PDF, and compare them with the data file `against`."""
    from pathlib import Path

    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.proposals.vision import Against, of_file

    notice(f"{file} is shown as it is: nothing in a picture is masked.")
    with connect(most=BARE_FILE) as con:
        known = None
        if against is not None:
            table = load(con, against)
            known = Against(con, table.name, table.columns)
        return of_file(Path(file), cast("LLM", llm), wish(), known)


def told(sight: Sight) -> dict[str, Any]:
    """The sight as `--json` prints it; what disagrees is told on stderr as well."""
    for text in sight.notes:
        notice(text)
    for claim in sight.disagreements:
        notice(f"the picture and the data disagree: {claim}")
    return sight.summary()


def show(vision: dict[str, Any]) -> None:
    """The claims for people: what disagrees first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", title=None)
    for name in ("", "of", "what", "seen", "in the data", "evidence"):
        table.add_column(name, overflow="fold")
    colours = {"failed": "red", "tested": "green", "corroborated": "green", "untested": "yellow"}
    order = list(colours)
    for claim in sorted(vision["claims"], key=lambda one: order.index(one["state"])):
        state = Text("DIFFERS" if claim["state"] == "failed" else claim["state"], colours[claim["state"]])
        table.add_row(state, Text(claim["subject"]), claim["what"], Text(claim["value"][:40]),
                      Text(claim["data"][:40]), Text(claim["evidence"]))  # fmt: skip
    Console().print(table)
    trusted = {True: "", False: "; it cannot read the picture, so nothing of it counts", None: ""}[vision["trusted"]]
    Console().print(f"seen by {vision['model']}: {vision['disagreements']} disagreements{trusted}", style="dim")
