"""`aifirst lint`: every error of every file and prompt, and what looks unintended, without running anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.pipelines import lint_advice, lint_prompts, lint_references
from aifirst_dagster.pipelines.graph import Issue
from aifirst_dagster.pipelines.load import Broken, Loaded, distinct, find, load_file, pipeline_files
from aifirst_dagster.pipelines.problems import Problem
from aifirst_dagster.project import Project

Check = Callable[[Loaded, Project, Mapping[str, str]], Iterable[Issue]]


@dataclass(frozen=True)
class Report:
    """What `lint` found: errors stop a pipeline, warnings do not."""

    files: tuple[Path, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        """Whether every pipeline can run."""
        return not self.errors

    def to_dict(self) -> dict[str, Any]:
        """The report as `aifirst lint --json` prints it."""
        return {
            "valid": self.valid,
            "errors": [problem.to_dict() for problem in self.errors],
            "warnings": [problem.to_dict() for problem in self.warnings],
            "files": [str(path) for path in self.files],
        }


def lint(
    names: Sequence[str | Path] = (), project: Project | None = None, environ: Mapping[str, str] | None = None
) -> Report:
    """Check pipeline files.

    Args:
        names: Files, folders, or pipelines of the project by name; default: the project's `resources/pipelines/`.
        project: Where names are looked up; what a file refers to lies in the file's own project.
        environ: Default: the process's environment.

    Raises:
        ConfigError: A name is no file, folder or pipeline.
    """
    project = project or Project.find()
    environ = os.environ if environ is None else environ
    files = list(_files(names or [project.pipelines], project))
    errors: list[Problem] = []
    warnings: list[Problem] = []
    if not files:
        where = ", ".join(str(name) for name in names) or str(project.pipelines)
        errors.append(
            Problem(where, 1, 1, "there are no pipeline files here", "Name a .yaml file, or a folder of them.")
        )
    projects: dict[Path, Project] = {}
    for item in distinct([load_file(path, environ) for path in files]):
        if isinstance(item, Broken):
            errors += item.problems
        else:
            own = Project.find(item.path.parent)
            projects[own.root] = own
            errors += _problems(item, own, environ, lint_references.CHECKS)
            warnings += _problems(item, own, environ, lint_advice.CHECKS)
    for own in projects.values():
        for path in lint_prompts.templates(own):
            errors += lint_prompts.problems(path, str(_short(path)))
    return Report(tuple(files), tuple(errors), tuple(warnings))


def _files(names: Sequence[str | Path], project: Project) -> Iterator[Path]:
    """The files behind the names, each once."""
    seen: set[Path] = set()
    for name in names:
        path = Path(name)
        for file in pipeline_files(path) if path.is_dir() else [find(name, project.pipelines)]:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield _short(file)


def _short(path: Path) -> Path:
    """A path as people write it: relative where it lies below the working directory."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


def _problems(item: Loaded, project: Project, environ: Mapping[str, str], checks: Iterable[Check]) -> list[Problem]:
    """What the checks find in one file, in its order."""
    found: list[Problem] = []
    for check in checks:
        try:
            issues = list(check(item, project, environ))
        except AifirstError as error:  # a file that the check had to read is wrong itself: say so at its own place
            line, column = error.line or 1, error.column if isinstance(error.column, int) else 1
            found.append(Problem(error.file or str(item.path), line, column, error.message, error.hint))
            continue
        found += [item.document.problem(i.path, i.message, i.hint, i.on_key) for i in issues]
    return sorted(dict.fromkeys(found), key=lambda problem: (problem.file, problem.line, problem.column))
