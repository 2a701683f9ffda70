"""A connector's `type: postgres`: the rows of a table or query, all of them or those behind a cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets import parquet
from aifirst_dagster.steps.connector_files import Due
from aifirst_dagster.steps.run import StepRun

if TYPE_CHECKING:
    from aifirst_dagster.connectors.base import ReadTable


def check(config: Any) -> None:
    """See that what belongs to a server and what belongs to files are not mixed.

    Raises:
        ValueError: A setting is missing, or has no meaning for this type.
    """
    if config.type != "postgres":
        for name in ("url", "cursor"):
            if getattr(config, name) is not None:
                raise ValueError(f"`{name}` is for type: postgres")
        if config.load == "new_rows":
            raise ValueError("load: new_rows is for type: postgres; files have load: new_files")
        return
    if not config.url:
        raise ValueError("type postgres needs `url`, say {env: WAREHOUSE_URL}")
    if bool(config.table) == bool(config.query):
        raise ValueError("type postgres needs `table` or `query`, one of them")
    if config.path is not None:
        raise ValueError("type postgres reads no files: leave `path` out")
    if config.load == "new_files":
        raise ValueError("type postgres has no files; use load: new_rows with `cursor`")
    if (config.load == "new_rows") != (config.cursor is not None):
        raise ValueError("load: new_rows and `cursor` belong together")


def read(step: StepRun, config: Any) -> tuple[Due, ReadTable, dict[str, Any]]:
    """What is taken over from the version before, the rows read now, and what the manifest keeps of the cursor.

    Raises:
        ConfigError: The table, a column or the query is wrong.
        ServiceError: The server cannot be reached, or fails.
    """
    from aifirst_dagster.connectors.postgres import Wanted, read_postgres

    # What a cursor stands on is only true of the same rows.
    subject = {"column": config.cursor, "of": config.table or config.query}
    before = (step.previous.manifest.details.get("cursor") or {}) if step.previous else {}
    same = bool(config.cursor) and {key: before.get(key) for key in subject} == subject
    since = before.get("value") if same else None
    table, last = read_postgres(
        step.con, config.url, Wanted(config.table, config.query, config.cursor, since), number=_NUMBER
    )
    part, kept = "part-0", 0
    if since is not None and step.previous is not None:
        part = f"part-{step.writer.version}"
        kept = sum(parquet.count(step.con, step.writer.link(old)) for old in step.previous.parts)
    marked = {"cursor": {**subject, "value": last}} if config.cursor else {}
    return Due([], {}, part, kept), table, marked


#: Names the relation in the step's session, away from those of files.
_NUMBER = 1_000_000_000
