"""How good a materialisation is: figures that the UI plots over time, the report in short, and where the page lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from aifirst_dagster.datasets.store import Version
from aifirst_dagster.orchestration.measuring import measure
from aifirst_dagster.orchestration.reporting import PAGE, command

if TYPE_CHECKING:
    from aifirst_dagster.orchestration.execute import Done


def quality_metadata(done: Done, verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a version that was judged.

    A number by the same name at each materialisation is what Dagster's UI draws over time; so score and dimensions
    stand by themselves. The whole page takes seconds (profiles, plots): it is made where the step says `report: true`,
    else when somebody asks for it.
    """
    from aifirst_dagster.quality.report.markdown import compact
    from aifirst_dagster.quality.report.version import brief

    version = Version(done.writer.folder, done.manifest)
    content = brief(version, [*done.history, measure(version)])
    figures = {
        f"score: {name}": value for name, value in (verdict.get("dimensions") or {}).items() if value is not None
    }
    wanted = bool(done.manifest.details.get("report"))
    report = (
        dg.MetadataValue.path(str(version.folder / PAGE)) if wanted else dg.MetadataValue.md(f"`{command(version)}`")
    )
    score = {} if verdict.get("score") is None else {"quality score": float(verdict["score"])}
    return {**score, **figures, "quality": dg.MetadataValue.md(compact(content)), "report": report}
