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
            f"--user-data-dir={profile}", f"--virtual-time-budget={milliseconds}",
            *options, address,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def screenshot(address: str, path: Path, scale: float = 1, milliseconds: int = 15_000) -> None:
    """A picture of the page, 1400 x 900, after so much of its own time; below `scale` 1 it shows more, smaller."""
    size = f"--window-size={round(1400 / scale)},{round(900 / scale)}"
    _run(address, f"--screenshot={path}", size, f"--force-device-scale-factor={scale}", milliseconds=milliseconds)


def text(address: str, milliseconds: int = 15_000) -> str:
    """The page as HTML, scripts run; in a window so large that lists have no need to leave rows out."""
    return _run(address, "--dump-dom", "--window-size=2400,4000", milliseconds=milliseconds)
