"""Answers in a SQLite file of their own beside the state database: where there is no Redis, or as long as it is away.

Not `diskcache`: it pickles its values (reading a cache must not run code), writes at every read to keep its order of
use, and had its last release in 2023. What is needed here is one table.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from aifirst_dagster.state.group_commit import GroupCommit

_log = logging.getLogger(__name__)
_TABLE = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, at REAL NOT NULL, size INTEGER NOT NULL, value TEXT)"
)
_INDEX = "CREATE INDEX IF NOT EXISTS answers_at ON answers (at, size)"
_KEEP = "INSERT OR REPLACE INTO answers (key, at, size, value) VALUES (?, ?, ?, ?)"
#: The oldest answers whose sizes add up to what is too much.
_OLDEST = """
DELETE FROM answers WHERE at <= (
    SELECT at FROM (SELECT at, sum(size) OVER (ORDER BY at) AS upto FROM answers) WHERE upto >= ? ORDER BY at LIMIT 1
)"""


class SqliteAnswers:
    """The store. A file that cannot be used is no error: nothing is found, and nothing is kept.

    Args:
        path: The file; its folder is made when the first answer is kept.
        days: How old an answer may be.
        megabytes: How much to keep.
    """

    def __init__(self, path: Path, days: float, megabytes: float) -> None:
        self._path, self._seconds, self._most = path, days * 86_400, int(megabytes * 1_000_000)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._failed = False
        self._unwritten: dict[str, str] = {}
        self._writer = GroupCommit(self._write, "aifirst-answers", linger=0.05)

    def get(self, key: str) -> str | None:
        """The text under `key`, unless it is too old; some 20 microseconds."""
        if key in self._unwritten:
            return self._unwritten.get(key)
        if self._connection is None and not self._path.exists():
            return None
        with self._lock:
            try:
                found = self._open().execute("SELECT at, value FROM answers WHERE key = ?", (key,)).fetchone()
            except sqlite3.Error as error:
                self._broken(error)
                return None
        return found[1] if found and found[0] > time.time() - self._seconds else None

    def put(self, key: str, text: str) -> None:
        """Keep; written in the background, found at once."""
        self._unwritten[key] = text
        self._writer.submit((key, text))

    def drain(self) -> None:
        """Wait until everything is written."""
        self._writer.drain()

    def _write(self, answers: Sequence[tuple[str, str]]) -> list[None]:
        now = time.time()
        rows = [(key, now, len(text.encode()), text) for key, text in answers]
        with self._lock:
            try:
                connection = self._open()
                with connection:
                    connection.executemany(_KEEP, rows)
                    connection.execute("DELETE FROM answers WHERE at < ?", (now - self._seconds,))
                    held = connection.execute("SELECT coalesce(sum(size), 0) FROM answers").fetchone()[0]
                    if held > self._most:
                        # A tenth more than needed, so that not every answer has to make room for itself.
                        connection.execute(_OLDEST, (held - self._most * 0.9,))
            except (sqlite3.Error, OSError) as error:
                self._broken(error)
        for key, text in answers:
            if self._unwritten.get(key) is text:
                self._unwritten.pop(key, None)
        return [None] * len(answers)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A crash may cost the last answers here; the ledger has them.
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(_TABLE)
            self._connection.execute(_INDEX)
        return self._connection

    def _broken(self, error: Exception) -> None:
        """Say it once; a file that is no database is put aside, so that the next use makes a new one."""
        if not self._failed:
            self._failed = True
            _log.warning("The response cache %s cannot be used (%s); calls go on without it.", self._path, error)
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if damaged:
            for name in (self._path.name, f"{self._path.name}-wal", f"{self._path.name}-shm"):
                self._path.with_name(name).unlink(missing_ok=True)
