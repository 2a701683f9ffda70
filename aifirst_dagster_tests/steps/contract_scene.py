"""What the tests of a connector's contract share: files that land, and what became of their rows and columns."""

from __future__ import annotations

import json

from aifirst_dagster import state
from aifirst_dagster.orchestration.checks import reconcile
from aifirst_dagster_tests.scenario import ORDERS, Place, step

DAYS = "".join(f"{n},{n:02}/01/2026,{n}.50,{'open' if n % 2 else 'paid'}\n" for n in range(1, 29))
JANUARY = "id,ordered,amount,state\n" + DAYS
#: Months first, where January wrote days first: half of its days could be either.
AMERICAN = "id,ordered,amount,state\n" + "".join(f"{n + 100},02/{n:02}/2026,{n}.00,open\n" for n in range(1, 29))


def landed(place: Place, name: str, content: str) -> None:
    place.write(f"landing/shop/{name}", content)


def loaded(place: Place, contract, **config):
    """The pipeline, and the version that its first file made."""
    landed(place, "a.csv", config.pop("first", ORDERS))
    pipeline = place.pipeline(step("raw", "connector", contract=contract, **config))
    return pipeline, place.run(pipeline)


def told(version) -> list[dict]:
    return version.manifest.details["contract"]["changes"]


def kinds(version) -> dict[str, str]:
    return {change["column"]: change["kind"] for change in told(version)}


def accounted(place: Place, version) -> None:
    found = reconcile(place.store, version)
    assert found.passed, found.description
    made = version.manifest
    assert made.rows_in == made.rows_out + made.quarantined


def on_disk(place: Place) -> dict:
    return json.loads((place.project.designs / "shop/raw/contract.json").read_text())


def names(version) -> list[str]:
    return [column["name"] for column in version.manifest.columns]


def place_store(place: Place):
    from aifirst_dagster.proposals.designs import DesignStore

    return DesignStore(place.project.designs / "shop/raw", history=state.open(place.project).designs)
