"""A template with the evidence of a data file: the request that a model would be sent."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from aifirst_dagster.errors import ConfigError, DesignError

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.recorder import Recorder
    from aifirst_dagster.proposals.asking import Wish


def rendered(
    name: str, file: str, folder: Path, provider: str, wishes: dict[str, Any], target: str | None = None
) -> dict[str, Any]:
    """The answer of `aifirst prompts render`.

    Args:
        name: The template.
        file: The data.
        folder: The project's templates.
        provider: The LLM resource that the request is made for; no key is needed.
        wishes: `samples`, `tools`, `instructions` as `Wish` takes them.
        target: For a mapping, the target schema's file.

    Raises:
        ConfigError: There is no such template, it is wrong or of no known task, or the resource is `offline`.
    """
    from aifirst_dagster.cli.show_prompts import recorded
    from aifirst_dagster.connectors import read
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.proposals.asking import Wish
    from aifirst_dagster.proposals.prompts import load
    from aifirst_dagster.proposals.prompts.outputs import task_of

    prompt = load(name, folder)
    task = task_of(prompt)
    if task is None:
        raise ConfigError(f"No task here has answers of the kind {prompt.output}.", file=prompt.file)
    wish = Wish(prompt=name, prompts=folder, **wishes)
    if prompt.output == "DocumentProposal":
        answer = recorded(provider, lambda llm: _show(file, llm, wish))
    else:
        with connect(most=BARE_FILE) as con:
            table = read(con, [file])
            if not table.columns:
                raise ConfigError(f"{file} has no columns to render a prompt with.")
            answer = recorded(provider, lambda llm: _ask(task, con, table, llm, wish, target))
    if not answer["prompts"]:
        raise ConfigError(f"{provider!r} asks no model.", hint="Name another with --provider.")
    return {**prompt.provenance, "file": file, **answer}


def _show(file: str, llm: Recorder, wish: Wish) -> None:
    """Have an image or a PDF shown."""
    from aifirst_dagster.llm.recorder import NotAskedError
    from aifirst_dagster.proposals.vision import of_file

    with suppress(NotAskedError):
        of_file(Path(file), cast("LLM", llm), wish)


def _ask(
    task: str, con: duckdb.DuckDBPyConnection, table: ReadTable, llm: Recorder, wish: Wish, target: str | None
) -> None:  # fmt: skip
    """Have the task gather its evidence and ask."""
    from aifirst_dagster.inference import casts, infer
    from aifirst_dagster.llm.recorder import NotAskedError
    from aifirst_dagster.proposals import assessment, code, mapping, rules, schema, vision

    if task == "schema":
        schema.design(con, table.relation, table.columns, native=table.native, llm=llm, wish=wish)
        return
    columns = infer.verify(con, table.relation, infer.propose(con, table.relation, table.columns, table.native))
    con.execute(f"CREATE TEMP TABLE prompt_input AS {casts.select(columns, table.relation)}").fetchall()
    if task == "rules":
        rules.design(con, "prompt_input", columns, llm=llm, wish=wish)
    elif task == "mapping":
        mapping.design(con, "prompt_input", columns, target=target, root=Path.cwd(), llm=llm, wish=wish)
    elif task == "assessment":
        found = assessment.gather(con, "prompt_input", columns)
        assessment.assess(con, "prompt_input", columns, found, llm=cast("LLM", llm), wish=wish)
    elif task == "vision":
        with suppress(NotAskedError):
            vision.of_table(con, table, columns, cast("LLM", llm), wish)
    elif task == "code":
        with suppress(DesignError):  # there is no function without a model's answer
            code.design(con, "prompt_input", columns, llm=llm, wish=wish)
    else:
        raise ConfigError(f"Templates of the task {task!r} cannot be rendered from a file here.")
