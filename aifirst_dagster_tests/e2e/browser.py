"""Headless Chromium: a page of the UI as people see it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def binary() -> str | None:
    """Chromium's program; None where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def _run(address: str, *options: str, milliseconds: int) -> str:
    program = binary()
    assert program is not None
    with tempfile.TemporaryDirectory() as profile:
        command = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--window-size=1400,900", f"--virtual-time-budget={milliseconds}",
            *options, address,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def screenshot(address: str, path: Path, milliseconds: int = 15_000) -> None:
    """A picture of the page, 1400 x 900, after so much of the page's own time."""
    _run(address, f"--screenshot={path}", milliseconds=milliseconds)


def text(address: str, milliseconds: int = 15_000) -> str:
    """The page as HTML, scripts run."""
    return _run(address, "--dump-dom", milliseconds=milliseconds)
