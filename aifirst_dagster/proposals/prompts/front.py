"""A template's front matter: what it says of itself, read strictly and with places."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aifirst_dagster.llm.types import Effort, Thinking


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hints(_Strict):
    """How a model is best asked; what a resource or a pipeline says beats it.

    Attributes:
        thinking: Whether the model reasons first.
        effort: How deep.
        max_tokens: Cap on the answer, thinking included.
    """

    thinking: Thinking | None = None
    effort: Effort | None = None
    max_tokens: int | None = Field(default=None, gt=0)


class Front(_Strict):
    """What stands between the two lines `---`.

    Attributes:
        name: The file's name.
        version: The author's label, raised with each change.
        inputs: The variables that it uses.
        output: The model that the answer fills in, say `SchemaProposal`; None: whatever the task asks for.
    """

    name: str
    version: str
    inputs: tuple[str, ...]
    output: str | None = None
    hints: Hints = Hints()


class FrontError(Exception):
    """The front matter is wrong; `faults` holds (line, column, message, hint), 1-based within the YAML."""

    def __init__(self, faults: list[tuple[int, int, str, str]]) -> None:
        super().__init__(faults[0][2])
        self.faults = faults


def read(text: str) -> tuple[Front, dict[str, int]]:
    """The front matter, and the line of each of its keys.

    Raises:
        FrontError: With everything that is wrong.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        # YAML 1.2: `thinking: off` is a word, not false.
        document: Any = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise FrontError([(*place, f"The front matter is not YAML: {error.problem}.", "")]) from None
    except YAMLError as error:
        raise FrontError([(1, 1, f"The front matter is not YAML: {str(error).splitlines()[0]}.", "")]) from None
    if not hasattr(document, "lc") or not hasattr(document, "items"):
        raise FrontError([(1, 1, "The front matter has no keys.", _HINT)])
    try:
        front = Front.model_validate(_plain(document))
    except ValidationError as error:
        raise FrontError([_fault(document, problem) for problem in error.errors()]) from None
    return front, {str(key): document.lc.key(key)[0] + 1 for key in document}


_HINT = "It has name, version and inputs, and may have output and hints."


def _fault(document: Any, problem: Any) -> tuple[int, int, str, str]:
    line, column, inner = 1, 1, document
    for key in problem["loc"]:
        try:
            places: Any = inner.lc
            marks = places.key(key) if isinstance(inner, dict) else places.item(key)
            line, column, inner = marks[0] + 1, marks[1] + 1, inner[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        return line, column, f"{where}: {problem['msg']}.", _HINT
    known = list(Front.model_fields) if len(problem["loc"]) == 1 else list(Hints.model_fields)
    near = get_close_matches(str(problem["loc"][-1]), known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}."
    return line, column, f"Unknown key {where!r} in the front matter.", hint


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
