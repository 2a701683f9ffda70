"""One exception family: what is wrong, where it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class AifirstError(Exception):
    """Base of every error that a user may see.

    Args:
        message: What is wrong, in one sentence.
        hint: What to do about it.
        file: The file that holds the culprit.
        line: 1-based line in that file.
        column: 1-based character column (configuration) or a column's name (data).
        row: 0-based data row.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: str | None = None,
        line: int | None = None,
        column: int | str | None = None,
        row: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint
        self.file, self.line, self.column, self.row = file, line, column, row

    @property
    def where(self) -> str:
        """`file:line:column` as far as known, else an empty string."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def to_dict(self) -> dict[str, Any]:
        """The error object that `--json` prints; unknown places are left out."""
        places = {"file": self.file, "line": self.line, "column": self.column, "row": self.row}
        known = {name: place for name, place in places.items() if place is not None}
        return {"type": type(self).__name__, "message": self.message, "hint": self.hint, **known}

    def __str__(self) -> str:
        """The error on one line: where, what, and what to do."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} {self.hint}".rstrip()


class InputError(AifirstError):
    """A file or a value cannot be used as it is: missing, unreadable, binary, of another format."""


class UnsureError(InputError):
    """The reader is too unsure of what it sees to go on; `--accept-unsure` goes on.

    Args:
        message: What is in doubt.
        alternatives: The readings that may be meant, each with what it would give (delimiter, columns, first row).
        places: As for every error.
    """

    def __init__(self, message: str, *, alternatives: Sequence[dict[str, Any]] = (), **places: Any) -> None:
        super().__init__(message, **places)
        self.alternatives = list(alternatives)

    def to_dict(self) -> dict[str, Any]:
        """The error object that `--json` prints, with the alternatives."""
        return {**super().to_dict(), **({"alternatives": self.alternatives} if self.alternatives else {})}


class ConfigError(AifirstError):
    """A pipeline, a rule set, a resource file or an option is wrong."""


class DesignError(AifirstError):
    """A design on disk cannot be used: damaged, or not accepted where designs are frozen."""


class QualityError(AifirstError):
    """The data failed a blocking check."""

    exit_code = 1


class StorageError(AifirstError):
    """Writing failed: the disk is full, the folder is not writable, the target refuses."""


class ServiceError(AifirstError):
    """An outside service failed: a model provider, a database server."""

    exit_code = 3


class BudgetError(ServiceError):
    """A model call was refused because it could cost more than its cap."""
