"""`aifirst rules convert`: rule sets to and from Great Expectations suites, and to dbt tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice
from aifirst_dagster.errors import ConfigError, InputError, StorageError

if TYPE_CHECKING:
    from aifirst_dagster.quality.rules import RuleSet


@click.command()
@click.argument("source")
@click.argument("target")
@click.option("--to", "form", type=click.Choice(["aifirst", "gx", "dbt"]), help="Default: by what SOURCE is.")
@click.option("--model", help="The dbt model, or the suite's name. Default: the name of SOURCE.")
@click.option("--skip-unknown", is_flag=True, help="Leave out expectations that are not core ones, and say so.")
@json_option
def convert(source: str, target: str, form: str | None, model: str | None, skip_unknown: bool, as_json: bool) -> None:
    """Convert rules: SOURCE is a rule file or a Great Expectations suite; TARGET is written.

    A suite becomes a rule file, a rule file becomes a suite; --to dbt writes a schema.yml for a dbt model. What has no
    equivalent is said, with the reason.
    """
    rules, was, left_out = _load(source, skip_unknown)
    form = form or ("aifirst" if was == "gx" else "gx")
    name = model or Path(source).stem
    needs: list[Any] = []
    if form == "aifirst":
        rules.dump(target)
    elif form == "gx":
        from aifirst_dagster.quality.expectations.vocabulary import OWN
        from aifirst_dagster.quality.suite import suite

        made = suite(name, rules)
        _write(target, json.dumps(made, indent=2, ensure_ascii=False, default=str) + "\n")
        why = "Great Expectations has no such type."
        left_out += [{"rule": rule.id, "reason": why} for rule in rules if rule.type in OWN]
        left_out += [{"rule": rule.id, "reason": f"It is {rule.status}."} for rule in rules if not rule.heard]
    else:
        from aifirst_dagster.quality.dbt import dbt_tests

        tests = dbt_tests(name, rules)
        _write(target, _yaml(tests.schema))
        left_out += [{"rule": rule.id, "reason": reason} for rule, reason in tests.left_out]
        needs = list(tests.packages.get("packages", []))
    written = len(rules) - sum(1 for one in left_out if "rule" in one)
    answer = {
        "source": source, "target": target, "from": was, "to": form, "rules": written, "left_out": left_out,
        **({"packages": needs} if form == "dbt" else {}),
    }  # fmt: skip
    emit(answer, as_json, _show)


def _load(source: str, skip: bool) -> tuple[RuleSet, str, list[dict[str, str]]]:
    """(rules, what the file is, what was left out)."""
    from aifirst_dagster.quality.rulefile import parse
    from aifirst_dagster.quality.suite import from_suite, is_suite

    try:
        text = Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The file cannot be read: {error}.", file=source) from None
    try:
        tree = json.loads(text)
    except ValueError:
        tree = None
    if is_suite(tree):
        rules, left_out = from_suite(tree, source, skip)
        return rules, "gx", [{"expectation": text, "reason": "It is not in the vocabulary."} for text in left_out]
    if tree is not None and not (isinstance(tree, dict) and "rules" in tree):
        raise ConfigError(
            "This is neither a rule file nor a suite of Great Expectations.", file=source,
            hint="A rule file has the key 'rules', a suite 'expectations'.",
        )  # fmt: skip
    return parse(text, source), "aifirst", []


def _yaml(tree: Any) -> str:
    import io

    from aifirst_dagster.quality.rulefile import round_trip

    out = io.StringIO()
    round_trip().dump(tree, out)
    return out.getvalue()


def _write(path: str, text: str) -> None:
    """Write the whole file or nothing."""
    import os
    import tempfile

    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except OSError as error:
        raise StorageError(f"Cannot write: {error.strerror}.", file=path) from None


def _show(answer: dict[str, Any]) -> None:
    click.echo(f"{answer['rules']} rules written to {answer['target']} ({answer['from']} -> {answer['to']}).")
    for one in answer["left_out"]:
        notice(f"Left out: {one.get('rule') or one.get('expectation')}: {one['reason']}")
    for package in answer.get("packages", []):
        low, high = package["version"]
        notice(f"The tests need the dbt package {package['package']} ({low}, {high}) in packages.yml.")
