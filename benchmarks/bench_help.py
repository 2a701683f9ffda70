"""How long `aifirst --help` takes; the target is under 0.3 seconds."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import median, run

TARGET = 0.3


def main() -> int:
    """Print the median of seven starts; 1 where it misses the target."""
    command = [str(Path(sys.executable).parent / "aifirst"), "--help"]
    run(command)
    seconds = median([run(command).seconds for _ in range(7)])
    print(f"aifirst --help: {seconds:.2f} s (target < {TARGET} s)")
    return seconds >= TARGET


if __name__ == "__main__":
    sys.exit(main())
