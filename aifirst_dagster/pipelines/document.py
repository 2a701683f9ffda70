"""YAML text -> plain values plus the position of every key and value; everything unsafe or ambiguous is a problem.

Scalars follow YAML 1.2's core schema (so `on`, `no` and `12:30` stay text, as they do in editors and in the program's
own edits); dates stay text too. Mapping keys are always text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from aifirst_dagster.pipelines.problems import Place, Problem

try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    class _Parser(CParser):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
except ImportError:  # PyYAML built without libyaml: ten times slower, the same answers
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class _Parser(Reader, Scanner, Parser, Composer):  # type: ignore[no-redef]
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)
            Composer.__init__(self)


MAX_CHARACTERS = 1_000_000
MAX_VALUES = 100_000
MAX_DEPTH = 100

Path = tuple["str | int", ...]

_TAG = "tag:yaml.org,2002:"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]")


class _Limit(Exception):
    """A document that is built to exhaust its reader."""


class _Loader(_Parser, BaseResolver):  # type: ignore[misc, valid-type]
    """Composes nodes with marks; resolves plain scalars by YAML 1.2's core schema."""

    yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {}  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        _Parser.__init__(self, text)
        BaseResolver.__init__(self)
        self._depth = 0

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Count levels here, where the composer passes by, before its recursion meets the end of the C stack."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Limit(f"the file nests deeper than {MAX_DEPTH} levels")

    def ascend_resolver(self) -> None:
        """One level up."""
        self._depth -= 1


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _first)


@dataclass
class Document:
    """A parsed file: its value (None where nothing could be read), its problems, and where everything stands."""

    file: str
    text: str
    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    root: Node | None = None

    def place(self, path: Path, key: bool = False) -> Place:
        """Where the value at `path` stands (`key`: its key); where there is none, its nearest parent."""
        found_key, found = _locate(self.root, path)
        node = found_key if key and found_key is not None else found
        if node is None:
            return Place(self.file)
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def problem(self, path: Path, message: str, hint: str = "", key: bool = False) -> Problem:
        """A problem with the value (or key) at `path`."""
        place = self.place(path, key)
        return Problem(place.file, place.line, place.column, message, hint)

    def node(self, path: Path) -> Node | None:
        """The parser's node at `path`; None where there is none."""
        found = _locate(self.root, path)[1]
        return found if len(path) == 0 or found is not _locate(self.root, path[:-1])[1] else None

    def at(self, path: Path) -> Any:
        """The value at `path`, which must be there."""
        value = self.value
        for part in path:
            value = value[part]
        return value

    def keys(self, path: Path) -> list[str]:
        """The keys of the mapping at `path` as they are written, a merge's `<<` too."""
        node = self.node(path)
        return [key.value for key, _ in node.value] if isinstance(node, MappingNode) else []

    def source(self, path: Path) -> str | None:
        """The text of the scalar at `path` as it was written, without quotes."""
        _, node = _locate(self.root, path)
        return node.value if isinstance(node, ScalarNode) else None


def parse(text: str, file: str) -> Document:
    """Parse YAML text. Never raises: what is wrong is in the document's problems."""
    document = Document(file, text)
    if len(text) > MAX_CHARACTERS:
        document.problems.append(
            Problem(file, 1, 1, f"the file is longer than {MAX_CHARACTERS:,} characters", "Is this a pipeline file?")
        )
        return document
    if bad := _UNPRINTABLE.search(text):
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - (text.rfind("\n", 0, bad.start()) + 1) + 1
        name = f"U+{ord(bad.group()):04X}"
        document.problems.append(
            Problem(file, line, column, f"the character {name} may not stand in YAML", "Delete it.")
        )
        return document
    try:
        document.root = _Loader(text).get_single_node()
        if document.root is not None:
            document.value = _Converter(document).convert(document.root)
    except yaml.MarkedYAMLError as error:
        document.problems.append(_syntax(error, file, text))
    except (_Limit, RecursionError) as error:
        document.root, document.value = None, None
        document.problems.append(Problem(file, 1, 1, str(error), "Is this a pipeline file?"))
    return document


class _Converter:
    """Nodes -> values, with a limit on what aliases may expand to."""

    def __init__(self, document: Document) -> None:
        self.document, self.count, self.open = document, 0, set[int]()

    def convert(self, node: Node) -> Any:
        """The plain value of a node; problems are noted and stand as None."""
        self.count += 1
        if self.count > MAX_VALUES:
            raise _Limit(f"the file's aliases expand to more than {MAX_VALUES:,} values")
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self.open:
            return self._wrong(node, "this alias contains itself", "Write the values out.")
        self.open.add(id(node))
        value = self._mapping(node) if isinstance(node, MappingNode) else self._sequence(node)
        self.open.discard(id(node))
        return value

    def _sequence(self, node: Node) -> Any:
        if node.tag != _TAG + "seq":
            return self._tagged(node)
        return [self.convert(item) for item in node.value]

    def _mapping(self, node: MappingNode) -> Any:
        if node.tag != _TAG + "map":
            return self._tagged(node)
        value: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._wrong(
                    key_node,
                    "a key must be plain text",
                    "Write `key: value`; `{` at the start of a value needs quotes.",
                )
                continue
            if key_node.tag == _TAG + "merge":
                for part in value_node.value if isinstance(value_node, SequenceNode) else [value_node]:
                    noted = len(self.document.problems)
                    base = self.convert(part)
                    if isinstance(base, dict):
                        merged = {**base, **merged}
                    elif len(self.document.problems) == noted:
                        self._wrong(part, "`<<` merges mappings only", "Point it at an anchor of a mapping.")
                continue
            key, line = key_node.value, key_node.start_mark.line + 1
            if key in lines:
                first = f"line {lines[key]}" if lines[key] != line else "this line"
                self._wrong(key_node, f"`{key}` stands twice in one mapping (first on {first})", "Keep one of them.")
                continue
            lines[key] = line
            value[key] = self.convert(value_node)
        return {**merged, **value} if merged else value

    def _scalar(self, node: ScalarNode) -> Any:
        tag, text = node.tag.removeprefix(_TAG), node.value
        if tag == "str":
            return text
        try:
            if tag == "null":
                return None
            if tag == "bool":
                return {"true": True, "false": False}[text.lower()]
            if tag == "int":
                return int(text, 0 if text[:2] in ("0x", "0o") else 10)
            if tag == "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except (ValueError, KeyError):
            return self._wrong(node, f"{text[:40]!r} is no {tag}", "Quote it if it is text.")
        return "<<" if tag == "merge" else self._tagged(node)

    def _tagged(self, node: Node) -> None:
        return self._wrong(node, f"the YAML tag {node.tag.replace(_TAG, '!!')} is not allowed", "Remove the tag.")

    def _wrong(self, node: Node, message: str, hint: str) -> None:
        mark = node.start_mark
        problem = Problem(self.document.file, mark.line + 1, mark.column + 1, message, hint)
        if problem not in self.document.problems:
            self.document.problems.append(problem)


def _locate(node: Node | None, path: Path) -> tuple[Node | None, Node | None]:
    """The key node and the value node at `path`, or those of the nearest parent."""
    key: Node | None = None
    for part in path:
        found: tuple[Node | None, Node] | None = None
        if isinstance(node, MappingNode):
            found = _entry(node, part)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (None, node.value[part])
        if found is None:
            return key, node
        key, node = found
    return key, node


def _entry(node: MappingNode, name: str | int, seen: frozenset[int] = frozenset()) -> tuple[Node | None, Node] | None:
    """The entry of a mapping by its key, own keys before merged ones (`seen`: a merge may contain itself)."""
    merged: list[Node] = []
    for key, value in node.value:
        if key.tag == _TAG + "merge":
            merged += value.value if isinstance(value, SequenceNode) else [value]
        elif isinstance(key, ScalarNode) and key.value == name:
            return key, value
    for base in merged:
        if isinstance(base, MappingNode) and id(base) not in seen and (found := _entry(base, name, seen | {id(node)})):
            return found
    return None


def _syntax(error: yaml.MarkedYAMLError, file: str, text: str) -> Problem:
    """A parser's complaint, at its place, with what usually causes it."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines() or [""]
    at = lines[line - 1][column - 1 : column] if line <= len(lines) else ""
    said = error.problem or "this is no YAML"
    hint = "Check the indentation and the quotes here and in the line above."
    if at == "\t" or "\t" in (lines[line - 1][:column] if line <= len(lines) else ""):
        said, hint = "a tab may not indent YAML", "Indent with spaces."
    elif "another document" in said:
        said, hint = "a file holds one pipeline", "Remove the line `---`, or move what follows to a file of its own."
    elif "undefined alias" in said:
        hint = "An alias (`*name`) needs an anchor (`&name`) above it; quote the text if it just starts with `*`."
    elif "mapping values are not allowed" in said:
        hint = "Quote a text that holds `: `, and check the indentation."
    elif "cannot start any token" in said:
        said, hint = f"a value may not start with {at!r}", f"Quote the text that starts with {at}."
    elif "unexpected end of stream" in said or "did not find expected ',' or" in said:
        opened = error.context_mark
        if opened is not None:
            line, column = opened.line + 1, opened.column + 1
        said, hint = "what is opened here is never closed", "Add the closing quote or bracket."
    elif "escape" in said:
        hint = "Use single quotes where backslashes are meant as they stand."
    return Problem(file, line, column, said, hint)
