"""A circuit breaker for each resource: a provider that keeps failing is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from aifirst_dagster.llm.failures import LLMError, UnavailableError
from aifirst_dagster.llm.resource import BreakerPolicy, EnvRef, LLMResourceSpec
from aifirst_dagster.project import Project


class Breaker:
    """Closed: calls pass. Open: none does, until the cool-down is over; then one may try, and its fate decides."""

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy, self._clock = policy, clock
        self._lock = threading.Lock()
        self._failed, self._opened, self._probing = 0, 0.0, False

    def enter(self, resource: str) -> None:
        """Before a call.

        Raises:
            UnavailableError: It is open, or another call is trying just now.
        """
        with self._lock:
            if self._failed < self._policy.failures:
                return
            left = self._opened + self._policy.cool_down - self._clock()
            if left <= 0 and not self._probing:
                self._probing = True
                return
        when = f"in {left:.0f} s" if left > 0 else "as soon as the call that tries it now comes back"
        raise UnavailableError(
            f"{resource} is not asked: its last {self._failed} calls all failed. It is tried again {when}.",
            hint="Wait, or name another resource.",
        )

    def leave(self, error: BaseException | None) -> None:
        """After a call that had entered: how it ended. Only what says that the provider is down counts."""
        with self._lock:
            tried, self._probing = self._probing, False
            if isinstance(error, UnavailableError):
                self._failed += 1
                if tried or self._failed >= self._policy.failures:
                    self._opened = self._clock()
            elif error is None or (isinstance(error, LLMError) and error.kind in ("refused", "truncated", "invalid")):
                self._failed = 0


_breakers: dict[tuple[object, ...], Breaker] = {}
_lock = threading.Lock()


def breaker_of(spec: LLMResourceSpec, project: Project) -> Breaker:
    """The process's breaker for a resource of a project and the address that it leads to."""
    base = spec.base_url.read() if isinstance(spec.base_url, EnvRef) else spec.base_url
    which = (project.root, spec.name, base, spec.breaker)
    with _lock:
        if which not in _breakers:
            _breakers[which] = Breaker(spec.breaker)
        return _breakers[which]
