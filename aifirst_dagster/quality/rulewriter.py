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
from aifirst_dagster.quality.rules import Rule, RuleSet


def dump(rules: RuleSet, path: str | Path) -> None:
    """Write the set to `path`: JSON where it ends in .json, else YAML. An existing file's comments are kept."""
    target = Path(path)
    if target.suffix.lower() == ".json":
        text = (
            json.dumps({"rules": [record(rule) for rule in rules]}, indent=2, ensure_ascii=False, default=_iso) + "\n"
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


def record(rule: Rule) -> dict[str, Any]:
    """A rule as files have it: without what is empty."""
    said = rule.model_dump()
    said["decision"] = {key: value for key, value in (said["decision"] or {}).items() if value}
    return {key: value for key, value in said.items() if value != "" and (key != "decision" or value)}


def _yaml_text(rules: RuleSet, target: Path) -> str:
    """YAML of the set, laid over what is in `target` so that comments stay with the rules of the same id."""
    from aifirst_dagster.quality.rulefile import parse
    from aifirst_dagster.quality.rulesplice import spliced

    records = [record(rule) for rule in rules]
    if target.exists():
        try:
            text = spliced(target.read_text(encoding="utf-8-sig"), records)
            if text is not None and parse(text) == rules:
                return text
        except Exception:  # noqa: BLE001, S110 - a damaged file is replaced, as asked
            pass
    out = io.StringIO()
    round_trip().dump({"rules": records}, out)
    return out.getvalue()


def _iso(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
