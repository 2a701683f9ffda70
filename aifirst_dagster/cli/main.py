"""The `aifirst` command: each sub-command is a module of this package, imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

#: Sub-command -> what it does, in one line. The module of the same name holds a click command named `command`.
COMMANDS = {
    "infer": "Say what a file holds: dialect, types, keys, what needs cleaning.",
    "profile": "Measure every column of a file; --html writes a report.",
    "convert": "Read a messy file and write it clean-shaped in another format.",
    "clean": "Repair a file: dates, numbers, text, duplicates; bad rows to quarantine.",
    "rules": "Propose quality rules for a file; review and decide about them, one by one.",
    "check": "Check a file against rules.",
    "report": "Write a data quality report on a dataset version or a file: one page to forward.",
    "assess": "Say what is wrong with a file, how much of it, and what to do.",
    "anomalies": "Find rows and cells that do not fit, grouped by likely cause and explained.",
    "remediate": "Do something about anomalies: preview, apply as a new version, undo.",
    "schema": "Show, compare, accept or pin the schema contract of a pipeline or a file.",
    "drift": "Compare a file with an earlier one.",
    "map": "Map a file onto a target: a schema, or another file.",
    "eval": "Measure how right each provider is on labelled tables, and what it costs.",
    "lint": "Check pipeline files: every error, with its place.",
    "estimate": "Say what a pipeline would spend on models.",
    "design": "Propose a pipeline's designs without running it.",
    "run": "Run a pipeline as a Dagster run.",
    "prompts": "List, show, render or compare prompt templates; read what a model did with tools.",
    "costs": "Show what was spent on models.",
    "alerts": "List alerts; mute, resolve, sum up, or test the channels.",
    "purge": "Delete what is old: versions, records, logs; --dry-run says what.",
    "batches": "List message batches, or stop one.",
    "models": "List the models that can be named; compare them with the providers.",
    "quarantine": "List, show, retry or release rows that were set aside.",
    "dev": "Open the Dagster UI with everything loaded, reloading as designs change.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of `cmd_name` and return its command."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"aifirst_dagster.cli.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest command's name where there is no such command."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from `COMMANDS` alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="aifirst-dagster")
def cli() -> None:
    """Messy files in, a dataset that can be trusted out.

    Commands on a bare file need no project, no key and no network. With --json a command prints exactly one JSON
    object on stdout; progress and notices go to stderr.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the data failed, 2 bad input or usage, 3 a service failed, 130 ended."""
    from aifirst_dagster.cli.output import run_safely

    sys.exit(run_safely(cli, list(sys.argv[1:] if arguments is None else arguments)))


def program() -> None:
    """`main` as a process of its own, which ends with it."""
    from aifirst_dagster.cli.leaving import leave
    from aifirst_dagster.cli.output import run_safely

    leave(run_safely(cli, sys.argv[1:]))


if __name__ == "__main__":
    program()
