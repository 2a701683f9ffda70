"""What a validation knows beside the rows that it judges: other datasets that it is given, and earlier versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.known import Known, Other

if TYPE_CHECKING:
    from aifirst_dagster.steps.run import StepRun

#: Earlier versions whose number of rows counts.
VERSIONS = 30


def known(step: StepRun) -> Known:
    """Rows of earlier versions, and the step's inputs after the first, which rules may refer to."""
    others = []
    for number, (key, dataset) in enumerate(list(step.inputs.items())[1:]):
        if dataset.skipped:
            continue
        relation = dataset.create_view(step.con, f"_other_{number}")
        columns = [Column.model_validate(column) for column in dataset.columns]
        others.append(Other(key, relation, columns, dataset.rows))
    return Known(_volumes(step), tuple(others))


def _volumes(step: StepRun) -> tuple[int, ...]:
    """Rows judged for each earlier version, the oldest first; none where they are not known."""
    if step.scratch or step.previous is None:
        return ()
    partition = step.partition.key if step.partition else None
    try:
        measures = step.state().measures.of(step.pipeline, step.step, partition, VERSIONS)
    except AifirstError:
        return ()
    return tuple(measure.rows_in for measure in measures)
