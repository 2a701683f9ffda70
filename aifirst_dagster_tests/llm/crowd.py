"""What each process of the fuzz does: ask for its share of the keys until each has its answer."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, Field

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.failures import BudgetExceededError
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.llm.types import CallContext, LLMRequest, LLMResponse
from aifirst_dagster.project import Project

#: Rounds over what is still missing: a refusal is random here, and the next try may be answered.
ROUNDS = 30


class Guess(BaseModel):
    """What is asked for."""

    name: str = Field(min_length=2)
    share: float = Field(ge=0, le=1)


def ask(key: str, run: str, stream: bool) -> LLMRequest:
    """The request for a key."""
    return LLMRequest(
        messages=f"What is key:{key} ?", output=Guess, max_tokens=300, stream=stream, metadata=CallContext(run_id=run)
    )


def work(root: str, environment: dict[str, str], keys: list[str], tight: list[str], results: str) -> None:
    """Answer every key of `keys`; then try those of `tight`, whose cap is too low for all of them.

    Each answer is a line in the file `results`: key, what was said, and whether it was bought here.
    """
    os.environ.update(environment)
    logging.disable(logging.WARNING)
    project = Project(Path(root))
    with Path(results).open("a", encoding="utf-8") as out:
        llm = choose("claude", project)
        missing = keys
        for _ in range(ROUNDS):
            missing = _round(llm, missing, "fuzz", out)
            if not missing:
                break
        _round(choose("tight", project), tight, "tight", out)
        print(json.dumps({"done": True, "missing": missing}), file=out, flush=True)


def _round(llm: LLM, keys: list[str], run: str, out: TextIO) -> list[str]:
    """Ask for all of them at once; the keys that got no answer."""
    asked = [ask(key, run, stream=sum(key.encode()) % 2 == 0) for key in keys]
    missing = []
    for key, got in zip(keys, llm.map(asked, concurrency=16), strict=True):
        if isinstance(got, LLMResponse):
            line = {"key": key, "name": got.parsed_as(Guess).name, "cache": got.cache, "request": got.request_id}
            print(json.dumps(line), file=out, flush=True)
        elif not isinstance(got, BudgetExceededError) or run == "fuzz":
            missing.append(key)
    return missing
