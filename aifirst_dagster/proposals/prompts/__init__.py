"""Prompt templates: Markdown with front matter, strict variables, and a fence around every piece of data."""

from aifirst_dagster.proposals.prompts.fencing import FENCE_RULE, fence
from aifirst_dagster.proposals.prompts.find import load, names, own_file, shipped_file
from aifirst_dagster.proposals.prompts.front import Hints
from aifirst_dagster.proposals.prompts.parse import Fault, faults
from aifirst_dagster.proposals.prompts.template import Prompt

__all__ = ["FENCE_RULE", "Fault", "Hints", "Prompt", "faults", "fence", "load", "names", "own_file", "shipped_file"]
