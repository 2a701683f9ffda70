"""Where the state database lies, and how its address is written without its password."""

from __future__ import annotations

import os
import re

from aifirst_dagster.project import Project

POSTGRES = "AIFIRST_POSTGRES_URL"
_SCHEME = re.compile(r"^postgres(?:ql)?(?:\+\w+)?://")


def state_url(project: Project) -> str:
    """SQLAlchemy's address of the project's state database."""
    if named := os.environ.get(POSTGRES):
        return normalise(named)
    return f"sqlite:///{project.home / 'state.db'}"


def normalise(url: str) -> str:
    """A PostgreSQL address for psycopg 2: SQLAlchemy 2.1 would take a bare `postgresql://` to psycopg 3."""
    from aifirst_dagster.errors import ConfigError

    if not _SCHEME.match(url):
        shown = url.split("://", 1)[0] if "://" in url else "no scheme"
        raise ConfigError(
            f"{POSTGRES} is no PostgreSQL address ({shown}).", hint="Write it as postgresql://user:password@host/db."
        )
    return _SCHEME.sub("postgresql+psycopg2://", url)


def shown(url: str) -> str:
    """The address as it may stand in a message: without its password."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)
