"""The schema contract on disk: `contract.json` beside a step's designs; every version in the state database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.inference.contract import document
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.proposals.designs import Change, DesignStore, text_of
from aifirst_dagster.proposals.files import write_atomically

if TYPE_CHECKING:
    from aifirst_dagster.inference.contract import changes as contract_changes
    from aifirst_dagster.state.designs_history import DesignRecord

FILE = "contract.json"


class MovedError(Exception):
    """Another process changed the contract in between: look again."""


def find(store: DesignStore) -> Contract | None:
    """The step's contract, or None.

    Raises:
        ConfigError: The file is damaged.
    """
    text = _text(store)
    return document.parse(text, str(store.folder / FILE)) if text else None


def keep(
    store: DesignStore,
    contract: Contract,
    before: Contract | None,
    changes: Sequence[contract_changes.Change] = (),
    by: str = "data",
) -> bool:
    """Put a version of the contract in place of `before`; False where designs are frozen or the folder is read-only.

    Args:
        by: Who changed it: `data`, `person`.

    Raises:
        MovedError: The file is not `before` any more.
    """
    text = document.text(contract)
    if store.preview:
        store.changes.append(Change(FILE, _text(store), text))
        return False
    with store.turn():
        now = find(store)
        if not store.frozen and (now and document.text(now)) != (before and document.text(before)):
            raise MovedError
        written = not store.frozen and write_atomically(store.folder / FILE, text)
    if store.history:
        from aifirst_dagster.state.designs_history import DesignRecord

        provenance = {"version": contract.version, "by": by, "changes": [change.words for change in changes]}
        store.history.add(
            DesignRecord(
                store.folder.parent.name, store.folder.name, FILE, f"v{contract.version}",
                "accepted" if written else "proposed", text, provenance, store.run,
            )
        )  # fmt: skip
    return written


def versions(store: DesignStore) -> list[DesignRecord]:
    """Every version that the state database knows, the newest first."""
    if store.history is None:
        return []
    return store.history.history(store.folder.parent.name, store.folder.name, FILE)


def _text(store: DesignStore) -> str:
    hint = "Mend it, or take an earlier version: `aifirst schema show PIPELINE STEP --history`."
    return text_of(store.folder / FILE, "schema contract", hint)
