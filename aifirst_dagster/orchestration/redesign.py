"""New proposals on data that drifted, taken only where they do better on rows held out.

The input is parted by the hash of each row's place: one part to design on, the other to judge by. Both the accepted
design and the new one are run on the second in a scratch folder, and the share of values that each brings through
counts: of a transformation, values that come out typed as before; of a validation, values that keep the rules.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets import parquet
from aifirst_dagster.datasets.session import LINE, SOURCE, connect, ident
from aifirst_dagster.datasets.store import Dataset, DatasetStore, Version
from aifirst_dagster.errors import AifirstError
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.files import write_atomically
from aifirst_dagster.proposals.rules.carry import taken_over
from aifirst_dagster.proposals.rules.task import RulesTask
from aifirst_dagster.proposals.variants import join, parse, parse_sections

if TYPE_CHECKING:
    from aifirst_dagster.orchestration.execute import Work

#: Run tag: the drifted version for which the run's steps propose anew.
TAG = "aifirst/redesign"
REPORT = "redesign.json"
#: Step types whose designs are made from rows of a dataset.
DESIGNED = ("llm_transform", "llm_validation")
#: Rows to judge by, at least; the part of the values by which a new design has to be better.
LEAST, GAIN = 20, 0.002


@dataclass(frozen=True)
class Redesign:
    """What proposing anew came to.

    Attributes:
        promoted: The new design is accepted and in use.
        before, after: Share of the values held out that the accepted and the new design bring through; None: not known.
    """

    because: str
    promoted: bool
    text: str
    before: float | None = None
    after: float | None = None
    held_out: int = 0
    files: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As it lies beside the data."""
        return asdict(self)


def redesign(work: Work, because: str) -> Redesign:
    """Propose a design for the step on part of its input, judge it by the rest, and accept it where it does better.

    Never fails: what goes wrong is told, and the accepted design stays.

    Args:
        work: The step as it is about to run.
        because: The drifted version that asked for it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="aifirst-redesign-") as folder:
            return _redesign(work, because, Path(folder))
    except AifirstError as error:
        return Redesign(because, False, f"Nothing new could be proposed: {error.message} The accepted design stays.")


def _redesign(work: Work, because: str, folder: Path) -> Redesign:
    learn, held, rows = _parts(work, DatasetStore(folder / "data"))
    if rows < LEAST:
        return Redesign(because, False, f"Too few rows to judge a new design by ({rows}); the accepted one stays.")
    accepted = work.project.designs / work.pipeline.slug / work.step.key
    old, new = (folder / name / work.pipeline.slug / work.step.key for name in ("old", "new"))
    if accepted.is_dir():
        shutil.copytree(accepted, old)
    store = DatasetStore(folder / "made")
    before = _made(work, held, old, store)
    design = before.manifest.details.get("design") or {}
    if not design.get("reused"):
        return Redesign(because, False, "No accepted design is for this input: it is designed as at a first run.")
    _made(work, learn, new, store)
    _take_over(accepted, new)
    after = _made(work, held, new, store)
    if _same(design, after.manifest.details.get("design") or {}):
        return Redesign(because, False, "The new data leads to the design that is accepted already.")
    shares, worse = _shares(work.step.type, before, after)
    better = not worse and shares[1] - shares[0] >= GAIN and design.get("status") != "pinned"
    files = _keep(work, new, better)
    figures = f"{shares[1]:.2%} of the values of {rows:,} rows held out, against {shares[0]:.2%} with the accepted one"
    if better:
        text = f"A new design is accepted: it brings through {figures}."
    else:
        why = worse or ("the accepted one is pinned" if design.get("status") == "pinned" else "that is no better")
        text = (
            f"The new design is kept as a proposal, for {why}: it brings through {figures}. "
            f"`aifirst design --accept {work.pipeline.slug}` takes it nevertheless."
        )
    return Redesign(because, better, text, round(shares[0], 6), round(shares[1], 6), rows, files)


def _parts(work: Work, store: DatasetStore) -> tuple[dict[str, Dataset], dict[str, Dataset], int]:
    """The inputs twice: rows to design on, rows to judge by; and the number of the latter."""
    parts: list[dict[str, Dataset]] = [{}, {}]
    rows = 0
    with connect() as con:
        for name, dataset in work.inputs.items():
            for side, part in enumerate(parts):
                writer = store.write(work.pipeline.slug, name, "learn" if side == 0 else "held")
                place = f"hash({ident(SOURCE)}, {ident(LINE)}) % 2 = {side}"
                count = parquet.write(con, f"SELECT * FROM {dataset.scan()} WHERE {place}", writer.data_path())
                made = replace(dataset.versions[-1].manifest, version=writer.version, rows_out=count)
                part[name] = Dataset(name, (writer.publish(made),))
                rows += count if side else 0
    return parts[0], parts[1], rows


def _made(work: Work, inputs: dict[str, Dataset], designs: Path, store: DatasetStore) -> Version:
    """The step run on `inputs` with the designs of a folder, which takes what is proposed."""
    from aifirst_dagster.orchestration.execute import execute

    designs.mkdir(parents=True, exist_ok=True)
    scratch = replace(
        work, inputs=inputs, store=store, designs=DesignStore(designs, frozen=False), scratch=True, partition=None
    )
    done = execute(scratch)
    return done.writer.publish(done.manifest, keep=10)


def _take_over(accepted: Path, new: Path) -> None:
    """What people made of the accepted rules holds for the new ones, too."""
    file = new / RulesTask.file
    standing = DesignStore(accepted, frozen=True).variants(file.name)
    if file.is_file() and standing:
        first, *others = parse(file.read_text(encoding="utf-8"), str(file))
        write_atomically(file, join([taken_over(first, standing, of_part=True), *others]))


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return bool(old.get("content")) and old.get("content") == new.get("content")


def _shares(kind: str, before: Version, after: Version) -> tuple[tuple[float, float], str]:
    """(share with the accepted design, with the new one), and why the two cannot be compared."""
    if kind == "llm_validation":
        first, second = (version.read_json("verdict.json") or {} for version in (before, after))
        lost = sorted(_judged(first) - _judged(second))
        worse = f"it has no rule for {', '.join(map(repr, lost[:3]))}" if lost else ""
        return (_kept(first), _kept(second)), worse
    columns = before.manifest.columns
    shares = (_typed(before, columns), _typed(after, columns))
    return shares, ""


def _typed(version: Version, columns: list[dict[str, Any]]) -> float:
    """Values that come out, of all cells that the accepted design's columns have for the rows that went in.

    A column that is gone or has become text brings nothing through: everything can be read as text.
    """
    there = {column["name"]: column["type"] for column in version.manifest.columns}
    names = [
        column["name"]
        for column in columns
        if column["name"] in there and (there[column["name"]] == column["type"] or there[column["name"]] != "string")
    ]
    rows = version.manifest.rows_in - version.manifest.merged
    if not names or not rows or not version.parts:
        return 0.0
    with connect() as con:
        scan = Dataset(version.manifest.step, (version,)).scan()
        counts = con.execute(f"SELECT {', '.join(f'count({ident(name)})' for name in names)} FROM {scan}").fetchall()
    return float(sum(counts[0])) / (rows * max(1, len(columns)))


def _kept(verdict: dict[str, Any]) -> float:
    """The share of judged values that keep their rule."""
    rules = [rule for rule in verdict.get("rules", []) if rule.get("success") is not None]
    judged = sum(rule.get("evaluated") or 0 for rule in rules)
    broken = sum(rule.get("unexpected_count") or 0 for rule in rules)
    return 1 - broken / judged if judged else 0.0


def _judged(verdict: dict[str, Any]) -> set[str]:
    """Columns that some rule is about: a rule set is not better for having dropped a column."""
    kwargs = [rule.get("kwargs") or {} for rule in verdict.get("rules", [])]
    return {str(each[key]) for each in kwargs for key in ("column", "column_A", "column_B") if each.get(key)}


def _keep(work: Work, folder: Path, better: bool) -> list[str]:
    """Take the new design into the project, or remember it as a proposal only; the names of its files."""
    from aifirst_dagster.orchestration.execute import open_state

    home = work.project.designs / work.pipeline.slug / work.step.key
    history = open_state(work.project).designs
    frozen = not better or work.pipeline.designs == "frozen"
    store = DesignStore(home, frozen=True if frozen else None, history=history, run=work.run_id)
    sections = {path.name: parse_sections(path.read_text(encoding="utf-8")) for path in folder.glob("*.sql")}
    files = []
    for path in sorted(folder.glob("*.yaml")):
        for variant in parse(path.read_text(encoding="utf-8"), str(path))[:1]:
            beside = {
                name: part.sql
                for name, parts in sections.items()
                for part in parts
                if part.fingerprint == variant.meta.fingerprint
            }
            store.put(path.name, variant, beside, carried=path.name == RulesTask.file)
            files.append(path.name)
    return files
