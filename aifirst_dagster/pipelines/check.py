"""From a parsed document to a `PipelineSpec`, with every problem that stands in the way."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from aifirst_dagster.pipelines import graph
from aifirst_dagster.pipelines.document import Document
from aifirst_dagster.pipelines.env import EnvRef, is_reference, references, substitute, wrong_reference
from aifirst_dagster.pipelines.graph import Issue, Node
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.pipelines.validation import at, kind, validate
from aifirst_dagster.steps.registry import step_types

Path = tuple["str | int", ...]

#: What names things stays as it is written: assets, folders and `needs` must not differ by environment.
_IDENTITY = {"name", "version", "type", "key", "needs"}
_STAND_INS: tuple[Any, ...] = ("x", 1, 0.5, True, "2026-01-01")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def check(document: Document, environ: Mapping[str, str] | None = None) -> PipelineSpec | None:
    """The pipeline that a document holds; None where it is wrong. Problems are added to the document."""
    data = document.value
    if not isinstance(data, dict):
        if not document.problems:
            said = "the file is empty" if data is None else f"a pipeline file is a mapping, not {kind(data)}"
            document.problems.append(document.problem((), said, "It needs `name:` and `steps:` at its left margin."))
        return None
    environ = os.environ if environ is None else environ
    shaped = _shape(document, data)
    candidates, issues = _settings(shaped, environ)
    spec, wrong = _fit(PipelineSpec, shaped, candidates, keep=True)
    known = {issue.path[:-1] for issue in issues}
    issues += [_moved(issue, data) for issue in wrong if issue.path not in known] + _steps(data)
    found = [document.problem(issue.path, issue.message, issue.hint, issue.on_key) for issue in issues]
    # Where YAML itself was refused there is no value: that it is missing is no second problem.
    refused = {(problem.line, problem.column) for problem in document.problems}
    document.problems += [problem for problem in found if (problem.line, problem.column) not in refused]
    if document.problems or spec is None:
        return None
    return _placed(spec, document)


def step_issues(type_: str, config: Any) -> list[Issue]:
    """What is wrong with a step's type and settings; paths start at the step."""
    types = step_types()
    if type_ not in types:
        near = get_close_matches(type_, types, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else f"Step types: {', '.join(types)}."
        return [Issue(("type",), f"there is no step type {type_!r}", hint)]
    if not isinstance(config, dict):
        return []
    issues = [Issue(("config", *path), *said) for path, said in _bad_references(config)]
    if issues:
        return issues
    candidates = {ref.path: [ref.default] if ref.has_default else list(_STAND_INS) for ref in references(config)}
    _, wrong = _fit(types[type_].config, config, candidates, keep=False)
    return [Issue(("config", *i.path), *_config_words(i, type_), i.on_key) for i in wrong]


def _shape(document: Document, data: dict[str, Any]) -> dict[str, Any]:
    """The data with short forms written out."""
    shaped = dict(data)
    if isinstance(shaped.get("version"), int | float) and not isinstance(shaped["version"], bool):
        shaped["version"] = document.source(("version",)) or str(shaped["version"])
    if isinstance(shaped.get("schedule"), str) or is_reference(shaped.get("schedule")):
        shaped["schedule"] = {"cron": shaped["schedule"]}
    if isinstance(shaped.get("steps"), list):
        shaped["steps"] = [_shape_step(step) for step in shaped["steps"]]
    return shaped


def _shape_step(step: Any) -> Any:
    if not isinstance(step, dict):
        return step
    shaped = dict(step)
    if isinstance(shaped.get("needs"), str):
        shaped["needs"] = [shaped["needs"]]
    if "config" in shaped and shaped["config"] is None:
        shaped["config"] = {}
    return shaped


def _settings(data: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[Path, list[Any]], list[Issue]]:
    """What each reference outside a step's `config` may stand for, and the variables that are missing."""
    candidates: dict[Path, list[Any]] = {}
    issues: list[Issue] = []
    for ref in references(data):
        own = ref.path[2:] if ref.path[0] == "steps" else ref.path
        if not own or own[0] == "config" or own[0] in _IDENTITY or wrong_reference(at(data, ref.path)):
            continue
        if text := environ.get(ref.name):
            candidates[ref.path] = [text, _scalar(text)]
        elif ref.has_default:
            candidates[ref.path] = [ref.default]
        else:
            hint = f"It shapes the definitions, so it is read when the file loads: set {ref.name}, or give a `default`."
            issues.append(Issue(ref.path, f"the environment variable {ref.name} is not set", hint))
            candidates[ref.path] = list(_STAND_INS)
    issues += [
        Issue(path, *said)
        for path, said in _bad_references(data)
        if not (path[0] == "steps" and path[2:3] == ("config",))
    ]
    return candidates, issues


def _fit(model: type[BaseModel], data: Any, candidates: dict[Path, list[Any]], keep: bool) -> tuple[Any, list[Issue]]:
    """Validate with a value for each reference: the first that its field takes.

    Args:
        model: What to validate.
        data: Plain values with references.
        candidates: By path of a reference: the values to try, in order.
        keep: Whether a reference that no value fits is an issue; without, only one with a default (one candidate) is.
    """
    chosen = dict.fromkeys(candidates, 0)

    def give(ref: EnvRef) -> Any:
        values = candidates.get(ref.path)
        if values:
            return values[chosen[ref.path]]
        return {"env": ref.name, "default": ref.default} if ref.has_default else {"env": ref.name}

    while True:
        spec, issues = validate(model, substitute(data, give), context={"checked": True})
        moved = False
        for path, values in candidates.items():
            here = [issue for issue in issues if issue.path == path]
            if (
                here
                and len(values) > 1
                and (option := re.search(r"must be one of ([^,]+)", here[0].message))
                and not keep
            ):
                values[:] = [option[1]]
                chosen[path], moved = 0, True
            elif here and chosen[path] + 1 < len(values):
                chosen[path], moved = chosen[path] + 1, True
        if not moved:
            break
    loose = {path for path, values in candidates.items() if len(values) > 1 and not keep}
    return spec, [issue for issue in issues if issue.path not in loose]


def _steps(data: dict[str, Any]) -> list[Issue]:
    """What is wrong with each step's type and settings, and with how the steps hang together."""
    steps = data.get("steps")
    if not isinstance(steps, list):
        return []
    issues: list[Issue] = []
    nodes: list[Node] = []
    types = step_types()
    for index, step in enumerate(steps):
        step = step if isinstance(step, dict) else {}
        type_, needs = step.get("type"), step.get("needs")
        if isinstance(type_, str):
            found = step_issues(type_, step.get("config"))
            issues += [Issue(("steps", index, *issue.path), issue.message, issue.hint, issue.on_key) for issue in found]
        name, key = (
            value if isinstance(value, str) and value else None for value in (step.get("name"), step.get("key"))
        )
        known = types.get(type_) if isinstance(type_, str) else None
        readable = needs is None or graph.plain(needs) is not None
        nodes.append(
            Node(
                name,
                key,
                graph.plain(needs),
                known.inputs if known and readable else None,
                isinstance(needs, str),
                str(type_),
            )
        )
    return issues + graph.connect(nodes).issues


def _bad_references(data: Any, path: Path = ()) -> list[tuple[Path, tuple[str, str]]]:
    """References that cannot be: a name that is no variable's, a default that is no single value."""
    if isinstance(data, dict):
        if is_reference(data):
            said = wrong_reference(data)
            return [((*path, "env" if "env`" in said[0] else "default"), said)] if said else []
        return [found for key, value in data.items() for found in _bad_references(value, (*path, key))]
    if isinstance(data, list):
        return [found for index, value in enumerate(data) for found in _bad_references(value, (*path, index))]
    return []


def _moved(issue: Issue, data: dict[str, Any]) -> Issue:
    """An issue with a hint that only the whole pipeline tells: the step types, a key that belongs elsewhere."""
    if issue.message.startswith("`type` is missing in step"):
        return Issue(issue.path, issue.message, f"Step types: {', '.join(step_types())}.")
    if issue.on_key and len(issue.path) == 3 and issue.path[0] == "steps":
        step, key = data["steps"][issue.path[1]], str(issue.path[2])
        known = step_types().get(step["type"]) if isinstance(step.get("type"), str) else None
        if known and key in known.config.model_fields:
            return Issue(issue.path, issue.message, f"`{key}` belongs under `config`.", on_key=True)
    if issue.on_key and len(issue.path) == 1 and issue.path[0] in StepSpec.model_fields:
        return Issue(
            issue.path, issue.message, f"`{issue.path[0]}` belongs to a step: check the indentation.", on_key=True
        )
    return issue


def _config_words(issue: Issue, type_: str) -> tuple[str, str]:
    """An issue within `config`, worded for it."""
    message = issue.message.replace("this mapping", f"the config of {type_}")
    if issue.on_key and len(issue.path) == 1:
        message = f"unknown key `{issue.path[0]}` in the config of {type_}"
        if issue.path[0] in StepSpec.model_fields and "Did you mean" not in issue.hint:
            return message, f"`{issue.path[0]}` belongs beside `config`, not in it."
    return message, issue.hint


def _scalar(text: str) -> Any:
    """The number, true or false that a text spells, else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _placed(spec: PipelineSpec, document: Document) -> PipelineSpec:
    """The spec, told where each step stands."""
    spec._place = document.place(())
    for index, step in enumerate(spec.steps):
        step._place = document.place(("steps", index))
    return spec
