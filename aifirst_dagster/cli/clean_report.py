"""What `aifirst clean` did, for people: a line per repair, with examples before -> after."""

from __future__ import annotations

from typing import Any


def show(answer: dict[str, Any]) -> None:
    """Print the report; text from the file stays text, whatever it holds."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    merged = f", {answer['merged']:,} duplicates merged" if answer["merged"] else ""
    console.print(
        f"[bold]{answer['rows_in']:,}[/] rows in, [bold]{answer['rows_out']:,}[/] out, "
        f"{answer['quarantined']:,} quarantined{merged}"
    )
    renamed = [action["examples"][0] for action in answer["actions"] if action["action"] == "rename_column"]
    if renamed:
        pairs = ", ".join(f"{old} -> {new}" for old, new in renamed[:4])
        console.print(Text(f"{len(renamed)} columns renamed: {pairs}{', ...' if len(renamed) > 4 else ''}"))
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    for heading in ("column", "repair", "cells", "before -> after"):
        table.add_column(heading, justify="right" if heading == "cells" else "left", overflow="ellipsis",
                         no_wrap=heading != "before -> after")  # fmt: skip
    for action in answer["actions"]:
        if action["action"] not in ("rename_column", "merge_duplicates"):
            cells = f"{action['rows_changed']:,}"
            table.add_row(
                Text((action["column"] or "")[:28]), action["action"], cells, Text(_pairs(action["examples"]))
            )
    if table.row_count:
        console.print(table)
    for finding in answer["findings"]:
        where = f"{finding['column']}: " if finding["column"] else ""
        rows = f" ({finding['rows_affected']:,})" if finding["rows_affected"] else ""
        console.print(Text(f"not changed: {where}{finding['reason']}{rows}", style="yellow"))
    for name in ("output", "repairs_path", "quarantine_path"):
        if answer[name]:
            console.print(Text(f"{name.removesuffix('_path')}: {answer[name]}"))
    if answer["dry_run"]:
        console.print("dry run: nothing was written", style="dim")
    console.print(f"{answer['seconds']:.2f} s, offline engine", style="dim")


def _pairs(examples: list[list[str | None]]) -> str:
    """Two or three examples on a line."""
    return "   ".join(f"{_short(old)} -> {_short(new)}" for old, new in examples[:3])


def _short(text: str | None) -> str:
    if text is None:
        return "(empty)"
    plain = repr(text)[1:-1] if text != text.strip() or not text.isprintable() else text
    shown = plain if len(plain) <= 32 else plain[:29] + "..."
    return f"'{shown}'" if text != text.strip() else shown
