"""How long what grows is kept: `resources/retention.yaml`; without the file, the defaults below."""

from __future__ import annotations

import os
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.datasets.store import DEFAULT_KEEP
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.observe.age import age
from aifirst_dagster.pipelines.monitoring import Age
from aifirst_dagster.project import Project

FILE = "retention.yaml"


class Versions(BaseModel):
    """Of each dataset, and of each partition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep: int | None = Field(
        None, ge=1, le=10_000, description="How many versions; default: AIFIRST_KEEP_VERSIONS, else 5."
    )
    days: Age | None = Field(None, description="Younger ones are kept, too.")

    @property
    def most(self) -> int:
        """How many."""
        named = os.environ.get("AIFIRST_KEEP_VERSIONS", "").strip()
        return self.keep or (int(named) if named.isdecimal() and int(named) else DEFAULT_KEEP)


class Retention(BaseModel):
    """The file. An age is a number and a unit (90d, 26w); null keeps for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    versions: Versions = Versions()
    runs: Age | None = Field("90d", description="Dagster's runs, with their events and logs.")
    answers: Age | None = Field("90d", description="What models said, in the ledger.")
    ledger: Age | None = Field(
        "730d", description="Single calls in the ledger; older ones are added up by day, and no dollar is lost."
    )
    transcripts: Age | None = Field("90d", description="What models did with tools.")
    batches: Age | None = Field("90d", description="Message batches that have ended.")
    measures: Age | None = Field("730d", description="Figures of dataset versions; each dataset's newest stays.")
    profiles: Age | None = Field("730d", description="Profiles for drift; each dataset's baseline and latest stay.")
    designs: Age | None = Field("365d", description="Earlier proposals; each design's newest of each status stays.")
    quarantine: Age | None = Field("365d", description="What was done about rows set aside; each row's newest stays.")
    alerts: Age | None = Field("180d", description="Incidents that were resolved, messages that went out, ended mutes.")
    cache: Age | None = Field("90d", description="The cache of models' answers on disk.")

    def before(self, name: str, now: datetime) -> datetime | None:
        """What is older than this may go; None: nothing."""
        text = getattr(self, name)
        return None if text is None else now - age(text)


def retention(project: Project) -> Retention:
    """The project's settings.

    Raises:
        ConfigError: The file is not what it should be: with its line and column.
    """
    path = project.resources / FILE
    if not path.exists():
        return Retention()
    from aifirst_dagster.llm.yaml import load_strict

    return load_strict(path, Retention)


def keep_versions(project: Project) -> int | None:
    """How many versions publications leave; None where the file cannot be used (the purge says why)."""
    try:
        return retention(project).versions.most
    except ConfigError:
        return None
