"""What the tests ask of Dagster's GraphQL interface, as the UI asks it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

LOCATION = {"repositoryLocationName": "aifirst_dagster", "repositoryName": "__repository__"}
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
_T = TypeVar("_T")


@dataclass(frozen=True)
class Client:
    """A webserver's GraphQL interface."""

    address: str

    def ask(self, query: str, **variables: Any) -> Any:
        """The `data` of an answer; an error of the interface fails the test."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        assert not found.get("errors"), json.dumps(found["errors"], indent=1)[:4000]
        return found["data"]

    def location(self) -> dict[str, Any]:
        """The code location's entry: its load status, and its load error where it has one."""
        entries = self.ask(
            """{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus updatedTimestamp
            locationOrLoadError { __typename ... on PythonError { message stack } } } } } }"""
        )["workspaceOrError"]["locationEntries"]
        return entries[0] if entries else {}

    def reload(self) -> None:
        """Load the location again, as the UI's button does."""
        said = self.ask(
            """mutation($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { __typename
            ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } } } }""",
            name=LOCATION["repositoryLocationName"],
        )["reloadRepositoryLocation"]
        assert said.get("locationOrLoadError", {}).get("__typename") == "RepositoryLocation", said

    def asset_keys(self) -> set[str]:
        """All assets that the location defines, `a/b`."""
        nodes = self.ask("{ assetNodes { assetKey { path } } }")["assetNodes"]
        return {"/".join(node["assetKey"]["path"]) for node in nodes}

    def launch(
        self, pipeline: str, steps: list[str] | None = None, config: Any = None, tags: dict[str, str] | None = None
    ) -> str:
        """Materialise a pipeline's assets (with all their checks); returns the run's id."""
        nodes = self.ask(
            "{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks { name } } } } }"
        )
        chosen = [
            node
            for node in nodes["assetNodes"]
            if node["assetKey"]["path"][0] == pipeline and (steps is None or node["assetKey"]["path"][1] in steps)
        ]
        assert chosen, f"no assets of {pipeline}"
        selector = {
            **LOCATION,
            "jobName": "__ASSET_JOB",
            "assetSelection": [{"path": node["assetKey"]["path"]} for node in chosen],
            "assetCheckSelection": [
                {"assetKey": {"path": node["assetKey"]["path"]}, "name": check["name"]}
                for node in chosen
                for check in node["assetChecksOrError"]["checks"]
            ],
        }
        pairs = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        said = self.ask(
            """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
            ... on LaunchRunSuccess { run { runId } } ... on PythonError { message stack }
            ... on RunConfigValidationInvalid { errors { message } } ... on UnauthorizedError { message } } }""",
            params={
                "selector": selector,
                "runConfigData": config or {},
                "executionMetadata": {"tags": pairs},
                "mode": "default",
            },
        )["launchRun"]
        assert said["__typename"] == "LaunchRunSuccess", said
        return str(said["run"]["runId"])

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        """Runs with these tags (`__` stands for `/`), newest first."""
        pairs = [{"key": key.replace("__", "/"), "value": value} for key, value in tags.items()]
        found = self.ask(
            """query($filter: RunsFilter) { runsOrError(filter: $filter) { ... on Runs { results {
            runId status assetSelection { path } tags { key value } } } } }""",
            filter={"tags": pairs},
        )["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def finished(self, run_id: str, seconds: float = 120) -> str:
        """Wait for a run to end; its status."""
        return until(lambda: self._ended(run_id), seconds, f"run {run_id} to end")

    def _ended(self, run_id: str) -> str | None:
        status = self.ask("query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", id=run_id)[
            "runOrError"
        ]["status"]
        return status if status in ENDED else None

    def why(self, run_id: str) -> str:
        """The messages of all that went wrong in a run, for assertions."""
        events = self.ask(
            """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { __typename
            ... on MessageEvent { message stepKey level } ... on ErrorEvent { error { message causes { message } } }
            } } } }""",
            id=run_id,
        )["logsForRun"]["events"]
        return "\n".join(
            f"{event.get('stepKey')}: {event.get('message')} {event.get('error')}"
            for event in events
            if event.get("error") or event.get("level") in ("ERROR", "CRITICAL")
        )

    def checks(self, asset: str) -> dict[str, dict[str, Any]]:
        """The checks that stand in an asset's Checks tab, each with its newest evaluation where it has one."""
        found = self.ask(
            """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
            assetChecksOrError { __typename ... on AssetChecks { checks { name blocking description
            executionForLatestMaterialization { runId status evaluation { success severity description
            metadataEntries { label __typename ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue }
            ... on JsonMetadataEntry { jsonString } ... on TableMetadataEntry { table { records } } }
            } } } } } } } }""",
            key={"path": asset.split("/")},
        )["assetNodeOrError"]["assetChecksOrError"]
        assert found["__typename"] == "AssetChecks", found
        return {check["name"]: check for check in found["checks"]}

    def materialisations(self, asset: str, limit: int = 50) -> list[dict[str, Any]]:
        """An asset's materialisations, newest first: run, partition, metadata labels, tags."""
        found = self.ask(
            """query($key: AssetKeyInput!, $limit: Int!) { assetOrError(assetKey: $key) { __typename ... on Asset {
            assetMaterializations(limit: $limit) { runId partition tags { key value } metadataEntries { label __typename
            ... on IntMetadataEntry { intValue } ... on FloatMetadataEntry { floatValue }
            ... on TextMetadataEntry { text }
            ... on TableSchemaMetadataEntry { schema { columns { name type } } } } } } } }""",
            key={"path": asset.split("/")},
            limit=limit,
        )["assetOrError"]
        if found["__typename"] != "Asset":
            return []
        rows = found["assetMaterializations"]
        return [{**row, "tags": {tag["key"]: tag["value"] for tag in row["tags"]}} for row in rows]

    def backfill(self, assets: list[str], partitions: list[str]) -> str:
        """Launch a backfill as the UI does; its id. The daemon looks for backfills every 30 s."""
        said = self.ask(
            """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) { __typename
            ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
            p={"assetSelection": [{"path": asset.split("/")} for asset in assets], "partitionNames": partitions},
        )["launchPartitionBackfill"]
        assert said["__typename"] == "LaunchBackfillSuccess", said
        return str(said["backfillId"])

    def backfilled(self, backfill: str) -> list[dict[str, Any]]:
        """The runs of a backfill, once it has ended or all of them have."""

        def look() -> list[dict[str, Any]] | None:
            state = self.ask(
                """query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status
                error { message } runs(limit: 50) { runId status } } } }""",
                id=backfill,
            )["partitionBackfillOrError"]
            assert not state["error"], state
            done = state["runs"] and all(run["status"] in ENDED for run in state["runs"])
            return state["runs"] if done or state["status"].startswith("COMPLETED") else None

        return until(look, 120, "the backfill", pause=0.5)

    def start_sensor(self, name: str) -> None:
        """Switch a sensor on."""
        said = self.ask(
            """mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename
            ... on PythonError { message } } }""",
            s={**LOCATION, "sensorName": name},
        )["startSensor"]
        assert said["__typename"] == "Sensor", said

    def ticks(self, name: str) -> list[dict[str, Any]]:
        """Ticks of a sensor or schedule, newest first."""
        found = self.ask(
            """query($s: InstigationSelector!) { instigationStateOrError(instigationSelector: $s) { __typename
            ... on InstigationState { status ticks(limit: 30) { status skipReason runIds error { message } } } } }""",
            s={**LOCATION, "name": name},
        )["instigationStateOrError"]
        return list(found.get("ticks") or [])


def until(probe: Callable[[], _T | None], seconds: float, what: str, pause: float = 0.3) -> _T:
    """What `probe` finds as soon as it is something true; `seconds` is more than it takes on a quiet machine."""
    begun = time.monotonic()
    while not (found := probe()):
        # Two whole Dagsters share two threads while tests run side by side.
        assert time.monotonic() < begun + 2 * seconds, f"waited {2 * seconds} s in vain for {what}"
        time.sleep(pause)
    return found
