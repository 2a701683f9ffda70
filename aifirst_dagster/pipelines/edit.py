"""Edits by a program that leave a person's file as it was: comments, order, quotes and blank lines stay.

Each edit rewrites the file whole or not at all, and only if the result is a valid pipeline. Key paths are those of
problems, `("steps", 0, "config", "threshold")`; a step may also be named by its key or name in place of its number.
All raise `PipelineErrors` where the file is, or would become, no valid pipeline, `ConfigError` where there is no such
place, and `StorageError` where the file cannot be written; the file is then untouched.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.pipelines.blocks import Entry, entries
from aifirst_dagster.pipelines.document import Document, parse
from aifirst_dagster.pipelines.load import Broken, Loaded, load_file, load_text
from aifirst_dagster.pipelines.replace import replace_file
from aifirst_dagster.pipelines.rewrite import block, rewrite, styled
from aifirst_dagster.pipelines.slugs import slug

KeyPath = Sequence["str | int"]


def set_value(path: str | Path, keypath: KeyPath, value: Any) -> Loaded:
    """Set one value, or add a key with it; mappings on the way are made where they are missing."""
    loaded = _loaded(path)
    place = _numbered(loaded, keypath)

    def change(data: Any) -> None:
        parent = data
        for part in place[:-1]:
            parent = _step_in(parent, part, place)
        present = _get(parent, place[-1])
        parent[place[-1]] = styled(value, present)

    expected = copy.deepcopy(loaded.document.value)
    change(expected)
    return _save(loaded, rewrite(loaded.document.text, change), expected)


def remove_value(path: str | Path, keypath: KeyPath) -> Loaded:
    """Remove one key or item, with the comments right above it."""
    loaded = _loaded(path)
    place = _numbered(loaded, keypath)
    expected = copy.deepcopy(loaded.document.value)
    _delete(expected, place)
    return _save(loaded, _without(loaded.document, place), expected)


def add_step(path: str | Path, step: Mapping[str, Any], after: str | None = None) -> Loaded:
    """Add a step at the end, or after the step of that key or name.

    The other steps go on reading what they read: one that relied on "the step before" is given its `needs`.
    """
    loaded = _loaded(path)
    steps = loaded.spec.steps
    at = len(steps) if after is None else _number(loaded, after) + 1
    text = loaded.document.text
    if at < len(steps) and steps[at].needs is None and steps[at].inputs:
        needs = [_label(loaded, key) for key in steps[at].inputs]
        text = rewrite(text, lambda data: _set_needs(data["steps"][at], needs))
    document = parse(text, loaded.document.file)
    expected = copy.deepcopy(document.value)
    expected["steps"].insert(at, _plain(step))
    return _save(loaded, _with_step(document, at, dict(step)), expected)


def remove_step(path: str | Path, name: str) -> Loaded:
    """Remove a step; what read it reads what it read."""
    loaded = _loaded(path)
    at = _number(loaded, name)
    gone = loaded.spec.steps[at]
    heirs = [_label(loaded, key) for key in gone.inputs]

    def change(data: Any) -> None:
        for index, step in enumerate(loaded.spec.steps):
            if gone.key not in step.inputs:
                continue
            needs = [heir for key in step.inputs for heir in (heirs if key == gone.key else [_label(loaded, key)])]
            before = loaded.spec.steps[index - 2].key if index > 1 else None
            if step.needs is not None or list(gone.inputs) != [before]:
                _set_needs(data["steps"][index], list(dict.fromkeys(needs)))

    document = parse(rewrite(loaded.document.text, change), loaded.document.file)
    expected = copy.deepcopy(document.value)
    del expected["steps"][at]
    return _save(loaded, _without(document, ("steps", at)), expected)


def rename_step(path: str | Path, name: str, new: str, keep_key: bool = True) -> Loaded:
    """Give a step another name, and follow it in every `needs`.

    Args:
        path: The pipeline file.
        name: The step's present name or key.
        new: Its name from now on.
        keep_key: Write its present key down, so that its asset, its data and its designs stay its own.
    """
    loaded = _loaded(path)
    at = _number(loaded, name)
    step = loaded.spec.steps[at]
    written = "key" in loaded.document.value["steps"][at]
    stays = keep_key or written
    named = {step.name} if stays else {step.name, step.key}

    def change(data: Any) -> None:
        renamed = data["steps"][at]
        renamed["name"] = styled(new, renamed["name"])
        if stays and not written and slug(new) != step.key:
            renamed.insert(list(renamed).index("name") + 1, "key", step.key)
        for other in data["steps"]:
            needs = other.get("needs")
            if isinstance(needs, str) and needs in named:
                other["needs"] = styled(new, needs)
            elif isinstance(needs, list):
                for position, need in enumerate(needs):
                    if need in named:
                        needs[position] = styled(new, need)

    return _save(loaded, rewrite(loaded.document.text, change))


def _loaded(path: str | Path) -> Loaded:
    """The file as it is, which has to be a valid pipeline."""
    found = load_file(path)
    if isinstance(found, Broken):
        raise found.error
    return found


def _save(before: Loaded, text: str, expected: Any = None) -> Loaded:
    """Write the text if it is a valid pipeline and says what was meant."""
    found = load_text(text, before.path)
    if isinstance(found, Broken):
        raise found.error
    if expected is not None and found.document.value != expected:
        raise ConfigError(
            "the edit would change other values too: this one is shared by an alias",
            hint="Write the values out, or edit the file by hand.",
            file=str(before.path),
        )
    mark = before.path.read_bytes()[:3] == b"\xef\xbb\xbf"
    replace_file(before.path, ("\ufeff" if mark else "") + text)
    return found


def _numbered(loaded: Loaded, keypath: KeyPath) -> tuple[str | int, ...]:
    """A key path with the step's number in place of its name."""
    path = tuple(keypath)
    if not path:
        raise ConfigError("an edit needs a key path", hint='Say ("steps", 0, "config", "threshold").')
    if len(path) > 1 and path[0] == "steps" and isinstance(path[1], str):
        return ("steps", _number(loaded, path[1]), *path[2:])
    return path


def _number(loaded: Loaded, name: str) -> int:
    """The number of a step by its key or name."""
    return loaded.spec.steps.index(loaded.spec.step(name))


def _label(loaded: Loaded, key: str) -> str:
    """How `needs` names a step: by its key where it has one written down, else by its name."""
    at = _number(loaded, key)
    return key if "key" in loaded.document.value["steps"][at] else loaded.spec.steps[at].name


def _step_in(parent: Any, part: str | int, place: KeyPath) -> Any:
    """The value at one part of a path; a missing mapping is made."""
    found = _get(parent, part)
    if found is None and isinstance(parent, dict) and isinstance(part, str):
        parent[part] = styled({})
        return parent[part]
    if not isinstance(found, dict | list):
        raise _no_place(place)
    return found


def _get(parent: Any, part: str | int) -> Any:
    """The value at one part of a path; None where there is none."""
    if isinstance(parent, list):
        if not isinstance(part, int) or not 0 <= part < len(parent):
            raise _no_place((part,))
        return parent[part]
    if not isinstance(parent, dict) or not isinstance(part, str):
        raise _no_place((part,))
    return parent.get(part)


def _delete(data: Any, place: KeyPath) -> None:
    for part in place[:-1]:
        data = _get(data, part)
    if _get(data, place[-1]) is None and not (isinstance(data, dict) and place[-1] in data):
        raise _no_place(place)
    del data[place[-1]]


def _no_place(place: KeyPath) -> ConfigError:
    words = ".".join(str(part) for part in place)
    return ConfigError(f"there is no `{words}` in the pipeline", hint="Nothing was changed.")


def _set_needs(step: Any, needs: list[str]) -> None:
    """Write `needs`, after the type where it is new."""
    value = styled(needs, None)
    if "needs" in step:
        step["needs"] = value
    else:
        step.insert(list(step).index("type") + 1 if "type" in step else len(step), "needs", value)


def _without(document: Document, place: tuple[str | int, ...]) -> str:
    """The text without an entry: its lines and the comments above it, or its part of a line."""
    lines, newline = _lines(document.text)
    found = entries(document.node(place[:-1]), lines)
    if found is None:
        return rewrite(document.text, lambda data: _delete(data, place))
    parent = document.at(place[:-1])
    keys: list[Any] = list(range(len(parent))) if isinstance(parent, list) else document.keys(place[:-1])
    entry = found[keys.index(place[-1])]
    if entry.start in {other.start for other in found if other is not entry} or _shares_dash(lines, entry):
        return rewrite(document.text, lambda data: _delete(data, place))
    return _joined(lines[: entry.lead] + lines[entry.end :], newline)


def _with_step(document: Document, at: int, step: dict[str, Any]) -> str:
    """The text with a step as the item number `at`, apart from its neighbours as they are from each other."""
    lines, newline = _lines(document.text)
    found = entries(document.node(("steps",)), lines)
    if not found:
        return rewrite(document.text, lambda data: data["steps"].insert(at, styled(step)))
    before = found[at - 1]
    apart = any(not lines[entry.lead - 1].strip() for entry in found[1:])
    if lines[before.end - 1] and not lines[before.end - 1].endswith("\n"):
        lines[before.end - 1] += "\n"
    new = (["\n"] if apart else []) + block(step, before.column)
    return _joined(lines[: before.end] + new + lines[before.end :], newline)


def _shares_dash(lines: list[str], entry: Entry) -> bool:
    """Whether a key stands behind the dash of a list's item: its line cannot just go."""
    return lines[entry.start][: entry.column].strip() != ""


def _lines(text: str) -> tuple[list[str], str]:
    """Lines that end with a line feed, and what the file ends them with."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return text.replace("\r\n", "\n").splitlines(True), newline


def _joined(lines: list[str], newline: str) -> str:
    return "".join(lines).replace("\n", newline)


def _plain(value: Any) -> Any:
    """Mappings and lists as the parser gives them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
