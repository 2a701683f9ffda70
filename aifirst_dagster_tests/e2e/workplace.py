"""A throw-away project: its own pipelines, samples, state and environment, apart from everything on the machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
#: In the environment of every process a test starts, and so of their children: how orphans are found.
MARK = "AIFIRST_TEST_MARK"
_FOREIGN = ("AIFIRST_", "DAGSTER_", "ANTHROPIC_", "CLAUDE_", "PYTEST_")


@dataclass
class Workplace:
    """A project folder and the environment that commands in it get."""

    root: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def home(self) -> Path:
        """AIFIRST_HOME."""
        return Path(self.environment["AIFIRST_HOME"])

    @property
    def environment(self) -> dict[str, str]:
        """The environment without anything that steers us or Dagster from outside."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {
            **own,
            "AIFIRST_HOME": str(self.root / "state"),
            "AIFIRST_PROJECT": str(self.root),
            MARK: self.mark,
            **self.extra,
        }

    def pipeline(self, slug: str, steps: list[dict[str, Any]], **settings: Any) -> Path:
        """Write a pipeline file; its name is its slug."""
        path = self.root / "resources" / "pipelines" / f"{slug}.yaml"
        path.write_text(yaml.safe_dump({"name": slug, **settings, "steps": steps}, sort_keys=False), encoding="utf-8")
        return path

    def write(self, path: str, text: str) -> Path:
        """Write a file below the root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `aifirst` with these arguments in the project."""
        return subprocess.Popen(
            [sys.executable, "-m", "aifirst_dagster.cli.main", *arguments],
            cwd=self.root,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def aifirst(self, *arguments: str, **environment: str) -> Ended:
        """Run `aifirst` to its end."""
        process = self.start(*arguments, **environment)
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Ended(process.returncode, out, err)

    def processes(self) -> dict[int, str]:
        """Processes that this project started and that still live: id -> command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return {number: command for number, command in found.items() if command}

    def end_all(self) -> None:
        """Kill whatever of this project still runs."""
        for number in self.processes():
            with_missing_ok(number)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All it wrote, for messages."""
        return f"exit {self.code}\n{self.out}\n{self.err}"


def with_missing_ok(number: int) -> None:
    """Kill a process that may have ended just now."""
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        return


def make(root: Path, **extra: str) -> Workplace:
    """A project with the repository's settings and samples, and no pipeline yet."""
    for name in ("workspace.yaml", "dagster.yaml"):
        shutil.copy(REPOSITORY / name, root / name)
    shutil.copytree(REPOSITORY / "resources" / "samples", root / "resources" / "samples")
    shutil.copytree(REPOSITORY / "resources" / "llm", root / "resources" / "llm")
    (root / "resources" / "pipelines").mkdir()
    return Workplace(root, extra)


def sample_pipeline(place: Workplace, name: str) -> Path:
    """Copy one of the repository's pipelines into the project."""
    return Path(shutil.copy(REPOSITORY / "resources" / "pipelines" / name, place.root / "resources" / "pipelines"))
