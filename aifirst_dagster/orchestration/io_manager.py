"""The IO manager: publishes what a step wrote, and pins what a step reads; data stays in Parquet, scanned lazily."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from aifirst_dagster.datasets.store import Dataset, DatasetStore, Manifest, Version, VersionWriter
from aifirst_dagster.orchestration.keys import slugs_of


@dataclass(frozen=True)
class Produced:
    """What a step wrote and nobody sees yet: a version for each partition of the run."""

    versions: tuple[tuple[VersionWriter, Manifest], ...]


class ParquetDatasetIOManager(dg.ConfigurableIOManager):
    """Datasets as immutable Parquet versions; see `aifirst_dagster.datasets.store`.

    Attributes:
        root: Folder of the datasets.
        keep: How many versions of each dataset a publication leaves; None: as the environment says, else 5.
    """

    root: str
    keep: int | None = None

    def store(self) -> DatasetStore:
        """The store that this manager reads and writes."""
        return DatasetStore(Path(self.root))

    def handle_output(self, context: dg.OutputContext, obj: Produced) -> None:
        """Publish each version: one atomic switch for each partition."""
        for writer, manifest in obj.versions:
            published: Version = writer.publish(manifest, self.keep)
            context.log.debug(f"published {published.folder}")

    def load_input(self, context: dg.InputContext) -> Dataset:
        """Pin the current version of the step above, or one for each of its partitions that this run reads."""
        pipeline, step = slugs_of(context.asset_key)
        # Dagster gives the keys of dynamic partitions in the order of a set: it changes from process to process.
        keys = sorted(context.asset_partition_keys) if context.has_asset_partitions else None
        return self.store().open(pipeline, step, keys)
