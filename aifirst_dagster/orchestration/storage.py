"""Dagster's storage, chosen by environment: PostgreSQL at `AIFIRST_POSTGRES_URL`, else SQLite under `DAGSTER_HOME`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, Field, Noneable
from dagster._core.storage.base_storage import DagsterStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from aifirst_dagster.errors import ConfigError, ServiceError
from aifirst_dagster.observe.redact import redact
from aifirst_dagster.project import Project

URL_VARIABLE = "AIFIRST_POSTGRES_URL"


class EnvironmentStorage(DagsterStorage, ConfigurableClass):  # type: ignore[misc]
    """Named in `dagster.yaml`, never instantiated: `from_config_value` gives Dagster's own storage, or nearly."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """`base_dir`: folder of the SQLite files; default: `DAGSTER_HOME`."""
        return {"base_dir": Field(Noneable(str), is_required=False, default_value=None)}

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> DagsterStorage:
        """The storage that the environment asks for."""
        if url := os.environ.get(URL_VARIABLE):
            from dagster_postgres import DagsterPostgresStorage

            return DagsterPostgresStorage(_driver(url), inst_data=inst_data)
        base = config_value.get("base_dir") or os.environ.get("DAGSTER_HOME") or str(Project.find().home / "dagster")
        Path(base).mkdir(parents=True, exist_ok=True)
        from aifirst_dagster.orchestration.sqlite_storage import KeptConnectionsStorage

        return KeptConnectionsStorage(base, inst_data=inst_data)


def open_instance() -> DagsterInstance:
    """Dagster's instance: where runs are recorded.

    Raises:
        ServiceError: The server at `AIFIRST_POSTGRES_URL` cannot be used.
    """
    url = os.environ.get(URL_VARIABLE)
    if not url:
        return DagsterInstance.get()
    from dagster_postgres.utils import DagsterPostgresException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return DagsterInstance.get()
    except (DagsterPostgresException, SQLAlchemyError) as error:
        cause = error.__cause__ or error
        reason = str(getattr(cause, "orig", None) or cause).strip().splitlines()[0]
        raise ServiceError(
            f"Cannot use the PostgreSQL server that {URL_VARIABLE} names: {redact(reason)}",
            hint=f"See that it is running and the address is right, or unset {URL_VARIABLE} to use SQLite.",
        ) from error


def _driver(url: str) -> str:
    """`url` with its driver named: SQLAlchemy would choose psycopg 3 for a bare `postgresql://`."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg2://{rest}" if scheme in ("postgres", "postgresql") else url


def dagster_home(project: Project) -> Path:
    """Set `DAGSTER_HOME` for this process and its children, unless the user has; returns it.

    The project's `dagster.yaml` is linked into the folder: runs, the webserver and the daemon share one instance.

    Raises:
        ConfigError: What the user has set is no folder.
    """
    if named := os.environ.get("DAGSTER_HOME"):
        if not Path(named).is_dir():
            raise ConfigError(
                f"DAGSTER_HOME names a folder that is not there: {named}.",
                hint="Make it, or unset DAGSTER_HOME: the project keeps Dagster's files under its own home then.",
            )
        return Path(named)
    home = project.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    own, link = project.root / "dagster.yaml", home / "dagster.yaml"
    settings = own if own.is_file() else Path(__file__).with_name("defaults.yaml")
    if not link.exists() or link.resolve() != settings.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    return home
