"""`aifirst report`: a dataset version or a file as a page to forward: score, trend, rules, repairs, drift, columns."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option
from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    from aifirst_dagster.quality.report.content import Content


@click.command()
@click.argument("target")
@click.argument("step", required=False)
@click.option("--version", help="A version's name, or how it begins; default: the current one.")
@click.option("--partition", help="Partition, where the pipeline has partitions.")
@click.option("--rules", "rules_path", help="For a file: judge it by this rule set; default: rules learned from it.")
@click.option("-o", "--output", help="Where to write; default: <name>-report.html here (--md: standard output).")
@click.option("--md", "as_markdown", is_flag=True, help="Markdown without plots instead of a page.")
@json_option
def command(
    target: str,
    step: str | None,
    version: str | None,
    partition: str | None,
    rules_path: str | None,
    output: str | None,
    as_markdown: bool,
    as_json: bool,
) -> None:
    """Report on TARGET: a pipeline (a YAML file or its name; STEP: default the last one with rules), or a data file."""
    began = time.perf_counter()
    where, content = _gather(target, step, version, partition, rules_path)
    written = None
    if as_markdown:
        from aifirst_dagster.quality.report.markdown import markdown

        text = markdown(content)
    else:
        from aifirst_dagster.quality.report.page import html

        text = html(content)
        output = output or f"{'-'.join(where.values())[:80]}-report.html"
    if output:
        from aifirst_dagster.quality.report.files import write

        path = Path(output)
        written = {"output": str(path), "bytes": write(path, text)}
    answer = {
        **({"file": target} if not where.get("step") else where),
        "format": "markdown" if as_markdown else "html",
        **(written or {}),
        "dimensions": {one["dimension"]: one["score"] for one in content.explained},
        "report": content.to_dict(),
        "seconds": round(time.perf_counter() - began, 3),
    }
    if as_json or written:
        emit(answer, as_json, _show)
    else:
        click.echo(text, nl=False)


def _gather(
    target: str, step: str | None, version: str | None, partition: str | None, rules_path: str | None
) -> tuple[dict[str, str], Content]:
    """(names for the answer and the file, what the report says)."""
    if _is_file(target):
        if step or version or partition:
            raise click.UsageError(f"{target} is a data file: it has no STEP, --version or --partition.")
        return {"file": Path(target).stem or "data"}, _of_file(target, rules_path)
    if rules_path:
        raise click.UsageError("--rules is for data files; a pipeline's version has its verdict.")
    return _of_pipeline(target, step, version, partition)


def _is_file(target: str) -> bool:
    """Whether it is data rather than a pipeline."""
    if target == "-" or "://" in target:
        return True
    suffix = Path(target).suffix.lower()
    return suffix not in (".yaml", ".yml") and (bool(suffix) or Path(target).is_file())


def _of_file(file: str, rules_path: str | None) -> Content:
    """A bare file: inferred, judged and measured."""
    from aifirst_dagster.cli.rules import propose_rules
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.quality.report.file import of_file
    from aifirst_dagster.quality.rules import RuleSet

    rules = list(RuleSet.load(rules_path)) if rules_path else None
    if rules_path and not rules:
        raise ConfigError(
            "The rule file holds no rules.", file=rules_path, hint="Write some: aifirst rules FILE -o R.yaml"
        )
    with connect(most=BARE_FILE) as con:
        table = load(con, file)
        chosen = propose_rules(con, table).accepted if rules is None else rules
        name = "standard input" if file == "-" else file
        return of_file(
            con,
            table.relation,
            name,
            table.columns,
            chosen,
            learned=rules is None,
            rejected=table.read.rejected,
            address=None if file == "-" else file,
        )


def _of_pipeline(
    target: str, step: str | None, version: str | None, partition: str | None
) -> tuple[dict[str, str], Content]:
    """A version of a pipeline's dataset."""
    from aifirst_dagster.cli.running import project_of
    from aifirst_dagster.datasets.store import DatasetStore
    from aifirst_dagster.orchestration.reporting import content_of, described, find_version
    from aifirst_dagster.pipelines.load import load

    project, path = project_of(target)
    pipeline, store = load(path), DatasetStore(project.datasets)
    judges = [one.key for one in pipeline.steps if one.type == "llm_validation"]
    spec = pipeline.step(step or (judges or list(pipeline.order))[-1])
    found = find_version(store, pipeline.slug, spec.key, partition, version)
    names = {"pipeline": pipeline.slug, "step": spec.key}
    if partition is not None:
        names["partition"] = partition
    return names, content_of(project, found, described(pipeline, spec))


def _show(answer: dict[str, Any]) -> None:
    said = answer["report"]["verdict"]
    click.echo(f"{said}\n{answer['output']} ({answer['bytes'] / 1000:,.0f} kB, {answer['seconds']:.1f} s)")
