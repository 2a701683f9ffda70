"""House rule: a Python file is one idea: a docstring on top, at most 400 lines, and a name that says which idea."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

LIMIT = 400
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "managers"}
ROOT = Path(__file__).resolve().parent.parent


def tracked(root: Path) -> list[Path]:
    """Files of the work tree at `root` that git has or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    return [path for name in listed.stdout.decode().split("\0") if name and (path := root / name).is_file()]


def problems(path: Path) -> list[str]:
    """What is wrong with one Python file."""
    text = path.read_text(encoding="utf-8")
    found = []
    if (lines := text.count("\n")) > LIMIT:
        found.append(f"{lines} lines, the limit is {LIMIT}: make it two files")
    if path.stem in EMPTY_NAMES:
        found.append(f"the name {path.name!r} says nothing: name the file by its one idea")
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        return [*found, f"line {error.lineno}: {error.msg}"]
    if module.body and not ast.get_docstring(module):
        found.append("no docstring at the top: say in a sentence what the file is for")
    return found


def main(root: Path = ROOT) -> int:
    """Print every problem; 1 if there is one."""
    found = [
        f"{path.relative_to(root)}: {problem}"
        for path in tracked(root)
        if path.suffix == ".py"
        for problem in problems(path)
    ]
    print("\n".join(found) if found else "files: ok", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
