"""A project in a folder of its own, with small messy files, and its steps run one by one without Dagster.

from aifirst_dagster_tests.scenario import aifirst, furnished, place    # pytest fixtures
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from aifirst_dagster import state
from aifirst_dagster.cli.main import cli
from aifirst_dagster.cli.output import run_safely
from aifirst_dagster.datasets import quarantine
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.datasets.store import Dataset, DatasetStore, Version
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.orchestration.execute import Done, Work, execute, published
from aifirst_dagster.orchestration.storage import dagster_home, open_instance
from aifirst_dagster.pipelines.load import load
from aifirst_dagster.pipelines.spec import PipelineSpec
from aifirst_dagster.project import Project
from aifirst_dagster.steps.run import Partition

_FOREIGN = ("AIFIRST_", "DAGSTER_", "ANTHROPIC_", "CLAUDE_")

ORDERS = "id,ordered,amount,state\n1,2026-01-05,10.50,open\n2,2026-01-06,20,paid\n3,2026-01-07,7.25,paid\n"
#: 32 orders: line 4 has a date that nobody can read, line 6 is line 3 again.
MESSY_ORDERS = (
    "Order Id,Ordered At,Amount,State\n"
    "1,05/01/2026,€ 10.50,open\n"
    "2,2026-01-06,€ 20.00, Paid \n"
    "3,the other day,€ 7.25,paid\n"
    "4,17/01/2026,€ 1.00,OPEN\n"
    "2,2026-01-06,€ 20.00, Paid \n"
) + "".join(
    f"{number},2026-02-{number - 3:02},€ {number}.00,{'paid' if number % 2 else 'open'}\n" for number in range(5, 32)
)


def step(key: str, type_: str, needs: list[str] | None = None, /, **config: Any) -> dict[str, Any]:
    """A step of a pipeline file, named as its key."""
    return {"name": key, "key": key, "type": type_, "config": config, **({} if needs is None else {"needs": needs})}


@dataclass
class Place:
    """A project folder, and what was run in it.

    Attributes:
        notes: What the steps logged.
    """

    root: Path
    notes: list[str] = field(default_factory=list)

    @property
    def project(self) -> Project:
        """The project itself."""
        return Project(self.root)

    @property
    def store(self) -> DatasetStore:
        """Its datasets."""
        return DatasetStore(self.project.datasets)

    def write(self, path: str, content: str | bytes) -> Path:
        """Write a file below the root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def file(self, *steps: Mapping[str, Any], name: str = "shop", **settings: Any) -> Path:
        """Write a pipeline file."""
        text = yaml.safe_dump({"name": name, **settings, "steps": list(steps)}, sort_keys=False)
        return self.write(f"resources/pipelines/{name}.yaml", text)

    def pipeline(self, *steps: Mapping[str, Any], name: str = "shop", **settings: Any) -> PipelineSpec:
        """Write a pipeline file and load it."""
        return load(self.file(*steps, name=name, **settings))

    def execute(
        self,
        pipeline: PipelineSpec,
        key: str,
        *,
        llm: LLM | None = None,
        partition: Partition | None = None,
        override: Path | None = None,
        run_id: str = "run",
    ) -> Done:
        """Execute one step on the current versions of its inputs; what it made is not published yet."""
        spec = pipeline.step(key)
        keys = [partition.key] if partition else None
        inputs: dict[str, Dataset] = {name: self.store.open(pipeline.slug, name, keys) for name in spec.inputs}
        llm = llm or choose("offline", self.project)
        work = Work(self.project, pipeline, spec, self.store, inputs, llm, run_id, partition, override)
        return execute(Work(**{**work.__dict__, "log": self.notes.append}))

    def run(self, pipeline: PipelineSpec, *keys: str, **options: Any) -> Version:
        """Execute and publish steps (default: all, in order); the version that the last one made."""
        for key in keys or pipeline.order:
            done = self.execute(pipeline, key, **options)
            version = done.writer.publish(done.manifest)
            published(self.project, self.store, done.manifest, self.notes.append)
        return version


def rows(version: Version | Path | str, columns: str = "* EXCLUDE (_source, _source_line, _raw)", order: str = "ALL"):
    """Rows of a version, or of a Parquet file."""
    parts = version.parts if isinstance(version, Version) else [Path(version)]
    listed = ", ".join("'" + str(part).replace("'", "''") + "'" for part in parts)
    with connect() as con:
        return con.execute(
            f"SELECT {columns} FROM read_parquet([{listed}], union_by_name = true) ORDER BY {order}"
        ).fetchall()


def aside(version: Version) -> list[dict[str, Any]]:
    """Quarantined rows of a version."""
    if not version.quarantine.is_file():
        return []
    with connect() as con:
        return quarantine.read(con, version.quarantine)


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Its one JSON object on stdout."""
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """All that a person saw, for what must or must not be in it."""
        return self.out + self.err


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `AIFIRST_HOME` with the tables of Dagster and of our own made, to copy: making them takes seconds."""
    root = tmp_path_factory.mktemp("furnished")
    before = {name: os.environ.pop(name, None) for name in ("DAGSTER_HOME", "AIFIRST_HOME", "AIFIRST_POSTGRES_URL")}
    try:
        project = Project(root)
        dagster_home(project)
        with open_instance() as instance:
            instance.get_runs_count()
            instance.all_asset_keys()
            instance.all_instigator_state()
        state.open(project)
    finally:
        os.environ.pop("DAGSTER_HOME", None)
        os.environ.update({name: value for name, value in before.items() if value is not None})
    return project.home


@pytest.fixture
def aifirst(place: Place, furnished: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs `aifirst` with these arguments in the project, in this process."""
    shutil.copytree(furnished, place.project.home, symlinks=True)

    def run(*arguments: str | Path) -> Said:
        capfd.readouterr()
        code = run_safely(cli, [str(one) for one in arguments])
        captured = capfd.readouterr()
        return Said(code, captured.out, captured.err)

    return run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty project, and nothing in the environment that steers it from outside."""
    for name in ("AIFIRST_PROJECT", "AIFIRST_LLM", "DAGSTER_HOME"):  # commands set these: undone after the test
        monkeypatch.setenv(name, "")
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        monkeypatch.delenv(name)
    root = tmp_path / "project"
    root.mkdir()
    (root / "workspace.yaml").write_text("load_from:\n  - python_module: aifirst_dagster.definitions\n")
    monkeypatch.chdir(root)
    return Place(root)
