"""Pipeline files that several tests use: the seed, one with everything, and every wrong kind of YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

SEED = """\
name: "Customer Data Enrichment"
version: "1.0"
steps:
  - name: "Load Customer CSV"
    type: "connector"
    config: {type: "csv", llm_enhanced: true}
  - name: "Schema Mapping"
    type: "llm_transform"
    config: {model: "claude-sonnet-4", mode: "extended_thinking", prompt_template: "map_customer_schema"}
  - name: "Data Quality Check"
    type: "llm_validation"
    config: {rules: "auto_generate", threshold: 0.95}
"""

FULL = """\
# yaml-language-server: $schema=./pipeline.schema.json
name: Orders
version: 1.10
description: Orders of all shops.
owner: team:orders
schedule: {cron: "0 6 * * 1-5", timezone: Europe/Berlin}
partitions: {type: daily, start: 2026-01-31, column: ordered_at}
drift: {threshold: 0.2, on_drift: rematerialize, ignore: [ordered_at]}
budget: 1
llm: claude
tags: {domain: sales}
designs: frozen
steps:
  - &shop
    name: Shop A
    type: connector
    config: {path: in/a/*.csv, types: {id: integer}}
    retry: {max_retries: 3, delay: 1, backoff: exponential}
  - <<: *shop
    name: Shop B
    on_failure: skip
    config: {path: {env: SHOP_B, default: in/b/*.csv}}
  - name: Both
    type: sql
    needs: [Shop A, shop_b]
    config:
      query: |
        SELECT * FROM shop_a UNION ALL BY NAME SELECT * FROM shop_b
  - name: Übersicht
    type: llm_validation
    owner: ann@shop.example
    config: {threshold: {env: THRESHOLD, default: 0.9}}
  - name: Warehouse
    key: publish
    type: output
    config: {format: postgres, url: {env: WAREHOUSE_URL}, table: orders, mode: upsert, key: [id]}
"""

HEAD = "name: A\nsteps:\n  - {name: L, type: connector}\n"


class Case(NamedTuple):
    """A wrong file, and the first problem that is to be reported of it (`found`: how many there are)."""

    id: str
    text: str
    line: int
    column: int
    message: str
    hint: str = ""
    found: int = 1


def _from_file() -> list[Case]:
    """The cases of `broken_files.txt`: `=== id`, `--> line:column (found) message | hint`, then the file."""
    cases = []
    for part in (Path(__file__).parent / "broken_files.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        name, expected, text = part.split("\n", 2)
        match = re.fullmatch(r"--> (\d+):(\d+)(?: \((\d+)\))? (.*?)(?: \| (.*))?", expected)
        assert match, expected
        line, column, found, message, hint = match.groups()
        cases.append(Case(name, text, int(line), int(column), message, hint or "", int(found or 1)))
    return cases


BROKEN = (
    *_from_file(),
    Case("an empty file", "", 1, 1, "the file is empty", "`name:` and `steps:`"),
    Case("json that is a list", "[1, 2]", 1, 1, "is a mapping, not a list"),
    Case("a tab", "name: A\nsteps:\n\t- {name: L, type: connector}\n", 3, 1, "a tab may not indent YAML", "spaces"),
    Case("a tab later", "name: A\nsteps:\n  - name: L\n  \ttype: connector\n", 4, 3, "a tab may not indent", "spaces"),
    Case("nesting without end", "a: " + "[" * 200_000, 1, 1, "nests deeper than"),
    Case("blocks without end", "- " * 200_000 + "a", 1, 1, "nests deeper than"),
    Case("a file that is too long", "# " + "x" * 1_000_001, 1, 1, "longer than 1,000,000 characters"),
    Case("a control character", "name: A\nsteps: \x07\n", 2, 8, "U+0007", "Delete"),
)
