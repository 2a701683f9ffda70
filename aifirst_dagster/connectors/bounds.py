"""How much a compressed file may become: archives that unpack without end are stopped, with a word on how to go on."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aifirst_dagster.errors import InputError, StorageError

#: Environment variable: bytes that one file may unpack to. Unset: only the ratio counts.
LIMIT = "AIFIRST_UNPACK_LIMIT"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Bounds:
    """What is taken for data and no attack.

    Attributes:
        free: Bytes up to which nobody asks how small the file was.
        ratio: Beyond that, how many times it may grow: deflate's own limit is 1,032, tables reach some 100.
        members: Files of an archive.
    """

    free: int = 1 << 30
    ratio: int = 500
    members: int = 100_000


class Budget:
    """What one packed file may still unpack to, over all of its layers and members.

    Args:
        name: What the user calls the file.
        packed: Its size in bytes.
        bounds: What is too much, where `LIMIT` does not say.
    """

    def __init__(self, name: str, packed: int, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._name, self._packed, self._spent = name, max(packed, 1), 0
        self._limit = int(os.environ.get(LIMIT) or 0)

    def copy(self, packed: IO[bytes], target: Path) -> int:
        """Copy an unpacking stream to `target`; returns its bytes.

        Raises:
            InputError: It would be more than this file may become.
            StorageError: The disk is full.
        """
        written = 0
        with target.open("wb") as out:
            while block := packed.read(_BLOCK):
                written += len(block)
                self._spend(len(block))
                try:
                    out.write(block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    raise StorageError(
                        "The disk is full while unpacking.", hint="Free space, or set TMPDIR.", file=self._name
                    ) from error
        return written

    def check_members(self, count: int) -> None:
        """Refuse an archive of too many files.

        Raises:
            InputError: There are more than anybody means to read.
        """
        if count > self._bounds.members:
            raise InputError(
                f"The archive holds {count:,} files; at most {self._bounds.members:,} are read.",
                hint="Unpack it and name a folder.", file=self._name,
            )  # fmt: skip

    def _spend(self, size: int) -> None:
        self._spent += size
        if self._limit and self._spent > self._limit:
            raise InputError(
                f"The file unpacks to more than {self._limit:,} bytes.",
                hint=f"If that is right, raise {LIMIT}.", file=self._name,
            )  # fmt: skip
        bounds = self._bounds
        if not self._limit and self._spent > max(bounds.free, bounds.ratio * self._packed):
            raise InputError(
                f"The file grows more than {bounds.ratio} times as it is unpacked, as a zip bomb does.",
                hint=f"If it is data, set {LIMIT} to the bytes it may unpack to.", file=self._name,
            )  # fmt: skip
