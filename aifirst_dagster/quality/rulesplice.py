"""A list of rules in a YAML text brought up to date: rules that did not change keep their bytes, comments and all.

Comments directly above a rule belong to it. The text is parted where rules begin; what changed is written anew inside
its own part, by a writer that keeps comments. Whoever calls compares what the new text means with what it should.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aifirst_dagster.quality.rulefile import round_trip
from aifirst_dagster.quality.rules import Rule, stable_id

#: Left out of a rule that a person writes; written only where the value says something.
_QUIET = ("id", "provenance", "status", "severity")


@dataclass(frozen=True)
class Block:
    """One rule's part of the text: comment lines above it, and the item itself with its dash."""

    id: str
    entry: Any
    above: str
    item: str
    indent: int

    def brought_to(self, record: dict[str, Any]) -> str:
        """The part with the rule as `record` has it; as it stands where that is what it says."""
        if set(self.entry) <= set(record) and all(self._says(key, value) for key, value in record.items()):
            return self.above + self.item
        tree = round_trip().load(_shifted(self.item, -self.indent))
        _update(tree[0], record)
        return self.above + _shifted(_dumped(tree), self.indent)

    def _says(self, key: str, value: Any) -> bool:
        """Whether the entry has that value, or leaves out what goes without saying."""
        unsaid = {"id": self.id, **{name: Rule.model_fields[name].default for name in _QUIET if name != "id"}}
        return bool(self.entry.get(key, unsaid.get(key)) == value)


def spliced(text: str, records: Sequence[dict[str, Any]]) -> str | None:
    """`text` with `records` (each with its id) as its `rules`; None where the list cannot be parted as text."""
    from ruamel.yaml.error import YAMLError

    try:
        return _spliced(text, records)
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError):
        return None  # anchors, tags, or a list that somebody wrote in a way of their own


def _spliced(text: str, records: Sequence[dict[str, Any]]) -> str | None:
    parted = _parts(text, round_trip().load(text))
    if parted is None:
        return None
    head, blocks, tail = parted
    known: dict[str, Block] = {}
    for block in blocks:
        known.setdefault(block.id, block)
    indent = blocks[0].indent
    parts = [
        known[record["id"]].brought_to(record) if record["id"] in known else _shifted(_dumped([_safe(record)]), indent)
        for record in records
    ]
    if not parts:
        return None
    return head + "".join(part if part.endswith("\n") else part + "\n" for part in parts) + tail


def section(text: str) -> str:
    """The part of a YAML text that is its `rules`, with the comments above the key."""
    tree = round_trip().load(text)
    lines = text.splitlines(keepends=True)
    starts = sorted(int(tree.lc.key(key)[0]) for key in tree)
    start = int(tree.lc.key("rules")[0])
    after = [line for line in starts if line > start]
    return "".join(lines[_above(lines, start) : _above(lines, after[0]) if after else len(lines)])


def _parts(text: str, tree: Any) -> tuple[str, list[Block], str] | None:
    """The text before the rules, each rule's part, and what follows."""
    listed: Any = tree.get("rules") if isinstance(tree, dict) else None
    if not listed or not hasattr(listed, "lc") or listed.fa.flow_style() or tree.fa.flow_style():
        return None
    lines = text.splitlines(keepends=True)
    starts: list[int] = []
    for place, entry in enumerate(listed):
        line = int(listed.lc.item(place)[0])
        while line >= 0 and not lines[line].lstrip().startswith("-"):
            line -= 1
        if line < 0 or not hasattr(entry, "fa") or entry.fa.flow_style():
            return None
        starts.append(line)
    after = [int(tree.lc.key(key)[0]) for key in tree if int(tree.lc.key(key)[0]) > starts[-1]]
    end = _above(lines, min(after)) if after else _above(lines, len(lines))
    tops = [_above(lines, start) for start in starts]
    blocks = []
    for place, (top, start) in enumerate(zip(tops, starts, strict=True)):
        upto = tops[place + 1] if place + 1 < len(starts) else end
        entry = listed[place]
        indent = len(lines[start]) - len(lines[start].lstrip())
        blocks.append(Block(_id(entry), entry, "".join(lines[top:start]), "".join(lines[start:upto]), indent))
    return "".join(lines[: tops[0]]), blocks, "".join(lines[end:])


def _above(lines: list[str], line: int) -> int:
    """Where the comment lines directly above `line` begin."""
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def _id(entry: Any) -> str:
    """The id of an entry, given or by what it is about."""
    kwargs = entry.get("kwargs")
    return str(entry.get("id") or stable_id(str(entry.get("type")), dict(kwargs) if isinstance(kwargs, dict) else {}))


def _update(entry: Any, record: dict[str, Any]) -> None:
    """Bring a YAML mapping up to date in place, so that the comments inside stay."""
    for key in [key for key in entry if key not in record]:
        del entry[key]
    for key, value in record.items():
        if entry.get(key) == value or (key == "id" and not entry.get("id")):
            continue
        if isinstance(value, dict) and isinstance(entry.get(key), dict):
            _update(entry[key], value)
        elif key in entry or key not in _QUIET or value != Rule.model_fields[key].default:
            entry[key] = _safe(value)


def _safe(value: Any) -> Any:
    """A value whose texts every reader of YAML takes for texts: quoted where an older one sees a number or a date."""
    import yaml
    from ruamel.yaml.scalarstring import SingleQuotedScalarString

    if isinstance(value, dict):
        return {key: _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    if not isinstance(value, str) or not value or "\n" in value:
        return value
    plain = yaml.SafeLoader("").resolve(yaml.ScalarNode, value, (True, False)) == "tag:yaml.org,2002:str"
    return value if plain else SingleQuotedScalarString(value)


def _dumped(items: Any) -> str:
    yaml = round_trip()
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(items, out)
    text = out.getvalue()
    first = len(text) - len(text.lstrip(" "))
    return _shifted(text, -first)


def _shifted(text: str, by: int) -> str:
    """The text's lines moved to the right or, as far as they are blank, to the left."""
    if by == 0:
        return text
    lines = text.splitlines(keepends=True)
    if by > 0:
        return "".join(" " * by + line if line.strip() else line for line in lines)
    return "".join(line[-by:] if not line[:-by].strip() else line.lstrip(" ") for line in lines)
