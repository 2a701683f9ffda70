"""Change the data of a YAML text and keep every line that the change does not touch, to the byte.

ruamel keeps comments and order, but writes the whole file in its own layout. So the text is written twice, before and
after the change, and only the lines that differ between the two are carried over into the original.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from aifirst_dagster.pipelines.document import parse

if TYPE_CHECKING:
    from ruamel.yaml import YAML


def rewrite(text: str, change: Callable[[Any], None]) -> str:
    """The text after `change` has been made to its data (ruamel's mappings and lists, changed in place)."""
    windows = text.count("\r\n")
    if windows and windows == text.count("\n"):
        return rewrite(text.replace("\r\n", "\n"), change).replace("\n", "\r\n")
    yaml = _yaml(text)
    data = yaml.load(text)
    before = _dump(yaml, data)
    change(data)
    after = _dump(yaml, data)
    if after == before:
        return text
    meant = parse(after, "").value
    for indented in (True, False):
        kept = _carried(text, before, after, indented)
        if kept is not None and parse(kept, "").value == meant:
            return kept
    return after  # the lines fit nowhere in so odd a layout: ruamel's stands


def styled(value: Any, present: Any = None) -> Any:
    """Plain data as ruamel should write it: in the quotes of the value that it replaces, lists of names on one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import LiteralScalarString, ScalarString

    if isinstance(value, dict):
        mapping = CommentedMap((key, styled(item)) for key, item in value.items())
        if (isinstance(present, CommentedMap) and present.fa.flow_style()) or set(value) <= {"env", "default"}:
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list | tuple):
        items = CommentedSeq(styled(item) for item in value)
        if not any(isinstance(item, dict | list) for item in value):
            items.fa.set_flow_style()
        return items
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    if isinstance(value, str) and isinstance(present, ScalarString) and not isinstance(present, LiteralScalarString):
        return type(present)(value)
    return value


def block(value: Any, indent: int, mapping_indent: int = 2) -> list[str]:
    """Lines of a list with one item, its dash at column `indent`."""
    yaml = _yaml("")
    yaml.indent(mapping=mapping_indent, sequence=4, offset=2)
    lines = _dump(yaml, [styled(value)]).splitlines(True)
    return [" " * indent + line[2:] if line.strip() else "\n" for line in lines]


def _yaml(text: str) -> YAML:
    """A round-trip YAML in the indentation of the text."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    offset = _dash_offset(text)
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _dash_offset(text: str) -> int:
    """How far the dashes of `steps` stand to the right of it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("steps:"):
            dash = next((later for later in lines[number + 1 :] if later.lstrip().startswith("- ")), "")
            return len(dash) - len(dash.lstrip())
    return 2


def _dump(yaml: YAML, data: Any) -> str:
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _carried(text: str, before: str, after: str, indented: bool) -> str | None:
    """The text with the lines that differ between `before` and `after`; None where they cannot be found in it.

    `indented`: shift them by what the original's neighbouring line stands apart from ruamel's.
    """
    original, old, new = text.splitlines(True), before.splitlines(True), after.splitlines(True)
    where = _aligned(old, original)
    result: list[str] = []
    at = 0
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        first, last = where.get(start), where.get(end)
        if first is None or last is None or first < at:
            return None
        result += original[at:first]
        if result and not result[-1].endswith("\n"):
            result[-1] += "\n"
        near = start if start < end else start - 1
        if indented and near in where:
            result += [_shifted(line, old[near], original[where[near]]) for line in new[new_start:new_end]]
        else:
            result += new[new_start:new_end]
        at = last
    return "".join(result + original[at:])


def _aligned(old: Sequence[str], original: Sequence[str]) -> dict[int, int]:
    """Line of ruamel's layout -> line of the original that says the same, whatever its blanks; both ends included."""
    same = SequenceMatcher(None, [_bare(line) for line in old], [_bare(line) for line in original], autojunk=False)
    where = {len(old): len(original)}
    for first, second, size in same.get_matching_blocks():
        where.update({first + step: second + step for step in range(size)})
        if size:
            where.setdefault(first + size, second + size)
    return where


def _bare(line: str) -> str:
    return "".join(line.split())


def _column(line: str) -> int:
    """Where a line's text begins, behind its blanks and dashes."""
    return len(line) - len(line.lstrip(" -"))


def _shifted(line: str, old: str, original: str) -> str:
    """A line moved as far as its neighbour stands in the original from where ruamel has put it."""
    by, indent, column = _column(original) - _column(old), len(line) - len(line.lstrip(" ")), _column(line)
    if line.lstrip().startswith("- ") and old.startswith(" " * indent + "- "):
        dash = len(original) - len(original.lstrip(" "))
        return " " * dash + "-" + " " * (column + by - dash - 1) + line[column:]
    return " " * by + line if by >= 0 else line[min(-by, indent) :]
