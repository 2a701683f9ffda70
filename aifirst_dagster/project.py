"""Where things lie: the project's root, its declarations and its state, never the working directory's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MARKER = "workspace.yaml"


@dataclass(frozen=True)
class Project:
    """A project folder: `resources/` with its declarations, and the state that runs leave.

    Attributes:
        root: Absolute folder that relative paths in pipelines start from.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """The project around `start` (a file or folder; default: the working directory).

        Walks up to the folder that holds `workspace.yaml`. Without one, a given `start` is its own project;
        with no `start`, the project that this package was installed from is used where there is one.
        """
        if start is None and (named := os.environ.get("AIFIRST_PROJECT")):
            return cls(Path(named).resolve())
        here = (start or Path.cwd()).resolve()
        folder = here if here.is_dir() else here.parent
        for candidate in (folder, *folder.parents):
            if (candidate / MARKER).is_file():
                return cls(candidate)
        source = Path(__file__).resolve().parent.parent
        if start is None and (source / MARKER).is_file():
            return cls(source)
        return cls(folder)

    @cached_property
    def home(self) -> Path:
        """State and datasets: `AIFIRST_HOME`, default `.aifirst/` under the root."""
        named = os.environ.get("AIFIRST_HOME")
        return (self.root / named).resolve() if named else self.root / ".aifirst"

    @property
    def resources(self) -> Path:
        """The project's declarations."""
        return self.root / "resources"

    @property
    def pipelines(self) -> Path:
        """The folder of pipeline files."""
        return self.resources / "pipelines"

    @property
    def designs(self) -> Path:
        """Designs: `<pipeline>/<step>/*.yaml|sql`."""
        return self.resources / "designs"

    @property
    def datasets(self) -> Path:
        """Versioned Parquet datasets."""
        return self.home / "datasets"

    def landing(self, pipeline: str) -> Path:
        """The folder where a connector without `path` looks for the files of `pipeline` (a slug)."""
        named = os.environ.get("AIFIRST_LANDING")
        return (self.root / named if named else self.root / "landing") / pipeline

    def resolve(self, path: str | Path) -> Path:
        """An absolute path; a relative one starts at the root."""
        return self.root / Path(path).expanduser()
