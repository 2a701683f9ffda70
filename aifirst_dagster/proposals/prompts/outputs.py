"""What templates' answers fill in: each task's proposal model, found by its name."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.proposals.prompts.template import Prompt

if TYPE_CHECKING:
    from pydantic import BaseModel

_TASKS = Path(__file__).parent.parent


@cache
def outputs() -> dict[str, tuple[str, type[BaseModel]]]:
    """Model name -> (task, model), of every folder beside this one that has a `prompt.md` and a `proposal.py`."""
    from pydantic import BaseModel

    found: dict[str, tuple[str, type[BaseModel]]] = {}
    for file in sorted(_TASKS.glob("*/proposal.py")):
        task = file.parent.name
        if not file.with_name("prompt.md").is_file():
            continue
        module = importlib.import_module(f"aifirst_dagster.proposals.{task}.proposal")
        for name, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, BaseModel) and member.__module__ == module.__name__ and name.endswith("Proposal"):
                found[name] = (task, member)
    return found


def task_of(prompt: Prompt) -> str | None:
    """The task that a template is for: by its `output`, else by the variables that only one task gives."""
    if prompt.output is not None:
        return outputs()[prompt.output][0] if prompt.output in outputs() else None
    used = set(prompt.inputs)
    return "mapping" if used & {"target", "repairs"} else "rules" if "rules" in used else "schema"
