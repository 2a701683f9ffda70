"""The end of a command's process, without what Python does at length for those who go on: 0.08 s less a command."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import NoReturn

from aifirst_dagster.cli.ahead import AHEAD


def leave(code: int) -> NoReturn:
    """End the process with `code`: what is to be done at the end is done, memory is left to the system to take back.

    Where threads are still at work (but for what was begun ahead of its time), where Dagster is (whose own parts may
    count on a slow end), or where the output cannot be written, the process ends as usual.
    """
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if (
        any(not thread.daemon and thread.name != AHEAD for thread in others)
        or "dagster" in sys.modules
        or threading.current_thread() is not threading.main_thread()
    ):
        sys.exit(code)
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed from the start
                stream.flush()
    except (OSError, ValueError):  # Python has its own words and exit code for it
        sys.exit(code)
    os._exit(code)
