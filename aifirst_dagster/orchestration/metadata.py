"""What an asset shows: before a run from its spec, after a run from the version that was made."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg

from aifirst_dagster.datasets.session import HIDDEN, connect, ident, literal
from aifirst_dagster.orchestration.contract_report import contract_metadata
from aifirst_dagster.orchestration.execute import Done
from aifirst_dagster.orchestration.quality_metadata import quality_metadata
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec

PREVIEW_ROWS = 5
PREVIEW_WIDTH = 60


def planned(pipeline: PipelineSpec, step: StepSpec) -> dict[str, Any]:
    """Metadata of the definition: the place in the YAML, the pipeline's label and content hash."""
    place = step.place
    metadata: dict[str, Any] = {
        "pipeline": pipeline.name,
        "step": step.name,
        "step type": step.type,
        "pipeline version": str(pipeline.version),
        "pipeline hash": pipeline.content_hash,
    }
    if path := _real(place.file):
        reference = dg.LocalFileCodeReference(file_path=path, line_number=place.line)
        metadata["dagster/code_references"] = dg.CodeReferencesMetadataValue(code_references=[reference])
    return metadata


@lru_cache
def _real(file: str) -> str | None:
    """The file's absolute path; None where there is none."""
    path = Path(file)
    return str(path.resolve()) if path.is_file() else None


def materialisation(done: Done, pipeline: PipelineSpec, step: StepSpec, reason: str | None) -> dict[str, Any]:
    """Metadata of a materialisation: counts, schema, what was repaired, what it cost, where the data lies."""
    made = done.manifest
    details = made.details
    metadata: dict[str, Any] = {
        "dagster/row_count" if made.partition is None else "dagster/partition_row_count": made.rows_out,
        "rows in": made.rows_in,
        "quarantined": made.quarantined,
        "merged": made.merged,
        "failed": made.failed,
        "version": made.version,
        "path": dg.MetadataValue.path(str(done.writer.folder)),
    }
    if made.columns:
        metadata["dagster/column_schema"] = _schema(made.columns)
    if lineage := _lineage(made.columns, pipeline, step):
        metadata["dagster/column_lineage"] = lineage
    if llm := details.get("llm"):
        metadata |= {
            "llm cost (USD)": round(llm["cost_usd"], 6),
            "llm calls": llm["calls"],
            "llm": dg.MetadataValue.json(llm),
        }
    if actions := details.get("actions"):
        metadata["repairs"] = dg.MetadataValue.md(_repairs(actions))
    if design := details.get("design"):
        metadata["design"] = dg.MetadataValue.json(design)
        if prompt := design.get("prompt"):
            metadata["prompt"] = f"{prompt['name']}, version {prompt['version']} ({prompt['hash']})"
        if transcripts := design.get("transcripts"):
            told = ", ".join(f"`aifirst prompts transcript {ident}`" for ident in transcripts)
            metadata["transcripts"] = dg.MetadataValue.md(told)
    if assessment := details.get("assessment"):
        from aifirst_dagster.proposals.assessment import markdown

        metadata["assessment"] = dg.MetadataValue.md(markdown(assessment))
    if (found := details.get("anomalies")) and found["groups"]:
        from aifirst_dagster.orchestration.anomalies import markdown as groups

        metadata["anomalies"] = dg.MetadataValue.md(groups(found))
    if vision := details.get("vision"):
        from aifirst_dagster.proposals.vision.report import markdown as seen

        metadata["vision"] = dg.MetadataValue.md(seen(vision))
    if contract := details.get("contract"):
        metadata |= contract_metadata(contract)
    if output := details.get("output"):
        metadata["output"] = dg.MetadataValue.path(output["location"])
    if verdict := done.verdict:
        metadata |= quality_metadata(done, verdict)
    if notes := [*details.get("notes", []), *([details["skipped"]] if details.get("skipped") else [])]:
        metadata["notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in notes))
    if reason:
        metadata["reason"] = reason
    if preview := _preview(done):
        metadata["preview"] = dg.MetadataValue.md(preview)
    return metadata


def _schema(columns: list[dict[str, Any]]) -> dg.TableSchema:
    """Columns as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column["name"],
                type=column["physical_type"],
                description=_describe(column),
                constraints=dg.TableColumnConstraints(nullable=column["nullable"], unique=column["unique"]),
            )
            for column in columns
        ]
    )


def _describe(column: dict[str, Any]) -> str | None:
    """A column's description, with its meaning and unit where known."""
    extras = [column.get("semantic_type"), f"in {column['unit']}" if column.get("unit") else None]
    return " · ".join(part for part in (column.get("description"), *extras) if part) or None


def _lineage(columns: list[dict[str, Any]], pipeline: PipelineSpec, step: StepSpec) -> dg.TableColumnLineage | None:
    """Which input column each column comes from, where a step maps one onto the other."""
    if len(step.inputs) != 1 or step.type == "sql":
        return None
    source = dg.AssetKey([pipeline.slug, step.inputs[0]])
    deps = {
        column["name"]: [dg.TableColumnDep(asset_key=source, column_name=column["source_name"])]
        for column in columns
        if column.get("source_name")
    }
    return dg.TableColumnLineage(deps_by_column=deps) if deps else None


def _repairs(actions: list[dict[str, Any]]) -> str:
    """The repairs as a Markdown table with an example each."""
    lines = ["| column | action | rows | before → after |", "|---|---|---|---|"]
    for action in actions:
        shown = " · ".join(f"`{_cell(before)}` → `{_cell(after)}`" for before, after in action.get("examples", [])[:2])
        rows = action.get("rows_changed", action.get("rows_affected", ""))
        lines.append(f"| {_cell(action.get('column') or '(row)')} | {action['action']} | {rows} | {shown} |")
    return "\n".join(lines)


def _preview(done: Done) -> str:
    """The first rows as a Markdown table; text from the data cannot break out of its cell."""
    parts = sorted((done.writer.folder / "data").glob("*.parquet"))
    names = [column["name"] for column in done.manifest.columns if column["name"] not in HIDDEN][:12]
    if not parts or not names:
        return ""
    with connect() as con:
        chosen = ", ".join(f"{ident(name)}::VARCHAR" for name in names)
        rows = con.execute(f"SELECT {chosen} FROM read_parquet({literal(parts[0])}) LIMIT {PREVIEW_ROWS}").fetchall()
    head = f"| {' | '.join(map(_cell, names))} |\n|{'---|' * len(names)}"
    return "\n".join([head, *(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows)])


def _cell(value: Any) -> str:
    """A value as one harmless Markdown cell."""
    text = (
        ""
        if value is None
        else str(value).replace("\n", " ").replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
    )
    return text if len(text) <= PREVIEW_WIDTH else text[: PREVIEW_WIDTH - 1] + "…"
