"""House rule: no file names a package registry, an index option or a path of somebody's machine."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from check_files import ROOT, tracked

RULES = {
    # A registry's host by what such hosts are called, so that this file names none.
    "a registry's address": re.compile(
        r"\b(?:[\w-]+\.)*(?:pypi|python-?hosted|npmjs|yarnpkg|crates)\.(?:org|com|io)\b"
        r"|\b(?:deb|archive|proxy|registry)\.[\w-]+\.(?:org|com|docker)\b",
        re.IGNORECASE,
    ),
    "an index option": re.compile(r"(?:--(?:extra-)?index-url|--find[-]links|^\s*index[_-]url\s*=)", re.MULTILINE),
    "a machine's path": re.compile(r"(?<![\w.>}$-])/(?:work|root|home/\w+|Users/\w+)/"),
}
#: Texts of others, kept as they are.
EXCEPT = {"LICENSE"}


def problems(path: Path) -> list[str]:
    """What one file names that it should not, with its line; files that are no text are passed over."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    return [
        f"{text.count(chr(10), 0, match.start()) + 1}: {what}: {match[0].strip()}"
        for what, pattern in RULES.items()
        for match in pattern.finditer(text)
    ]


def main(root: Path = ROOT) -> int:
    """Print every problem; 1 if there is one."""
    found = [
        f"{path.relative_to(root)}:{problem}"
        for path in tracked(root)
        if path.name not in EXCEPT
        for problem in problems(path)
    ]
    print("\n".join(found) if found else "addresses: ok", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
