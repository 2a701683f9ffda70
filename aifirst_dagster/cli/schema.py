"""`aifirst schema`: the schema contract of a pipeline or a file: show, diff, accept, pin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice
from aifirst_dagster.cli.schema_report import show_accepted, show_diff, show_schemas

if TYPE_CHECKING:
    from aifirst_dagster.inference.contract.contract import Contract
    from aifirst_dagster.inference.contract.examine import Examined
    from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
    from aifirst_dagster.project import Project


@click.group()
def command() -> None:
    """Schema contracts: Frictionless Table Schema files that say what a dataset is, and that beat any inference.

    A pipeline's contract is resources/designs/PIPELINE/STEP/contract.json; a bare file's is any Table Schema file.
    """


@command.command("show")
@click.argument("target", metavar="PIPELINE|FILE|SCHEMA")
@click.argument("step", required=False)
@click.option("--history", is_flag=True, help="Every version: when, by whom, what changed.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the Table Schema to a file (JSON).")
@json_option
def show_(target: str, step: str | None, history: bool, output: Path | None, as_json: bool) -> None:
    """Show the schema of PIPELINE's connectors (or of STEP), of a schema file, or of a data file as inferred."""
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.inference.contract import document

    found = _bare(target)
    if found is not None:
        entries = [{"file": target, "version": found.version, "schema": document.descriptor(found)}]
    else:
        project, pipeline, steps = _of_pipeline(target, step)
        entries = [_entry(project, pipeline, one, history) for one in steps]
    if output is not None:
        schemas = [entry["schema"] for entry in entries if entry["schema"]]
        if len(schemas) != 1:
            raise ConfigError(f"There are {len(schemas)} schemas to write.", hint="Name one STEP that has a contract.")
        import json

        output.write_text(json.dumps(schemas[0], ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        notice(f"Written: {output}")
    emit({"target": target, "schemas": entries}, as_json, show_schemas)


@command.command("diff")
@click.argument("target", metavar="PIPELINE|SCHEMA|FILE")
@click.argument("other", metavar="[STEP|FILE]", required=False)
@json_option
@click.pass_context
def diff_(ctx: click.Context, target: str, other: str | None, as_json: bool) -> None:
    """Compare a schema with what files hold now; exits with 1 where a change is breaking.

    PIPELINE [STEP]: the contract against the files on disk. SCHEMA FILE: a Table Schema, or an older data file,
    against a data file.
    """
    from aifirst_dagster.errors import ConfigError

    base = _bare(target)
    if base is not None:
        if other is None:
            raise ConfigError("There is no file to compare with.", hint="aifirst schema diff SCHEMA FILE.")
        entries = [_compared({"file": other, "schema": target}, base, _look_at(base, other, target))]
    else:
        entries = _pipeline_diff(target, other)
    answer = {"target": target, "breaking": any(one["breaking"] for one in entries), "diffs": entries}
    emit(answer, as_json, show_diff)
    if answer["breaking"]:
        ctx.exit(1)


@command.command("accept")
@click.argument("target", metavar="PIPELINE|SCHEMA")
@click.argument("other", metavar="[STEP|FILE]", required=False)
@click.option("--renames", is_flag=True, help="Take what looks like a rename as one: the column keeps its name here.")
@json_option
def accept_(target: str, other: str | None, renames: bool, as_json: bool) -> None:
    """Take what the files hold as the schema: PIPELINE [STEP], or SCHEMA FILE. Pins stay as they are."""
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.inference.contract import document
    from aifirst_dagster.proposals.files import write_atomically

    entries = []
    base = _bare(target, schema_only=True)
    if base is not None:
        if other is None:
            raise ConfigError("There is no file to take the schema of.", hint="aifirst schema accept SCHEMA FILE.")
        new, examined = _accepted_bare(base, other, renames)
        if not write_atomically(Path(target), document.text(new)):
            raise ConfigError("The schema cannot be written.", hint="Make it writable.", file=target)
        entries.append({"file": target, **_accepted(new, base, examined)})
    else:
        from aifirst_dagster.orchestration.schema import accept

        project, pipeline, steps = _of_pipeline(target, other)
        for one in steps:
            new, before, examined_ = accept(project, pipeline, one, renames=renames)
            entries.append({"pipeline": pipeline.name, "step": one.key, **_accepted(new, before, examined_)})
    emit({"target": target, "accepted": entries}, as_json, show_accepted)


@command.command("pin")
@click.argument("target", metavar="PIPELINE|SCHEMA")
@click.argument("column")
@click.argument("said", metavar="KEY=VALUE...", nargs=-1, required=True)
@click.option("--step", help="The connector, where the pipeline has several.")
@json_option
def pin_(target: str, column: str, said: tuple[str, ...], step: str | None, as_json: bool) -> None:
    """Say what COLUMN is; no inference, model or new file overrules it. KEY= takes a pin back.

    Keys: type, format, name, null_tokens, description, unit, semantic_type, number_style; source (another name that
    files use for it); required, unique, minimum, maximum, minLength, maxLength, pattern, enum.
    """
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.inference.contract import document
    from aifirst_dagster.inference.contract.pins import pin
    from aifirst_dagster.proposals.files import write_atomically

    pairs = dict(one.partition("=")[::2] for one in said)
    if wrong := next((one for one in said if "=" not in one), None):
        raise ConfigError(
            f"{wrong!r} is no KEY=VALUE.", hint=f"For example: aifirst schema pin {target} {column} type=string."
        )
    base = _bare(target, schema_only=True)
    if base is not None:
        new = pin(base, column, pairs)
        if not write_atomically(Path(target), document.text(new)):
            raise ConfigError("The schema cannot be written.", hint="Make it writable.", file=target)
        entry: dict[str, Any] = {"file": target, "version": new.version, "schema": document.descriptor(new)}
    else:
        from aifirst_dagster.orchestration.schema import pinned

        project, pipeline, steps = _of_pipeline(target, step)
        holders = [one for one in steps if _has(project, pipeline, one, column)] if len(steps) > 1 else steps
        if len(holders) != 1:
            keys = ", ".join(one.key for one in steps)
            raise ConfigError(f"{len(holders)} connectors have a column {column!r}.", hint=f"Add --step: {keys}.")
        pinned(project, pipeline, holders[0], column, pairs)
        entry = _entry(project, pipeline, holders[0], False)
    emit({"target": target, "schemas": [entry]}, as_json, show_schemas)


def _bare(target: str, schema_only: bool = False) -> Contract | None:
    """The schema of a bare file: a Table Schema file's own, else what a data file holds; None: it is a pipeline."""
    path = Path(target)
    if target != "-" and not path.is_file():
        return None
    if path.suffix.lower() in (".json", ".yaml", ".yml"):
        kind = _kind(path)
        if kind == "pipeline":
            return None
        if kind == "schema":
            from aifirst_dagster.inference.contract import document

            return document.load(path)
    if schema_only:
        from aifirst_dagster.errors import ConfigError

        raise ConfigError("This is no Table Schema.", hint="aifirst schema show FILE -o SCHEMA makes one.", file=target)
    return _inferred(target)


def _kind(path: Path) -> str:
    """What a JSON or YAML file is: `schema`, `pipeline`, or `data`."""
    import yaml

    head = path.read_bytes()[: 1 << 22].decode("utf-8-sig", "replace")
    try:
        data = yaml.safe_load(head) if path.suffix.lower() != ".json" else __import__("json").loads(head)
    except (ValueError, yaml.YAMLError):
        return "data"
    if isinstance(data, dict) and isinstance(data.get("steps"), list):
        return "pipeline"
    listed = data.get("fields") if isinstance(data, dict) else None
    return "schema" if isinstance(listed, list) and all(isinstance(one, dict | str) for one in listed) else "data"


def _inferred(file: str) -> Contract:
    from aifirst_dagster.cli.reading import opened
    from aifirst_dagster.inference.contract.contract import Contract
    from aifirst_dagster.inference.file import infer_relation

    with opened(file, accept_unsure=True) as (con, table):
        schema = infer_relation(con, table.relation, table.columns, table.native)
        return Contract.of(schema.columns, described=True).model_copy(update={"primary_key": schema.primary_key})


def _look_at(base: Contract, file: str, target: str) -> Examined:
    """A data file against a schema; where the schema is that of another data file, its rows tell renames."""
    from aifirst_dagster.cli.reading import opened
    from aifirst_dagster.connectors import read
    from aifirst_dagster.inference import casts
    from aifirst_dagster.inference.contract.look import look
    from aifirst_dagster.inference.contract.modes import Modes

    with opened(file, accept_unsure=True) as (con, table):
        earlier, kept = None, None
        if Path(target).suffix.lower() not in (".json", ".yaml", ".yml") or _kind(Path(target)) == "data":
            kept = read(con, [target])
            earlier = casts.select(base.columns, kept.relation)
        examined, _ = look(con, table.relation, table.native, table.layouts, base, Modes(), earlier)
        return examined


def _accepted_bare(base: Contract, file: str, renames: bool) -> tuple[Contract, Examined]:
    from aifirst_dagster.cli.reading import opened
    from aifirst_dagster.inference.contract.look import look, with_renames
    from aifirst_dagster.inference.contract.modes import Modes

    with opened(file, accept_unsure=True) as (con, table):
        examined, _ = look(con, table.relation, table.native, table.layouts, base, Modes())
        if not renames or not examined.renames:
            return examined.contract, examined
        again, _ = look(con, table.relation, table.native, table.layouts, with_renames(base, examined), Modes())
        return again.contract.model_copy(update={"version": base.version + 1}), examined


def _pipeline_diff(target: str, step: str | None) -> list[dict[str, Any]]:
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.orchestration import schema as contracts

    project, pipeline, steps = _of_pipeline(target, step)
    entries = []
    for one in steps:
        contract = contracts.contract_of(project, pipeline, one)
        if contract is None:
            if step is not None or len(steps) == 1:
                raise ConfigError(
                    f"The step {one.key!r} has no schema contract yet.",
                    hint=f"Run the pipeline with `contract:`, or `aifirst schema accept {pipeline.slug} {one.key}`.",
                )
            continue
        with connect(most=BARE_FILE) as con:
            table = contracts.read(con, project, pipeline, one)
            modes = contracts.modes_of(one)
            examined = contracts.compare(con, project, pipeline, one, contract, modes, table)
        entries.append(_compared({"pipeline": pipeline.name, "step": one.key, "mode": modes.words}, contract, examined))
    return entries


def _of_pipeline(target: str, step: str | None) -> tuple[Project, PipelineSpec, list[StepSpec]]:
    from aifirst_dagster.cli.running import project_of
    from aifirst_dagster.orchestration.schema import connectors_of
    from aifirst_dagster.pipelines.load import load

    project, path = project_of(target)
    pipeline = load(path)
    return project, pipeline, connectors_of(pipeline, step)


def _has(project: Project, pipeline: PipelineSpec, step: StepSpec, column: str) -> bool:
    from aifirst_dagster.orchestration.schema import contract_of

    contract = contract_of(project, pipeline, step)
    return contract is not None and contract.find(column) is not None


def _entry(project: Project, pipeline: PipelineSpec, step: StepSpec, history: bool) -> dict[str, Any]:
    """A step's contract, for `show`."""
    from aifirst_dagster.inference.contract import document
    from aifirst_dagster.orchestration.schema import modes_of, store_of
    from aifirst_dagster.proposals import contracts

    store = store_of(project, pipeline, step, history=history)
    contract = contracts.find(store)
    entry: dict[str, Any] = {
        "pipeline": pipeline.name,
        "step": step.key,
        "file": str(store.folder / contracts.FILE),
        "mode": modes_of(step).words if step.config.get("contract") or contract else None,
        "version": contract.version if contract else None,
        "schema": document.descriptor(contract) if contract else None,
    }
    if history:
        entry["history"] = [
            {"version": record.provenance.get("version"), "at": record.at, "by": record.provenance.get("by"),
             "status": record.status, "changes": record.provenance.get("changes", []), "run": record.run_id}
            for record in contracts.versions(store)
        ]  # fmt: skip
    return entry


def _compared(entry: dict[str, Any], base: Contract, examined: Examined) -> dict[str, Any]:
    return {
        **entry,
        "version": base.version,
        "breaking": examined.breaking,
        "changes": [change.model_dump(mode="json") for change in examined.changes],
        "renames": [vars(rename) for rename in examined.renames],
    }


def _accepted(new: Contract, before: Contract | None, examined: Examined | None) -> dict[str, Any]:
    left = [change for change in examined.changes if change.kind in ("cells", "constraint")] if examined else []
    return {
        "version": new.version,
        "before": before.version if before else None,
        "changes": [change.model_dump(mode="json") for change in examined.changes] if examined else [],
        "remaining": [change.words for change in left],
    }
