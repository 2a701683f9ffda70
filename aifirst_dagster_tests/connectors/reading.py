"""Reading a text or bytes as a file, and looking at everything that came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aifirst_dagster.connectors import ReadOptions, ReadTable, read
from aifirst_dagster.datasets.session import connect

Line = tuple[object, ...]


@dataclass
class Seen:
    table: ReadTable
    rows: list[Line]  # the columns' cells
    lines: list[int]  # each row's physical line
    rejects: list[tuple[int, str, str]]


def seen(folder: Path, content: str | bytes, name: str = "data.csv", **options: object) -> Seen:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return look([path], **options)


def look(paths: list[Path], **options: object) -> Seen:
    con = connect()
    table = read(con, paths, options=ReadOptions(**options))
    rows = (
        con.execute(f"SELECT * EXCLUDE (_source, _source_line) FROM {table.relation}").fetchall()
        if table.columns
        else []
    )
    lines = [line for (line,) in con.execute(f"SELECT _source_line FROM {table.relation}").fetchall()]
    rejects = con.execute(f'SELECT _source_line, reason, "text" FROM {table.rejects} ORDER BY 1').fetchall()
    assert len(lines) + len(rejects) == table.records, "a row or a reject was lost"
    assert len(rejects) == table.rejected
    return Seen(table, rows, lines, rejects)
