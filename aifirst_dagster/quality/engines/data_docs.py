"""Data Docs: Great Expectations' own pages about a suite and what came of it, built by Great Expectations."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import InputError, StorageError
from aifirst_dagster.quality.engines.great_expectations import quiet_context
from aifirst_dagster.quality.engines.gx_arguments import expectation
from aifirst_dagster.quality.engines.gx_frames import frame
from aifirst_dagster.quality.engines.plan import describe
from aifirst_dagster.quality.results import RuleResult
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb


def build(
    con: duckdb.DuckDBPyConnection, relation: str, rules: Sequence[Rule], folder: str | Path, name: str
) -> tuple[Path, list[RuleResult]]:
    """Judge `rules` on a relation and write Data Docs to `folder`, all of it or nothing.

    Args:
        con: The session that holds the relation.
        relation: Usable in a FROM clause.
        rules: Those that Great Expectations cannot take are left out of the pages.
        folder: Made new; Data Docs that are there already are replaced.
        name: What the suite is called.

    Returns:
        (the page to begin with, the rules that were left out with their errors).

    Raises:
        InputError: The folder holds something else.
        StorageError: It cannot be written.
    """
    target = Path(folder).absolute()
    if target.exists() and (not target.is_dir() or (any(target.iterdir()) and not _is_ours(target))):
        raise InputError(
            "The folder holds something else than Data Docs.", file=str(folder), hint="Name a new or an empty folder."
        )
    table = describe(con, relation)
    made = [(rule, expectation(table, rule)) for rule in rules if rule.live]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise StorageError(f"Data Docs cannot be written: {error.strerror}.", file=str(folder)) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _pages(
                frame(con, table), [(rule, one) for rule, one in made if not isinstance(one, RuleResult)], fresh, name
            )
        fresh.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        fresh.replace(target)
    except OSError as error:
        raise StorageError(f"Data Docs cannot be written: {error.strerror}.", file=str(folder)) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target / "index.html", [one for _, one in made if isinstance(one, RuleResult)]


def _is_ours(folder: Path) -> bool:
    return (folder / "index.html").is_file() and (folder / "static").is_dir()


def _pages(data: Any, expectations: Sequence[tuple[Rule, Any]], folder: Path, name: str) -> None:
    """A checkpoint run, and the site about it."""
    import great_expectations as gx

    context = quiet_context()
    site = {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
    }
    context.add_data_docs_site(site_name="docs", site_config=site)
    asset = context.data_sources.add_pandas("aifirst").add_dataframe_asset(name)
    whole = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name=name))
    for rule, one in expectations:
        one.notes = rule.rationale or None
        one.severity = "critical" if rule.severity == "error" else "warning"
        suite.expectations.append(one)
    suite.save()
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=whole, suite=suite))
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(name=name, validation_definitions=[definition], result_format="COMPLETE", actions=[])
    )
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        checkpoint.run(batch_parameters={"dataframe": data})
        context.build_data_docs(site_names=["docs"])
    finally:
        logging.disable(level)
