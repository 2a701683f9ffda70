"""Reloads the code location when pipelines or designs change, so that new assets and checks stand in the UI."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from aifirst_dagster.cli.output import notice

LOCATION = "aifirst_dagster"
INTERVAL_SECONDS = 2.0
_MUTATION = """mutation Reload($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) { __typename }
}"""


def keep_current(folders: Sequence[Path], address: str, stop: threading.Event) -> None:
    """Reload whenever a YAML or SQL file below `folders` appears, changes or goes, until `stop` is set."""
    before = fingerprint(folders)
    while not stop.wait(INTERVAL_SECONDS):
        now = fingerprint(folders)
        if now != before and reload_location(address):
            before = now
            notice("Pipelines or designs have changed: reloaded.")


def fingerprint(folders: Sequence[Path]) -> dict[str, tuple[int, int]]:
    """Path -> size and time of each file that definitions come from."""
    found: dict[str, tuple[int, int]] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in (".yaml", ".yml", ".sql") and not path.name.startswith("."):
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue
                found[str(path)] = (stat.st_size, stat.st_mtime_ns)
    return found


def reload_location(address: str) -> bool:
    """Ask the webserver to load the location again; False where it did not answer."""
    body = json.dumps({"query": _MUTATION, "variables": {"name": LOCATION}}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status == 200
    except (urllib.error.URLError, TimeoutError):
        return False
