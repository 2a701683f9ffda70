"""Groups that a person takes for expected: kept beside the step's designs, so that they are told no more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from aifirst_dagster.errors import DesignError
from aifirst_dagster.proposals.files import one_at_a_time, write_atomically
from aifirst_dagster.quality.anomalies import Anomalies, Group

FILE = "expected_anomalies.yaml"
_BANNER = "# Anomalies that a person takes for expected: `aifirst anomalies` tells them no more. Yours to edit.\n"


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Group id -> who expects it, when and why; empty where nothing is.

    Raises:
        DesignError: The file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        read = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
        return {str(one["group"]): dict(one) for one in read.get("expected", [])}
    except (YAMLError, OSError, UnicodeDecodeError, AttributeError, KeyError, TypeError) as error:
        raise DesignError(f"What is expected cannot be read: {str(error).splitlines()[0]}.", file=str(path),
                          hint="Mend it, or delete the file.") from None  # fmt: skip


def mark(folder: Path, group: Group, by: str, why: str) -> bool:
    """Remember that `group` is as expected; False where it was so already."""
    with one_at_a_time(folder):
        known = load(folder)
        if group.id in known:
            return False
        known[group.id] = {
            "group": group.id, "kind": group.kind, "columns": group.columns, "cause": group.cause, "by": by,
            "why": why, "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }  # fmt: skip
        _write(folder, known)
        return True


def unmark(folder: Path, group: str) -> bool:
    """Forget that a group is expected; False where it was not."""
    with one_at_a_time(folder):
        known = load(folder)
        if group not in known:
            return False
        del known[group]
        _write(folder, known)
        return True


def apart(found: Anomalies, folder: Path) -> tuple[Anomalies, list[dict[str, Any]]]:
    """The anomalies without those that are expected, and what was said of the latter."""
    known = load(folder)
    told = [group for group in found.groups if group.id not in known]
    held = [known[group.id] for group in found.groups if group.id in known]
    return found.model_copy(update={"groups": told}), held


def _write(folder: Path, known: dict[str, dict[str, Any]]) -> None:
    from io import StringIO

    out, yaml = StringIO(), YAML()
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = False, 118, True
    yaml.dump({"expected": list(known.values())}, out)
    write_atomically(folder / FILE, _BANNER + out.getvalue())
