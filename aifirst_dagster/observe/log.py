"""Logging for people (`AIFIRST_LOG=text`) or machines (`AIFIRST_LOG=json`), to stderr, with secrets masked."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.observe.redact import redact

ROOT = "aifirst_dagster"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(level: int | str | None = None) -> None:
    """Set up logging of this package; calling again replaces the earlier set-up.

    Args:
        level: Default: `AIFIRST_LOG_LEVEL`, else WARNING.

    Raises:
        ConfigError: `AIFIRST_LOG` or `AIFIRST_LOG_LEVEL` has a value that there is not.
    """
    form = os.environ.get("AIFIRST_LOG") or "text"
    if form not in ("text", "json"):
        raise ConfigError(f"AIFIRST_LOG is {form!r}.", hint="Set it to text or json.")
    wanted = level if level is not None else os.environ.get("AIFIRST_LOG_LEVEL", "WARNING").upper()
    if isinstance(wanted, str) and wanted not in logging.getLevelNamesMapping():
        raise ConfigError(f"AIFIRST_LOG_LEVEL is {wanted!r}.", hint="Set it to DEBUG, INFO, WARNING or ERROR.")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logger = logging.getLogger(ROOT)
    logger.handlers[:] = [handler]
    logger.setLevel(wanted)
    logger.propagate = False


class TextFormatter(logging.Formatter):
    """`12:34:56 WARNING llm.gateway.retry: text`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(short)s: %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """One record, masked."""
        record.short = record.name.removeprefix(f"{ROOT}.")
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `message`, what `extra=` gave, `error` with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, masked."""
        entry: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return redact(json.dumps(entry, ensure_ascii=False, default=str))
