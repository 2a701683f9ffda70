"""The floor of Dagster: four assets that do nothing, in one process, with a stored instance as a real run has one."""

from __future__ import annotations

import sys

import dagster as dg


@dg.asset
def loaded() -> None:
    """Stands for reading."""


@dg.asset(deps=[loaded])
def cleaned() -> None:
    """Stands for cleaning."""


@dg.asset(deps=[cleaned])
def checked() -> None:
    """Stands for checking."""


@dg.asset(deps=[checked])
def written() -> None:
    """Stands for writing."""


def main(home: str) -> None:
    """Materialise all four; runs and events are stored under `home`."""
    with dg.DagsterInstance.local_temp(home) as instance:
        result = dg.materialize([loaded, cleaned, checked, written], instance=instance)
    sys.exit(not result.success)


if __name__ == "__main__":
    main(sys.argv[1])
