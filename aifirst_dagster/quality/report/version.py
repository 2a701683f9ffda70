"""The report on a version of a dataset, from what lies beside its data and what is remembered of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.datasets.store import Dataset, DatasetStore, Version
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.report import unfit, upstream
from aifirst_dagster.quality.report.content import Aside, Content, Point
from aifirst_dagster.quality.report.judged import judged, results_of
from aifirst_dagster.quality.report.measured import measure, shift
from aifirst_dagster.quality.report.words import verdict_of

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.state.measures import Measure

#: Columns whose shift is drawn.
SHIFTS = 6


def of_version(
    store: DatasetStore,
    version: Version,
    history: Sequence[Measure] = (),
    baseline: Mapping[str, Any] | None = None,
    *,
    name: str = "",
    about: str = "",
    facts: Sequence[tuple[str, str]] = (),
) -> Content:
    """All that a report on `version` says.

    Args:
        store: Where it lies, and the versions that it was made from.
        version: The version.
        history: Measures of the dataset, the oldest first; later ones than this version do not count.
        baseline: The stored profile that drift is measured against.
        name: The dataset's name for people; default: its step's key.
        about: What it is, in a sentence.
        facts: What else is known of it: the owner, say.
    """
    content = brief(version, history)
    made, verdict = version.manifest, version.read_json("verdict.json") or {}
    content.title, content.about = name or made.step, about
    content.facts += facts
    if found := version.read_json("anomalies.json"):
        content.anomalies = unfit.with_commands(found, _remedied(version))
    above = upstream.path_to(store, version)
    content.repairs = upstream.repairs(above)
    content.lineage = upstream.lineage(above)
    content.provenance = _provenance(version, above, verdict)
    columns = [Column.model_validate(column) for column in made.columns]
    content.notes = {column.name: column.description for column in columns if column.description}
    with connect() as con:
        content.aside = upstream.aside(con, above)
        if version.parts:
            scan = Dataset(made.step, (version,)).scan()
            content.columns, content.sampled = measure(con, scan, made.rows_out, columns)
            content.shifts = _shifts(con, scan, content, baseline)
    content.status, content.verdict, content.remarks = verdict_of(content, made.gate, made.details.get("skipped"))
    content.remarks += [str(note) for note in made.details.get("notes") or []][:6]
    return content


def _remedied(version: Version) -> list[str]:
    """Which dataset is to be remedied: a check passes its input's rows on, so that these are mended where they come
    from."""
    made = version.manifest
    step = next(iter(made.inputs)) if len(made.inputs) == 1 and version.read_json("verdict.json") else made.step
    return [made.pipeline, step, *(["--partition", made.partition] if made.partition is not None else [])]


def brief(version: Version, history: Sequence[Measure] = ()) -> Content:
    """What a version's own small files say, without a look at the data: in no time, also before it is published."""
    made = version.manifest
    verdict = version.read_json("verdict.json") or {}
    content = Content(
        title=made.step,
        facts=[("version", made.version), ("made", _moment(made.created)), *_partition(made.partition)],
        rows=made.rows_out,
        rows_in=made.rows_in,
        cost_usd=(made.details.get("llm") or {}).get("cost_usd") or 0.0,
        score=verdict.get("score"),
        threshold=verdict.get("threshold"),
        self_learned=bool(verdict.get("self_learned")),
        aside=Aside(made.quarantined),
        drift=version.read_json("drift.json"),
    )
    judged(content, results_of(verdict), verdict.get("rules", []), verdict.get("weights"))
    content.trend = [point(one) for one in history if one.version <= made.version]
    content.status, content.verdict, content.remarks = verdict_of(content, made.gate, made.details.get("skipped"))
    return content


def point(measure: Measure) -> Point:
    """A version in the trend."""
    return Point(
        label=f"{measure.made_at:%Y-%m-%d %H:%M}",
        score=measure.score,
        dimensions=measure.dimensions,
        rows=measure.rows_out,
        quarantined=measure.quarantined,
        drifted=measure.drifted,
        cost_usd=measure.cost_usd,
        seconds=measure.seconds,
    )


def _partition(key: str | None) -> list[tuple[str, str]]:
    return [("partition", key)] if key is not None else []


def _moment(text: str) -> str:
    """A manifest's moment for people."""
    return f"{text[:10]} {text[11:16]} UTC" if len(text) > 15 else text


def _shifts(
    con: duckdb.DuckDBPyConnection, relation: str, content: Content, baseline: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """How columns that drifted were spread before, and are."""
    if not baseline or not content.drift:
        return []
    before = {one.get("name"): one for one in baseline.get("columns") or [] if isinstance(one, Mapping)}
    moved = [one["name"] for one in content.drift.get("columns") or [] if one.get("drifted")]
    profiles = {one.name: one for one in content.columns}
    rows = content.sampled or content.rows
    drawn = (
        shift(con, relation, profiles[name], before[name], rows)
        for name in moved
        if name in profiles and name in before
    )
    return [one for one in drawn if one is not None][:SHIFTS]


def _provenance(version: Version, above: Sequence[Version], verdict: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where the version comes from and what made it."""
    made, design = version.manifest, version.manifest.details.get("design") or {}
    read = upstream.sources(list(above))
    shown = ", ".join(name for name, _ in read[:8]) + (f" and {len(read) - 8} more" if len(read) > 8 else "")
    return [
        (name, str(value))
        for name, value in (
            ("Pipeline", made.pipeline),
            ("Step", made.step),
            ("Run", made.run_id),
            ("Sources", shown),
            ("Content hash", made.content_hash),
            ("Code version", made.code_version),
            ("Rule set", verdict.get("rule_set")),
            ("Proposed by", design.get("proposed_by")),
            ("Model", design.get("model")),
            ("Design", design.get("status")),
        )
        if value
    ]
