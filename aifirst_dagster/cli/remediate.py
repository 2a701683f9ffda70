"""`aifirst remediate`: something is done about anomalies, after a look at it; on a dataset with a way back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice

if TYPE_CHECKING:
    from aifirst_dagster.quality.anomalies import Search
    from aifirst_dagster.quality.remediation import Choice


@click.command()
@click.argument("target", metavar="FILE|PIPELINE")
@click.argument("step", required=False)
@click.option("--group", "groups", multiple=True, help="Only this group (its id); may be given again. Default: all.")
@click.option("--action", help="Another action than the one suggested: set_null, quarantine, keep, ...")
@click.option("--preview", "mode", flag_value="preview", default="preview", help="Show what would be done (default).")
@click.option("--apply", "mode", flag_value="apply", help="Do it: a dataset gets a new version.")
@click.option(
    "--undo", "mode", flag_value="undo", help="Go back to the version before; with --group: expect it no more."
)
@click.option(
    "--remember", is_flag=True, help="With --apply: let coming runs of the step do the same (its repair plan)."
)
@click.option("--by", help="Who says so; default: the user's name.")
@click.option("--why", default="", help="The reason, kept with the version.")
@click.option("--partition", help="The dataset's partition, where it has some.")
@click.option("--rules", "rules_path", help="A bare file: rule set that the score before and after is told by.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A bare file: where the remedied rows go.")
@json_option
def command(target: str, step: str | None, as_json: bool, **wishes: Any) -> None:
    """Remedy anomalies of FILE into -o OUT, or of the dataset of a PIPELINE's STEP.

    Nothing is overwritten: a dataset gets a new version that says what was done, by whom and why; --undo goes back.
    """
    import getpass

    began = time.perf_counter()
    wishes["by"] = wishes["by"] or getpass.getuser()
    answer = _file(target, wishes) if step is None else _dataset(target, step, wishes)
    emit({**answer, "seconds": round(time.perf_counter() - began, 3)}, as_json, show)


def _file(path: str, wishes: dict[str, Any]) -> dict[str, Any]:
    """A bare file, remedied into another one."""
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect, ident
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.quality.anomalies import search
    from aifirst_dagster.quality.remediation.compile import compiled
    from aifirst_dagster.quality.remediation.preview import described
    from aifirst_dagster.quality.rules import RuleSet

    out: Path | None = wishes["output"]
    if wishes["mode"] == "undo" or wishes["remember"]:
        raise ConfigError("A bare file has no versions.", hint="Name a PIPELINE and a STEP, or delete the output.")
    if wishes["mode"] == "apply" and out is None:
        raise ConfigError("There is no output.", hint="Name one with -o OUT; the file itself is never overwritten.")
    if out is not None:
        from aifirst_dagster.connectors.export import format_of

        form = format_of(out)
        if Path(path).exists() and out.exists() and out.samefile(path):
            raise ConfigError("The output is the input.", hint="Name another file: nothing is overwritten.")
    rules = list(RuleSet.load(wishes["rules_path"])) if wishes["rules_path"] else []
    by = wishes["rules_path"] or "no rules: name a rule set with --rules"
    with connect(most=BARE_FILE) as con:
        table = load(con, path)
        with search(con, table.relation, table.columns) as done:
            choices = _choices(done, wishes)
            with compiled(done, table.relation, choices) as made:
                told = described(done, table.relation, choices, made, rules, by)
                aside = None
                if out is not None:
                    from aifirst_dagster.repair.export import write_query

                    names = ", ".join(ident(column) for column in table.read.columns)
                    write_query(con, f"SELECT {names} FROM ({made.kept})", out, form)
                    aside = out.with_name(f"{out.name}.quarantine.csv")
                    if not write_query(con, f"SELECT * FROM ({made.aside})", aside, "csv"):
                        aside.unlink()
                        aside = None
    return {"file": path, "applied": out is not None, "output": str(out) if out else None,
            "quarantine_path": str(aside) if aside else None, **told.model_dump(mode="json")}  # fmt: skip


def _dataset(pipeline: str, step: str, wishes: dict[str, Any]) -> dict[str, Any]:
    """A step's dataset: previewed, remedied as a new version, or put back."""
    from aifirst_dagster.cli.anomalies import dataset
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.orchestration import anomalies as work
    from aifirst_dagster.proposals.anomalies import expected
    from aifirst_dagster.quality.remediation import done_already, preview

    if wishes["output"] is not None or wishes["rules_path"]:
        raise ConfigError(
            "--output and --rules are for bare files.", hint="A dataset is judged by its pipeline's rules."
        )
    one = dataset(pipeline, step, wishes["partition"])
    base = {"pipeline": one.pipeline.name, "step": one.step.key, "partition": wishes["partition"]}
    if wishes["mode"] != "preview" and not wishes["why"]:
        raise ConfigError("There is no reason.", hint="Say why with --why TEXT: it is kept with the version.")
    if wishes["mode"] == "undo":
        if wishes["groups"]:
            gone = [group for group in wishes["groups"] if expected.unmark(one.designs, group)]
            return {**base, "undone": bool(gone), "version": one.version.manifest.version, "unmarked": gone}
        version, changed = work.undone(one, wishes["partition"], wishes["by"], wishes["why"])
        return {**base, "undone": changed, "version": version.manifest.version, "stale": one.below if changed else []}
    if wishes["mode"] == "apply" and _again(one, wishes, done_already):
        return {**base, "applied": False, "already": True, "version": one.version.manifest.version, "effects": []}
    with work.searched(one) as (_, done):
        done.found, _held = expected.apart(done.found, one.designs)
        choices = _choices(done, wishes)
        kept = [choice for choice in choices if choice.action == "keep"]
        doing = [choice for choice in choices if choice.action != "keep"]
        if wishes["mode"] == "preview":
            rules, judged_by = work.judges(one)
            told = preview(done, work.VIEW, choices, rules, judged_by)
            return {**base, "applied": False, "version": one.version.manifest.version, **told.model_dump(mode="json")}
        # A group is only taken for expected where a person named it.
        named = [choice for choice in kept if choice.group in wishes["groups"] or wishes["action"] == "keep"]
        for choice in named:
            if (group := done.group(choice.group)) is not None:
                expected.mark(one.designs, group, wishes["by"], wishes["why"])
        answer: dict[str, Any] = {**base, "applied": bool(doing), "version": one.version.manifest.version,
                                  "expected": [choice.group for choice in named], "effects": []}  # fmt: skip
        if doing:
            version, told = work.remedy(one, done, doing, wishes["by"], wishes["why"])
            answer |= {"version": version.manifest.version, "before": one.version.manifest.version, "stale": one.below,
                       **told.model_dump(mode="json")}  # fmt: skip
            if wishes["remember"]:
                answer["remembered"] = _remember(one, done, doing)
        return answer


def _again(one: Any, wishes: dict[str, Any], done_already: Any) -> bool:
    """Whether the groups that were named were remedied already in what stands now."""
    from aifirst_dagster.quality.remediation import remediation_of
    from aifirst_dagster.quality.remediation.model import Choice

    made = remediation_of(one.version)
    if not made or not wishes["groups"]:
        return False
    known = {change["group"]: change["action"] for change in made["changes"]}
    action = wishes["action"]
    choices = [Choice(group=group, action=action or known.get(group, "")) for group in wishes["groups"]]
    return bool(done_already(one.version, choices))


def _remember(one: Any, done: Search, choices: list[Choice]) -> list[dict[str, Any]]:
    """Each remedy in the step's repair plan; what cannot be is said, and is no reason to fail."""
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.proposals.anomalies.remember import remember

    kept = []
    for choice in choices:
        group = done.group(choice.group)
        assert group is not None
        try:
            kept.append(remember(one.designs, group, choice))
        except ConfigError as error:
            notice(f"{error.message} {error.hint}")
    return kept


def _choices(done: Search, wishes: dict[str, Any]) -> list[Choice]:
    """What is to be done about which group.

    Raises:
        InputError: There is no such group.
    """
    from aifirst_dagster.errors import InputError
    from aifirst_dagster.quality.remediation import Choice

    known = {group.id: group for group in done.found.groups}
    for name in wishes["groups"]:
        if name not in known:
            raise InputError(f"There is no group {name!r}.",
                             hint=f"There are: {', '.join(list(known)[:12]) or 'none'}.")  # fmt: skip
    chosen = [known[name] for name in wishes["groups"]] if wishes["groups"] else list(known.values())
    return [Choice.of(group, wishes["action"]) for group in chosen]


def show(answer: dict[str, Any]) -> None:
    """What was or would be done, for people: before -> after."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if "undone" in answer:
        word = "Undone" if answer["undone"] else "Nothing to undo: it was so already"
        console.print(Text(f"{word}; the version {answer['version']} stands."))
    if answer.get("already"):
        console.print(Text(f"This was done already, in the version {answer['version']}."))
    for effect in answer.get("effects", []):
        head = Text(f"{effect['action']}  ", style="bold")
        head.append(", ".join(effect["columns"]) or "(rows)")
        head.append(
            f"  {effect['cells']:,} cells, {effect['quarantined']:,} rows set aside  {effect['group']}", style="dim"
        )
        console.print(head)
        for one in effect["changes"][:5]:
            place = f"line {one['source_line']}" if one["source_line"] else f"row {one['row']}"
            what = (
                f"{one['column']}: {one['before']} -> {one['after']}" if one["column"] else f"set aside: {one['after']}"
            )
            console.print(Text(f"      {place}  {what}", style="dim"))
    score = answer.get("score")
    if score and score["before"] is not None:
        console.print(Text(f"Quality score {score['before']:.4f} -> {score['after']:.4f} ({score['judged_by']})."))
    if answer.get("expected"):
        console.print(Text(f"Marked as expected: {', '.join(answer['expected'])}."))
    console.print(Text(_ending(answer)), end="")


def _ending(answer: dict[str, Any]) -> str:
    """What has become of it, and what comes next."""
    effects = answer.get("effects", [])
    changed = any(effect["cells"] or effect["quarantined"] for effect in effects)
    if answer.get("applied"):
        if answer.get("output") and not changed:
            return f"Nothing was remedied: {answer['output']} holds the rows as they are.\n"
        place = answer.get("output") or f"version {answer['version']}"
        aside = f" Rows set aside: {answer['quarantine_path']}." if answer.get("quarantine_path") else ""
        stale = f" Run these again: {', '.join(answer['stale'])}." if answer.get("stale") else ""
        return f"Applied: {place}.{aside}{stale}\n"
    if "effects" not in answer or answer.get("already") or answer.get("expected"):
        return ""
    if not effects:
        return "There is nothing to remedy: no group was found.\n"
    if not changed:
        return "Nothing would be changed.\n"
    how = "-o OUT writes the remedied rows into another file" if "file" in answer else "--apply --why TEXT does it"
    return f"Nothing was changed; {how}.\n"
