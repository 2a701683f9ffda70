"""What a pipeline refers to has to be there: SQL, rule sets, target schemas, prompts, LLM resources, dates in paths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.pipelines.graph import Issue
from aifirst_dagster.pipelines.load import Loaded
from aifirst_dagster.pipelines.spec import StepSpec, WindowPartitions
from aifirst_dagster.project import Project

#: A path that stands for one window of a time partition.
DATED = re.compile(r"%[YmdHjVUWyb]")


def llm_resource(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """`llm` names a file of `resources/llm/`."""
    from aifirst_dagster.llm.resource import load_resources

    known = sorted(load_resources(project))
    if item.spec.llm is not None and item.spec.llm not in known:
        near = get_close_matches(item.spec.llm, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        yield Issue(("llm",), f"there is no LLM resource {item.spec.llm!r}", hint)


def prompts(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """`prompt_template` names a prompt that maps columns."""
    from aifirst_dagster.proposals.mapping.proposal import MappingProposal
    from aifirst_dagster.proposals.prompts import load

    for index, step in enumerate(item.spec.steps):
        name = step.config.get("prompt_template")
        if isinstance(name, str):
            yield from _tried(
                ("steps", index, "config", "prompt_template"),
                lambda n=name: load(n, project.resources / "prompts").fits(MappingProposal),
            )


def windows(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """Time partitions need a date column, or the date in each connector's path."""
    chosen = item.spec.partitions
    if not isinstance(chosen, WindowPartitions) or chosen.column:
        return
    for index, step in enumerate(item.spec.steps):
        paths = step.config.get("path")
        dated = any(isinstance(path, dict) or DATED.search(str(path)) for path in _listed(paths))
        if step.type == "connector" and not dated:
            hint = "Write %Y-%m-%d (or the like) into `path`, or name a `column` under `partitions`."
            yield Issue(("steps", index, "config", "path"), "nothing says which rows belong to a time partition", hint)


def queries(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """A `sql` step's query is one statement that DuckDB can parse, over the step's inputs."""
    for index, step in enumerate(item.spec.steps):
        if step.type != "sql":
            continue
        file, query = step.config.get("file"), step.config.get("query")
        path = ("steps", index, "config", "file" if isinstance(file, str) else "query")
        if isinstance(file, str):
            query = _read(project.resolve(file))
            if query is None:
                yield Issue(path, f"there is no file {file!r}", f"Looked for {project.resolve(file)}.")
        if isinstance(query, str) and (said := _sql(query, step)):
            yield Issue(path, *said)


def rule_sets(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """`rules` of an `llm_validation` step: a file that loads, or rules in the vocabulary."""
    from aifirst_dagster.quality.rules import RuleSet

    for index, step in enumerate(item.spec.steps):
        rules = step.config.get("rules") if step.type == "llm_validation" else None
        path = ("steps", index, "config", "rules")
        if isinstance(rules, str) and rules != "auto_generate":
            if not project.resolve(rules).is_file():
                near = " Did you mean auto_generate?" if get_close_matches(rules, ["auto_generate"]) else ""
                yield Issue(path, f"there is no rule set {rules!r}", f"Looked for {project.resolve(rules)}.{near}")
            else:
                RuleSet.load(project.resolve(rules))
        elif isinstance(rules, list):
            yield from _inline_rules((*path,), rules)


def targets(item: Loaded, project: Project, environ: Mapping[str, str]) -> Iterator[Issue]:
    """`target` of an `llm_transform` step: a Table Schema file, or fields inline, each with a unique name."""
    for index, step in enumerate(item.spec.steps):
        target = step.config.get("target") if step.type == "llm_transform" else None
        path = ("steps", index, "config", "target")
        if isinstance(target, str):
            yield from _schema_file(path, target, project)
        elif isinstance(target, list):
            yield from _fields(path, target)


CHECKS = (llm_resource, prompts, windows, queries, rule_sets, targets)


def _sql(query: str, step: StepSpec) -> tuple[str, str] | None:
    """What is wrong with a query before there is data."""
    import duckdb

    views = {view for key in step.inputs for view in (key, f"{key}__rows")}
    views |= {"input"} if len(step.inputs) == 1 else set()
    with duckdb.connect(":memory:") as con:
        try:
            statements = con.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                return "the query is not one SELECT", "Make a step of each statement; a step may only read."
            tables = con.get_table_names(query)
        except duckdb.Error as error:
            return f"DuckDB cannot read the query: {str(error).strip().splitlines()[0]}", "Mind quotes and commas."
    for table in sorted(tables):
        if table.isidentifier() and table.casefold() not in {view.casefold() for view in views}:
            near = get_close_matches(table, views, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Inputs: {', '.join(step.inputs)}; others go into `needs`."
            return f"the query reads {table!r}, which is none of the step's inputs", hint
    return None


def _inline_rules(path: tuple[str | int, ...], rules: list[Any]) -> Iterator[Issue]:
    """Rules that are written into the pipeline."""
    from aifirst_dagster.pipelines.validation import validate
    from aifirst_dagster.quality.rules import Rule

    for number, rule in enumerate(rules):
        _, issues = validate(Rule, rule)
        for issue in issues:
            message = issue.message.replace("this mapping", f"rule {number + 1}")
            yield Issue((*path, number, *issue.path), message, issue.hint, issue.on_key)


def _schema_file(path: tuple[str | int, ...], target: str, project: Project) -> Iterator[Issue]:
    """A target that is a file: a data file to look like, or a Table Schema whose fields are checked."""
    text = _read(project.resolve(target))
    if text is None:
        yield Issue(path, f"there is no target schema {target!r}", f"Looked for {project.resolve(target)}.")
    elif Path(target).suffix == ".json":
        try:
            schema = json.loads(text)
        except ValueError as error:
            yield Issue(path, f"{target} is no JSON: {error}", 'A Table Schema is JSON: {"fields": [{"name": ...}]}.')
            return
        fields = schema.get("fields") if isinstance(schema, dict) else schema
        if not isinstance(fields, list):
            yield Issue(path, f"{target} has no `fields`", 'A Table Schema is JSON: {"fields": [{"name": ...}]}.')
        else:
            for issue in _fields((), fields):
                yield Issue(path, f"{target}: {issue.message}", issue.hint)


def _fields(path: tuple[str | int, ...], fields: list[Any]) -> Iterator[Issue]:
    """Fields of a Table Schema: named, once each, of a type that there is."""
    from typing import get_args

    from aifirst_dagster.inference.schema import FieldType

    types, seen = get_args(FieldType), set[str]()
    for number, field in enumerate(fields):
        name = field.get("name") if isinstance(field, dict) else None
        kind = field.get("type", "any") if isinstance(field, dict) else "any"
        if not isinstance(name, str) or not name:
            yield Issue((*path, number), f"field {number + 1} has no `name`", "Each field is {name: ..., type: ...}.")
        elif name.casefold() in seen:
            yield Issue((*path, number), f"the field {name!r} stands twice", "Keep one of them.")
        elif not isinstance(kind, dict) and kind not in types:
            near = get_close_matches(str(kind), types, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else f"Types: {', '.join(types)}."
            yield Issue((*path, number, "type"), f"the field {name!r} has no type that there is: {kind!r}", hint)
        seen.add(str(name).casefold())


def _tried(path: tuple[str | int, ...], read: Any) -> Iterator[Issue]:
    """The error of reading something, at the place that refers to it."""
    try:
        read()
    except AifirstError as error:
        place = f"{error.where}: " if error.where else ""
        yield Issue(path, f"{place}{error.message}", error.hint)


def _read(path: Path) -> str | None:
    """A file's text; None where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
