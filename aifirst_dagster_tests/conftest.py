"""How tests are handed to workers (`-n`): those that share a server go to one, the others wherever there is room."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    # Started in the background of a shell: the commands that tests press Ctrl-C in would inherit their deafness.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A command run in this process sets the log up for itself; the next test finds it as it was."""
    logger = logging.getLogger("aifirst_dagster")
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A scheduler of our own: xdist 3.8 does not see its own groups under pytest 9."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        """All tests of the UI are one scope, each other file of `e2e/` is, and each other test is by itself."""

        def _split_scope(self, nodeid: str) -> str:
            path = PurePosixPath(nodeid.partition("::")[0])
            if path.parent.name != "e2e":
                return nodeid
            return "e2e/ui" if path.name.startswith("test_ui_") else str(path)

    return Together(config, log)
