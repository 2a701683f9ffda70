"""What every command shares: one JSON object on stdout, errors with their place, exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from aifirst_dagster.errors import AifirstError

SCHEMA_VERSION = 1

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
provider_option = click.option(
    "--provider", default="offline", show_default=True, help="offline, claude, or the name of a file of resources/llm/."
)


def emit(answer: dict[str, Any], as_json: bool, show: Callable[[dict[str, Any]], None]) -> None:
    """Print `answer`: as one JSON object, or for people through `show`; an address of a file without its secrets."""
    if isinstance(answer.get("file"), str) and "://" in answer["file"]:
        from aifirst_dagster.connectors.places.address import shown

        answer = {**answer, "file": shown(answer["file"])}
    if as_json:
        click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **answer}, ensure_ascii=False, default=_plain))
    else:
        show(answer)


def notice(text: str) -> None:
    """Tell the user something on stderr."""
    click.echo(text, err=True)


_INTERRUPTED = {"type": "Interrupted", "message": "Interrupted.", "hint": "Run the same command again."}


def run_safely(command: click.Command, arguments: list[str]) -> int:
    """Run `command`; returns the exit code. Each failure is worded, none is a traceback (AIFIRST_DEBUG=1 shows it)."""
    as_json = "--json" in arguments
    try:
        result = command.main(arguments, prog_name="aifirst", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.UsageError as error:
        usage = error.ctx.get_usage() if error.ctx else ""
        _report({"type": "UsageError", "message": error.format_message(), "hint": usage}, as_json)
        return 2
    except (KeyboardInterrupt, click.Abort):
        _report(_INTERRUPTED, as_json)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if _interrupted(error):
            _report(_INTERRUPTED, as_json)
            return 130
        if isinstance(error, AifirstError):
            _report(error.to_dict(), as_json)
            return error.exit_code
        if os.environ.get("AIFIRST_DEBUG"):
            raise
        _report(_unexpected(error), as_json)
        return 2


def _interrupted(error: BaseException | None) -> bool:
    """Whether an error goes back to Ctrl-C, which DuckDB makes a `RuntimeError` of while it is at work."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt) or (type(error) is RuntimeError and str(error) == "Query interrupted"):
            return True
        error = error.__cause__ or error.__context__
    return False


def _unexpected(error: Exception) -> dict[str, Any]:
    """An error that no part foresaw, worded as well as can be."""
    if isinstance(error, OSError):
        place = {"file": os.fspath(error.filename)} if error.filename else {}
        return {"type": type(error).__name__, "message": error.strerror or str(error), "hint": "", **place}
    hint = "This is a defect: please report it, with the output of the same command under AIFIRST_DEBUG=1."
    return {"type": type(error).__name__, "message": str(error).strip() or repr(error), "hint": hint}


def _report(error: dict[str, Any], as_json: bool) -> None:
    """Print an error object: on stdout as JSON where asked, else worded on stderr."""
    if as_json:
        text = json.dumps({"schema_version": SCHEMA_VERSION, "error": error}, ensure_ascii=False, default=_plain)
        try:
            click.echo(text)
            return
        except OSError:
            # It may be the very error: standard output cannot be written. What is left in it has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    where = ":".join(str(error[key]) for key in ("file", "line", "column") if error.get(key) is not None)
    click.echo(f"error: {where + ': ' if where else ''}{error['message']}", err=True)
    if error.get("hint"):
        click.echo(f"  {error['hint']}", err=True)


def _plain(value: Any) -> Any:
    """What JSON lacks, as text, list or number."""
    from datetime import date, datetime, time
    from decimal import Decimal

    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)
