"""Rules as dbt tests: dbt's own, else those of the packages dbt_utils and dbt_expectations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aifirst_dagster.quality.dbt_tests import NoTestError, condition_sql, test_of
from aifirst_dagster.quality.rules import Rule

PACKAGES = {
    "dbt_utils": {"package": "dbt-labs/dbt_utils", "version": [">=1.3.0", "<2.0.0"]},
    "dbt_expectations": {"package": "metaplane/dbt_expectations", "version": [">=0.10.8", "<0.11.0"]},
}


@dataclass
class DbtTests:
    """A model's tests.

    Attributes:
        schema: The content of a `schema.yml`.
        packages: The content of a `packages.yml` that the tests need; empty where dbt itself has them all.
        left_out: Rules without a test that means the same, with the reason.
    """

    schema: dict[str, Any]
    packages: dict[str, Any] = field(default_factory=dict)
    left_out: list[tuple[Rule, str]] = field(default_factory=list)


def dbt_tests(model: str, rules: Iterable[Rule]) -> DbtTests:
    """The tests of `model`, in the order of the rules; a rule that nothing in dbt means exactly is left out."""
    of_table: list[Any] = []
    of_columns: dict[str, list[Any]] = {}
    left_out = []
    used: set[str] = set()
    for rule in rules:
        if not rule.counts:
            left_out.append((rule, f"It is {rule.status}."))
            continue
        try:
            tests = list(_tests(rule))
        except NoTestError as problem:
            left_out.append((rule, str(problem)))
            continue
        for column, name, test in tests:
            used.add(name.partition(".")[0])
            (of_table if column is None else of_columns.setdefault(column, [])).append(test)
    table: dict[str, Any] = {"name": model}
    if of_table:
        table["data_tests"] = of_table
    if of_columns:
        table["columns"] = [{"name": name, "data_tests": tests} for name, tests in of_columns.items()]
    needed = [PACKAGES[name] for name in PACKAGES if name in used]
    return DbtTests({"version": 2, "models": [table]}, {"packages": needed} if needed else {}, left_out)


def _tests(rule: Rule) -> Iterator[tuple[str | None, str, Any]]:
    """(column or None for the table, the test's name, the test as YAML has it)."""
    config: dict[str, Any] = {} if rule.severity == "error" else {"severity": "warn"}
    if rule.kwargs.get("row_condition") is not None:
        config["where"] = condition_sql(rule.kwargs["row_condition"])
    for test in test_of(rule):
        content = {key: value for key, value in test.arguments.items() if value is not None}
        if rule.rationale:
            content["description"] = rule.rationale
        if config:
            content["config"] = config
        yield test.column, test.name, {test.name: content} if content else test.name
