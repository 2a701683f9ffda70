"""Python that a model or a person wrote: one function over rows, in an interpreter that has nothing in reach.

The interpreter is Monty, in worker processes of its own: no files, no network, no modules of the host, limits on time
and memory. Nothing here runs code in this process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.sandbox import SandboxError
from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontySession

#: The name that the code must define: `def transform(row): ...`.
FUNCTION = "transform"
#: Rows in one go. What stops a batch (time, memory) is searched for by halves, down to the row that does it.
BATCH = 10_000
_LONGEST_CODE = 100_000
#: So many rows may be stopped one by one; then the function is given up.
_STOPPED = 10

_DRIVER = f"""
_made = []
for _row in _rows:
    try:
        _made.append([{FUNCTION}(_row), None])
    except Exception as _error:
        _made.append([None, type(_error).__name__ + ': ' + str(_error)])
_made
"""


@dataclass(frozen=True)
class PythonLimits:
    """What the function may take.

    Attributes:
        memory_mb: The interpreter's memory.
        batch_seconds: Its time for one batch of rows; what takes longer is tried again in halves.
        total_seconds: Wall time for all rows.
    """

    memory_mb: int = 256
    batch_seconds: float = 20
    total_seconds: float = 900


@dataclass(frozen=True)
class Made:
    """What the function made of one row: a value, or why there is none."""

    value: Any = None
    problem: str | None = None


class PythonFunction:
    """A function that is loaded in the sandbox; `open_function` makes one."""

    def __init__(self, pool: Monty, code: str, limits: PythonLimits) -> None:
        self._pool, self._code, self._limits = pool, code, limits
        self._until = time.monotonic() + limits.total_seconds
        self._now, self._stopped = datetime.now(UTC), 0

    def __call__(self, rows: Sequence[dict[str, Any]]) -> list[Made]:
        """The function applied to each row, in order; a row that it fails on has its problem.

        Raises:
            SandboxError: The time for all rows is used up, or too many rows have to be stopped.
        """
        made: list[Made] = []
        for start in range(0, len(rows), BATCH):
            made += self._batch(rows[start : start + BATCH])
        return made

    def _batch(self, rows: Sequence[dict[str, Any]]) -> list[Made]:
        from pydantic_monty import MontyConversionError, MontyCrashedError, MontyRuntimeError

        left = self._until - time.monotonic()
        if left <= 0:
            raise _given_up(f"was stopped after {self._limits.total_seconds:g} s")
        try:
            with self._session(min(left, self._limits.batch_seconds)) as session:
                session.feed_run(self._code, print_callback=_silent)
                said = session.feed_run(_DRIVER, inputs={"_rows": list(rows)}, print_callback=_silent)
        except MontyConversionError as error:
            problem = f"a value cannot leave the sandbox ({_line(error)})"
        except (MontyRuntimeError, MontyCrashedError) as error:
            problem = _line(error) or "the interpreter broke down"
            self._stopped += len(rows) == 1
            if self._stopped > _STOPPED:
                raise _given_up(f"had to be stopped on {self._stopped} rows, lastly: {problem}") from None
        else:
            if isinstance(said, list) and len(said) == len(rows) and all(_pair(one) for one in said):
                return [Made(value, problem) for value, problem in said]
            problem = "the code interferes with what runs it"
        if len(rows) == 1:
            return [Made(problem=problem)]
        half = len(rows) // 2
        return [*self._batch(rows[:half]), *self._batch(rows[half:])]

    def _session(self, seconds: float) -> MontySession:
        return _checkout(self._pool, self._limits.memory_mb, seconds, self._now)


@contextmanager
def open_function(code: str, limits: PythonLimits = PythonLimits()) -> Iterator[PythonFunction]:
    """Load `code` in a sandbox, see that it defines the function, and give the function.

    Raises:
        ConfigError: It is no Python that the sandbox takes, it fails by itself, or it does not define the function.
    """
    from pydantic_monty import Monty, MontyCrashedError, MontyError

    if len(code) > _LONGEST_CODE:
        raise ConfigError(f"The code is longer than {_LONGEST_CODE:,} characters.", hint="Make it simpler.")
    with Monty(max_processes=1, request_timeout=limits.batch_seconds + 10) as pool:
        try:
            with _checkout(pool, limits.memory_mb, limits.batch_seconds) as session:
                session.feed_run(code, print_callback=_silent)
                named = session.feed_run(f"type({FUNCTION}).__name__", print_callback=_silent)
        except MontyCrashedError as error:
            raise ConfigError(
                f"The code brings its interpreter down: {_line(error)}.", hint="Make it simpler."
            ) from None
        except MontyError as error:
            said = _line(error)
            if FUNCTION in said and "NameError" in said:
                raise _no_function() from None
            raise ConfigError(f"The code cannot be run: {said}.", hint=_HINT) from None
        if named != "function":
            raise _no_function()
        yield PythonFunction(pool, code, limits)


_HINT = "It runs without files, network or packages: builtins, re, json, math, datetime and the like."


def _checkout(pool: Monty, memory_mb: int, seconds: float, now: datetime | None = None) -> MontySession:
    return pool.checkout(
        limits={
            "max_memory": memory_mb * 2**20,
            "max_feed_duration_secs": seconds,
            "max_recursion_depth": 200,
            "max_suspensions": 1,
            "max_total_sleep_secs": 0,
        },
        # All rows are made at one moment, and chance is the same each time.
        os_policy={"random_start": {"seed": 0}, "sleep": "zero", "datetime": now or datetime.now(UTC)},
    )


def _given_up(why: str) -> SandboxError:
    return SandboxError("time", f"The Python function {why}.", "Make it simpler, or give the step more time.")


def _no_function() -> ConfigError:
    return ConfigError(
        f"The code defines no function `{FUNCTION}`.",
        hint=f"Write `def {FUNCTION}(row): ...`: it takes a row as a dict and returns a dict of the output columns.",
    )


def _pair(said: Any) -> bool:
    return isinstance(said, list) and len(said) == 2 and (said[1] is None or isinstance(said[1], str))


def _line(error: BaseException) -> str:
    """The last line of an error, which says what happened."""
    return (str(error).strip().splitlines() or [""])[-1][:300].rstrip(".")


def _silent(stream: str, text: str) -> None:
    """What the code prints goes nowhere."""
