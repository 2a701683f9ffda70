"""Opening a bare file for a command: a session and the table read, closed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.cli.ahead import Ahead
    from aifirst_dagster.connectors.base import ReadTable

accept_unsure_option = click.option(
    "--accept-unsure", is_flag=True, help="Go on where the reader is not sure how the file is written."
)


@contextmanager
def opened(
    file: str, *, accept_unsure: bool = False, ahead: Ahead | None = None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, ReadTable]]:
    """A DuckDB session with FILE read in it; `-` is standard input. `ahead` is what is wanted after it."""
    from aifirst_dagster.cli.ahead import Ahead
    from aifirst_dagster.cli.output import notice
    from aifirst_dagster.connectors import read
    from aifirst_dagster.connectors.base import ReadOptions
    from aifirst_dagster.datasets.session import BARE_FILE, connect

    options = ReadOptions(accept_unsure=accept_unsure, tell=notice, meanwhile=ahead or Ahead())
    con = connect(most=BARE_FILE)
    try:
        yield con, read(con, [file], options=options)
    finally:
        con.close()
