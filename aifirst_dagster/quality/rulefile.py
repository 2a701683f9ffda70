"""Rule files read: YAML or JSON, strictly, each fault with file:line and the nearest valid name."""

from __future__ import annotations

import json
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster.quality.expectations.vocabulary import problem
from aifirst_dagster.quality.rules import Decision, Rule, RuleSet, Severity, Status

FIELDS = tuple(Rule.model_fields)
_CHOICES = {"severity": get_args(Severity), "status": get_args(Status)}


def load(path: str | Path) -> RuleSet:
    """Read `{rules: [Rule]}` from `path`.

    Raises:
        InputError: The file cannot be read.
        ConfigError: With file:line and the nearest valid name, for anything that is not in the vocabulary.
    """
    file = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            "There is no such rule file.", file=file, hint="Write one with: aifirst rules FILE -o R.yaml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The rule file cannot be read: {error}.", file=file) from None
    return parse(text, file)


def parse(text: str, file: str | None = None) -> RuleSet:
    """A rule set from the text of a YAML or JSON file; `file` is named in errors."""
    tree = _tree(text, file)
    if not isinstance(tree, dict):
        raise ConfigError(
            "A rule file is a mapping with a list of rules.", file=file, line=1, hint="Begin with 'rules:'."
        )
    for key in tree:
        if key != "rules":
            raise ConfigError(
                f"Unknown key {key!r}.", file=file, line=_line(tree, key), hint="A rule file has one key: 'rules'."
            )
    listed = tree.get("rules", [])
    if not isinstance(listed, list):
        raise ConfigError(
            "'rules' is no list.", file=file, line=_line(tree, "rules"), hint="Begin each rule with '- '."
        )
    seen: dict[str, int] = {}
    rules = []
    for place, entry in enumerate(listed):
        rule = _rule(entry, file, _line(listed, place))
        line = _line(listed, place) or 0
        if isinstance(entry, dict) and entry.get("id") and rule.id in seen:
            raise ConfigError(
                f"Two rules have the id {rule.id!r}.", file=file, line=line or None,
                hint=f"The first is on line {seen[rule.id]}. Give this one another id.",
            )  # fmt: skip
        seen.setdefault(rule.id, line)
        rules.append(rule)
    return RuleSet(rules=rules)


def parse_rule(entry: Any, where: str = "rule") -> Rule:
    """A rule from a plain mapping (inline YAML, a model's answer). Raises `ConfigError` that names `where`."""
    return _rule(entry, where, None)


def _rule(entry: Any, file: str | None, line: int | None) -> Rule:
    if not isinstance(entry, dict):
        raise ConfigError(
            f"A rule is a mapping, not {entry!r}.", file=file, line=line, hint="It has a type and kwargs."
        )
    for key in entry:
        if key not in FIELDS:
            near = get_close_matches(str(key), FIELDS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"A rule has {', '.join(FIELDS)}."
            raise ConfigError(f"Unknown key {key!r} in a rule.", file=file, line=_line(entry, key) or line, hint=hint)
    if not isinstance(entry.get("type"), str):
        raise ConfigError(
            "A rule lacks its type.", file=file, line=line, hint="Such as expect_column_values_to_be_unique."
        )
    kwargs = entry.get("kwargs") if entry.get("kwargs") is not None else {}
    if not isinstance(kwargs, dict):
        raise ConfigError("kwargs is no mapping.", file=file, line=_line(entry, "kwargs") or line)
    if wrong := problem(entry["type"], kwargs):
        message, hint, name = wrong
        at = _line(kwargs, name) if name else _line(entry, "type")
        raise ConfigError(message, file=file, line=at or line, hint=hint)
    for key, choices in _CHOICES.items():
        if key in entry and entry[key] not in choices:
            near = get_close_matches(str(entry[key]), choices, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"It is one of {', '.join(choices)}."
            raise ConfigError(f"{key} is {entry[key]!r}.", file=file, line=_line(entry, key) or line, hint=hint)
    for key in ("id", "rationale", "provenance"):
        if key in entry and not isinstance(entry[key], str):
            raise ConfigError(
                f"{key} is {entry[key]!r}, not text.",
                file=file,
                line=_line(entry, key) or line,
                hint="Put it in quotes.",
            )
    if entry.get("decision") is not None:
        _decision(entry["decision"], file, _line(entry, "decision") or line)
    return Rule(**_plain(dict(entry)))


def _decision(said: Any, file: str | None, line: int | None) -> None:
    """Raise `ConfigError` where a decision is none."""
    known = tuple(Decision.model_fields)
    if not isinstance(said, dict):
        raise ConfigError(f"decision is {said!r}.", file=file, line=line, hint=f"It has {', '.join(known)}.")
    for key, value in said.items():
        at = _line(said, key) or line
        if key not in known:
            near = get_close_matches(str(key), known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}."
            raise ConfigError(f"Unknown key {key!r} in a decision.", file=file, line=at, hint=hint)
        if not isinstance(value, str | date):
            raise ConfigError(f"{key} of a decision is {value!r}, not text.", file=file, line=at, hint="Quote it.")
    choices = get_args(Status)
    if said.get("status") not in choices:
        raise ConfigError(
            f"status of a decision is {said.get('status')!r}.", file=file, line=_line(said, "status") or line,
            hint=f"It is one of {', '.join(choices)}.",
        )  # fmt: skip


def _tree(text: str, file: str | None) -> Any:
    """The file as nested mappings and lists that know their lines."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return round_trip().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
        raise ConfigError(f"The file is no valid YAML: {error.problem}.", file=file, **place) from None
    except YAMLError as error:
        try:
            return json.loads(text)  # JSON that YAML refuses: tabs as indentation
        except ValueError:
            raise ConfigError(f"The file is no valid YAML: {error}.", file=file) from None


def round_trip() -> Any:
    """A YAML reader and writer that keeps comments, quotes and order."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.allow_unicode, yaml.width, yaml.preserve_quotes = True, 110, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _line(tree: Any, key: Any) -> int | None:
    """The 1-based line of a mapping's key or a list's item, where the tree knows it."""
    marks: Any = getattr(tree, "lc", None)
    if marks is None:
        return None
    try:
        place = marks.key(key) if isinstance(tree, dict) else marks.item(key)
    except (KeyError, IndexError, TypeError):
        return None
    return int(place[0]) + 1


def _plain(value: Any) -> Any:
    """Plain Python values instead of the YAML reader's own classes."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return datetime.fromisoformat(value.isoformat())
    if isinstance(value, date):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value
