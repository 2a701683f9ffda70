"""Which rule sets a command is about: those of pipelines' steps, or a file; and the data that they judge now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.pipelines.spec import PipelineSpec
    from aifirst_dagster.project import Project
    from aifirst_dagster.proposals.rules.book import Book
    from aifirst_dagster.quality.rules import Rule
    from aifirst_dagster.state.designs_history import DesignHistory

target_argument = click.argument("target", metavar="[PIPELINE|RULE_FILE]", required=False)
step_argument = click.argument("step", required=False)
in_option = click.option("--in", "where", metavar="PIPELINE[/STEP]|RULE_FILE", help="Where the rule is; default: all.")
by_option = click.option("--by", help="Who decides; default: the user's name.")
why_option = click.option("--why", default="", help="Reason, kept with the decision.")


def books(target: str | None = None, step: str | None = None) -> list[Book]:
    """The rule sets of a pipeline (of one of its steps), of a rule file, or of the whole project.

    Raises:
        ConfigError: There is nothing by that name, or no rule set in it.
    """
    from aifirst_dagster.cli.running import project_of
    from aifirst_dagster.pipelines.load import Loaded, load, load_folder
    from aifirst_dagster.project import Project
    from aifirst_dagster.proposals.rules.book import Book

    if target is None:
        project = Project.find()
        specs = [one.spec for one in load_folder(project.pipelines) if isinstance(one, Loaded)]
        return [book for spec in specs for book in _of(project, spec, None)]
    if _is_rule_file(target):
        return [Book(Path(target))]
    if step is None and "/" in target and not Path(target).is_file():
        target, step = target.rsplit("/", 1)
    project, path = project_of(target)
    spec = load(path)
    found = _of(project, spec, step)
    if not found:
        named = f"step {step!r}" if step else "llm_validation step with rules of its own"
        raise ConfigError(f"{spec.name!r} has no {named}.", hint=f"Its steps: {', '.join(s.key for s in spec.steps)}.",
                          file=str(path))  # fmt: skip
    return found


def holding(name: str, several: Sequence[Book]) -> tuple[Book, Rule]:
    """The rule set that has a rule, by its id or by its check's name.

    Raises:
        ConfigError: None has it, or several.
    """
    from difflib import get_close_matches

    from aifirst_dagster.quality.rules import check_name

    found, known = [], []
    for book in several:
        rules = book.rules()
        known += [rule.id for rule in rules]
        match = [rule for rule in rules if rule.id == name] or [rule for rule in rules if check_name(rule) == name]
        found += [(book, rule) for rule in match[:1]]
    if not found:
        near = get_close_matches(name, known, n=1)
        raise ConfigError(f"There is no rule {name!r}.", hint=f"Did you mean {near[0]!r}?" if near else
                          "See them with: aifirst rules list.")  # fmt: skip
    if len(found) > 1:
        names = ", ".join(book.name for book, _ in found)
        raise ConfigError(f"{len(found)} rule sets have a rule {name!r}: {names}.", hint="Say which with --in.")
    return found[0]


def history_of(book: Book) -> DesignHistory | None:
    """Where versions of the rule set are kept; None for a file that no pipeline uses."""
    if book.project is None:
        return None
    from aifirst_dagster import state

    return state.open(book.project).designs


@contextmanager
def present(book: Book, data: str | None) -> Iterator[tuple[duckdb.DuckDBPyConnection, str] | None]:
    """The data that the rules judge now: a file, or what the step's input holds; None where there is none yet."""
    from aifirst_dagster.datasets.session import BARE_FILE, connect

    with connect(most=BARE_FILE) as con:
        if data is not None:
            from aifirst_dagster.cli.table import load

            yield con, load(con, data).relation
            return
        scan = _input(book)
        if scan is None:
            yield None
            return
        con.execute(f"CREATE VIEW data AS SELECT * FROM {scan}")
        yield con, "data"


def who(by: str | None) -> str:
    """Who decides."""
    import getpass

    try:
        return by or getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _of(project: Project, spec: PipelineSpec, step: str | None) -> list[Book]:
    """Rule sets of a pipeline's validation steps; rules that stand in the pipeline itself are edited there."""
    from aifirst_dagster.proposals.rules.book import Book

    found = []
    for one in spec.steps:
        if one.type != "llm_validation" or (step is not None and step not in (one.key, one.name)):
            continue
        source = one.config.get("rules", "auto_generate")
        if isinstance(source, list):
            if step is not None:
                raise ConfigError(f"The rules of {one.key!r} stand in the pipeline itself.",
                                  hint="Give each a `status` there: active, muted or rejected.")  # fmt: skip
            continue
        designed = source == "auto_generate"
        path = project.designs / spec.slug / one.key / "rules.yaml" if designed else project.resolve(source)
        found.append(Book(path, spec.slug, one.key, designed, project))
    return found


def _input(book: Book) -> str | None:
    """A scan of the newest data that the step's rules judge."""
    from aifirst_dagster.datasets.store import Dataset, DatasetStore

    if book.project is None or book.pipeline is None or book.step is None:
        return None
    store = DatasetStore(book.project.datasets)
    versions = (store.current(book.pipeline, book.step, key) for key in store.partitions(book.pipeline, book.step))
    judged = store.current(book.pipeline, book.step) or max(
        (one for one in versions if one), key=lambda one: one.manifest.version, default=None
    )
    if judged is None:
        return None
    for key in judged.manifest.inputs:
        now = store.current(book.pipeline, key, judged.manifest.partition) or store.current(book.pipeline, key)
        if now is not None and now.parts:
            return Dataset(key, (now,)).scan()
    return None


def _is_rule_file(target: str) -> bool:
    """Whether a name is that of a rule file."""
    import yaml

    path = Path(target)
    if path.suffix.lower() not in (".json", ".yaml", ".yml") or not path.is_file():
        return False
    try:
        head = path.read_bytes()[: 1 << 22].decode("utf-8-sig", "replace")
        return any(isinstance(one, dict) and "rules" in one for one in yaml.safe_load_all(head))
    except (OSError, yaml.YAMLError):
        return False
