"""A pipeline file as a Dagster component, for use in another Dagster project:

type: aifirst_dagster.orchestration.PipelineComponent
attributes:
  path: customers.yaml
"""

from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from aifirst_dagster.orchestration.build import definitions
from aifirst_dagster.pipelines.load import load_file
from aifirst_dagster.project import Project


@dataclass
class PipelineComponent(dg.Component, dg.Resolvable):
    """The assets, checks, schedule and sensors of one pipeline file, with the resources they need.

    A file that is broken becomes one placeholder asset whose check says what is wrong.

    Attributes:
        path: The pipeline's YAML file, relative to the component's folder.
        project: Folder that holds `resources/` and state; default: the project around the file.
    """

    path: str
    project: str | None = None

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Read the file and build its definitions."""
        file = (context.path / self.path).resolve()
        project = Project(Path(self.project).resolve()) if self.project else Project.find(file)
        return definitions(project, [load_file(file)])
