"""JSON Lines of which some are blank or broken: good lines are copied with their numbers, bad ones set aside."""

from __future__ import annotations

import json
from pathlib import Path

from aifirst_dagster.connectors.source import Scratch


def checked_copy(path: Path, scratch: Scratch) -> tuple[Path, Path, int]:
    """Copy `path` as lines `{"line": number, "record": object}`, bad lines as `{"line", "reason", "text"}`.

    Returns:
        The copy, the file of bad lines, and how many of those there are. Blank lines are in neither.
    """
    copy, rejects, rejected = scratch.new(".jsonl"), scratch.new(".rejects.jsonl"), 0
    with (
        path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines,
        copy.open("w", encoding="utf-8") as kept,
        rejects.open("w", encoding="utf-8") as aside,
    ):
        for number, line in enumerate(lines, start=1):
            record = line.strip()
            if not record:
                continue
            reason = _fault(record)
            if reason is None:
                kept.write(f'{{"line":{number},"record":{record}}}\n')
                continue
            rejected += 1
            shown = record.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            aside.write(json.dumps({"line": number, "reason": reason, "text": shown}) + "\n")
    return copy, rejects, rejected


def _fault(record: str) -> str | None:
    """Why a line is no JSON object, or None."""
    try:
        value = json.loads(record, parse_constant=_refuse, object_pairs_hook=_no_repeats)
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return f"not valid JSON: {error}"
    if not record.isascii() and any("\udc80" <= letter <= "\udcff" for letter in record):
        return "bytes that are not UTF-8"
    return None if isinstance(value, dict) else "not a JSON object"


def _refuse(name: str) -> None:
    """Python reads NaN and Infinity; JSON has neither."""
    raise ValueError(f"{name} is no JSON value")


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of which no key stands twice: one of the two values would be lost."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result
