"""`aifirst design --accept`: what was proposed while designs were frozen is taken into the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.errors import StorageError
from aifirst_dagster.inference.contract import document
from aifirst_dagster.proposals import contracts
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.rules.carry import taken_over
from aifirst_dagster.proposals.rules.task import RulesTask
from aifirst_dagster.proposals.variants import parse, parse_sections

if TYPE_CHECKING:
    from aifirst_dagster.state.designs_history import DesignHistory


def accept(designs: Path, pipeline: str, history: DesignHistory) -> list[Path]:
    """Write every open proposal of `pipeline` (a slug) into the project's designs; returns the design files written.

    Raises:
        StorageError: The folder is read-only.
    """
    rules_file = RulesTask.file
    waiting = history.open_proposals(pipeline)
    sections = {(one.step, one.fingerprint): one for one in waiting if one.file.endswith(".sql")}
    written = []
    for record in waiting:
        if record.file.endswith(".sql"):
            continue
        store = DesignStore(designs / pipeline / record.step, frozen=False, history=history, run=record.run_id)
        if record.file == contracts.FILE:
            contract = document.parse(record.content, f"state database: {record.file}")
            if not contracts.keep(store, contract, contracts.find(store)):
                raise StorageError("The designs folder is read-only.", hint="Run this where it can be written.",
                                   file=str(store.folder))  # fmt: skip
            written.append(store.folder / record.file)
            continue
        beside = sections.get((record.step, record.fingerprint))
        sql = {beside.file: parse_sections(beside.content)[0].sql} if beside else {}
        for variant in parse(record.content, f"state database: {record.file}"):
            ruled = record.file == rules_file
            if ruled:
                variant = taken_over(variant, store.variants(record.file))
            if not store.put(record.file, variant, sql, carried=ruled):
                raise StorageError("The designs folder is read-only.", hint="Run this where it can be written.",
                                   file=str(store.folder))  # fmt: skip
        written.append(store.folder / record.file)
    return written
