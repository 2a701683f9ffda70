"""Rule files written: YAML laid over the file that is there, so that a person's comments survive, or JSON."""

from __future__ import annotations

import io
import json
import os
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from aifirst_dagster.errors import StorageError
from aifirst_dagster.quality.rulefile import round_trip
from aifirst_dagster.quality.rules import Rule, RuleSet, stable_id


def dump(rules: RuleSet, path: str | Path) -> None:
    """Write the set to `path`: JSON where it ends in .json, else YAML. An existing file's comments are kept."""
    target = Path(path)
    if target.suffix.lower() == ".json":
        text = (
            json.dumps({"rules": [_record(rule) for rule in rules]}, indent=2, ensure_ascii=False, default=_iso) + "\n"
        )
    else:
        text = _yaml_text(rules, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(mode)
        Path(name).replace(target)
    except OSError as error:
        raise StorageError(f"The rules cannot be written: {error.strerror}.", file=str(path)) from None


def _record(rule: Rule) -> dict[str, Any]:
    record = rule.model_dump()
    record["decision"] = {key: value for key, value in (record["decision"] or {}).items() if value}
    return {key: value for key, value in record.items() if value != "" and (key != "decision" or value)}


def _yaml_text(rules: RuleSet, target: Path) -> str:
    """YAML of the set, laid over what is in `target` so that comments stay with the rules of the same id."""
    yaml = round_trip()
    tree: Any = None
    if target.exists():
        try:
            tree = yaml.load(target.read_text(encoding="utf-8"))
        except Exception:  # noqa: BLE001 - a damaged file is replaced, as asked
            tree = None
    if not isinstance(tree, dict) or not isinstance(tree.get("rules"), list):
        tree = {"rules": [_record(rule) for rule in rules]}
    else:
        _merge(tree["rules"], rules)
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue()


def _merge(listed: Any, rules: RuleSet) -> None:
    """Bring the entries of a YAML list up to date, keeping those (and their comments) that are unchanged."""
    wanted = {rule.id: _record(rule) for rule in rules}
    there: dict[str, Any] = {}
    for place in range(len(listed) - 1, -1, -1):
        entry = listed[place]
        name = entry.get("id") or _id(entry) if isinstance(entry, dict) else None
        if name in wanted and name not in there:
            there[name] = entry
        else:
            del listed[place]
    for name, record in wanted.items():
        if name not in there:
            listed.append(record)
            continue
        entry = there[name]
        for key in [key for key in entry if key not in record]:
            del entry[key]
        for key, value in record.items():
            named = key in entry or key not in ("id", "provenance", "status", "severity")
            if entry.get(key) == value or (key == "id" and not entry.get("id")):
                continue
            if isinstance(value, dict) and isinstance(entry.get(key), dict):
                _update(entry[key], value)
            elif named or value != Rule.model_fields[key].default:
                entry[key] = value


def _update(entry: Any, record: dict[str, Any]) -> None:
    """Bring a YAML mapping up to date in place, so that its comments stay."""
    for key in [key for key in entry if key not in record]:
        del entry[key]
    for key, value in record.items():
        if entry.get(key) != value:
            entry[key] = value


def _id(entry: dict[str, Any]) -> str | None:
    """The identity of an entry that gives no id."""
    kwargs = entry.get("kwargs")
    named = dict(kwargs) if isinstance(kwargs, dict) else {}
    return stable_id(entry["type"], named) if isinstance(entry.get("type"), str) else None


def _iso(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
