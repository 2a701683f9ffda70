"""Designs on disk: what was accepted for a step, found again by fingerprint, written by one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from aifirst_dagster.errors import DesignError
from aifirst_dagster.proposals.files import one_at_a_time, writable, write_atomically
from aifirst_dagster.proposals.fingerprint import Fingerprint
from aifirst_dagster.proposals.variants import Section, Variant, join, join_sections, parse, parse_sections

if TYPE_CHECKING:
    from aifirst_dagster.state.designs_history import DesignHistory

#: Variants kept in one file; edited and pinned ones do not count and are never dropped.
KEEP = 5


@dataclass(frozen=True)
class Found:
    """A design that may be used as it is.

    Attributes:
        variant: The design.
        why: `exact` (same fingerprint), `kept` (a person's edit or pin), `frozen` (accepted for another fingerprint).
        stale: Parts of the fingerprint that differ: `schema`, `prompt`, `model`, `config`.
    """

    variant: Variant
    why: Literal["exact", "kept", "frozen"]
    stale: list[str]


@dataclass(frozen=True)
class Change:
    """One design file that a proposal changes, or confirms.

    Attributes:
        file: The file's name, say `schema.yaml`.
        before: Its text, "" where there is none yet.
        after: Its text with the proposal.
        provisional: Whether the proposal only stands in for a provider that was down.
    """

    file: str
    before: str
    after: str
    provisional: bool = False


class DesignStore:
    """The designs of one step.

    Args:
        folder: `resources/designs/<pipeline>/<step>/`.
        frozen: Use accepted designs only and write none. None: frozen where the folder is not writable.
        history: The state database's record of proposals.
        run: The run that designs, for provenance.
        preview: Write nothing: `changes` says what would be (`aifirst design`).
    """

    def __init__(
        self,
        folder: Path,
        frozen: bool | None = None,
        history: DesignHistory | None = None,
        run: str | None = None,
        *,
        preview: bool = False,
    ) -> None:
        self.folder, self.history, self.run, self.preview = folder, history, run, preview
        self.frozen = (not preview and not writable(folder)) if frozen is None else frozen
        self.why_frozen = "the pipeline says `designs: frozen`" if frozen else f"{folder} is not writable"
        self.changes: list[Change] = []
        self._locked = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the step's designs: look up, propose and write as one, so that parallel partitions propose once."""
        if self.frozen or self.preview or self._locked:
            yield
            return
        with one_at_a_time(self.folder):
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def variants(self, file: str) -> list[Variant]:
        """All variants of `file`, the newest first; none where there is no file.

        Raises:
            DesignError: The file is damaged.
        """
        text = self._read(file)
        return parse(text, str(self.folder / file)) if text else []

    def find(
        self,
        file: str,
        fingerprint: Fingerprint,
        sql: str | None = None,
        *,
        any_model: bool = False,
        carried: bool = False,
    ) -> Found | None:
        """The design to use for `fingerprint`, or None: one has to be proposed.

        A person's edit or pin for this input schema comes first, then the newest of the same fingerprint. A frozen
        store goes on to the newest accepted design that this input's columns allow.

        Args:
            file: The design file.
            fingerprint: What a design is needed for.
            sql: Its companion SQL file: an edit there is an edit of the design.
            any_model: No model can be asked: another one's accepted design for this schema and configuration will do.
            carried: A person's edits are taken over by new proposals one by one: they alone make no design theirs.
        """
        variants = self.variants(file)
        kept = [
            variant
            for variant in variants
            if (variant.pinned if carried else self._kept(variant, sql)) and _fits(variant, fingerprint)
        ]
        for variant in sorted(kept, key=lambda kept: kept.meta.inputs != fingerprint.columns):
            return Found(variant, "kept", fingerprint.differs(variant.meta.made_of))
        for variant in variants:
            if variant.meta.fingerprint == fingerprint.id:
                return Found(variant, "kept" if carried and variant.edited else "exact", [])
        accepted = [variant for variant in variants if not variant.provisional]
        if any_model:
            for variant in accepted:
                if set(fingerprint.differs(variant.meta.made_of)) <= {"model", "prompt"}:
                    return Found(variant, "exact", [])
        if self.frozen:
            for variant in accepted:
                if _fits(variant, fingerprint):
                    return Found(variant, "frozen", fingerprint.differs(variant.meta.made_of))
        return None

    def put(self, file: str, variant: Variant, sql: dict[str, str] | None = None, *, carried: bool = False) -> bool:
        """Keep a proposal; True where it is now in the project, False where only the history has it.

        Args:
            file: The design file, say `mapping.yaml`.
            variant: It takes the place of one with the same fingerprint, unless a person made that one theirs.
            sql: Companion SQL files by name, one section a fingerprint.
            carried: The proposal holds what a person made of the one with the same fingerprint, and replaces it.

        Raises:
            StorageError: The disk is full.
        """
        texts = self._texts(file, variant, sql or {}, carried)
        for name, text in texts.items():
            self.changes.append(Change(name, self._read(name), text, variant.provisional))
        written = not self.frozen and not self.preview and self._write(file, variant, sql or {}, carried)
        if not self.preview:
            self._record(file, variant, sql or {}, written)
        return written

    def proposed(self, file: str, fingerprint: Fingerprint) -> Variant | None:
        """What was proposed earlier for `fingerprint` while the project could not take it."""
        if not self.history:
            return None
        for record in self.history.history(self.folder.parent.name, self.folder.name, file, "proposed", limit=50):
            if record.fingerprint == fingerprint.id:
                return next(iter(parse(record.content, f"state database: {file}")), None)
        return None

    def sql(self, file: str, variant: Variant) -> Section | None:
        """The SQL that was stored beside `variant`; None where it is gone (it can be compiled again)."""
        sections = parse_sections(self._read(file))
        return next((part for part in sections if part.fingerprint == variant.meta.fingerprint), None)

    def _write(self, file: str, variant: Variant, sql: dict[str, str], carried: bool) -> bool:
        with self.turn():
            # SQL first: a crash between the two files leaves a section that nothing points to yet.
            texts = self._texts(file, variant, sql, carried)
            return all(write_atomically(self.folder / name, text) for name, text in texts.items())

    def _texts(self, file: str, variant: Variant, sql: dict[str, str], carried: bool) -> dict[str, str]:
        """File name -> its text with the new variant; the design file comes last."""
        merged = self._merged(file, variant, next(iter(sql), None), carried)
        return {name: self._with_section(name, text, merged) for name, text in sql.items()} | {file: join(merged)}

    def _record(self, file: str, variant: Variant, sql: dict[str, str], written: bool) -> None:
        """Remember the proposal, SQL included, in the state database."""
        if not self.history:
            return
        from aifirst_dagster.state.designs_history import DesignRecord

        status = "provisional" if variant.provisional else "accepted" if written else "proposed"
        sections = {name: join_sections([Section.new(variant.meta.fingerprint, text)]) for name, text in sql.items()}
        pipeline, step = self.folder.parent.name, self.folder.name
        provenance = variant.meta.model_dump(mode="json", exclude={"fingerprint", "content", "status"})
        for name, text in {**sections, file: variant.text}.items():
            self.history.add(
                DesignRecord(pipeline, step, name, variant.meta.fingerprint, status, text, provenance, self.run)  # type: ignore[arg-type]
            )

    def _merged(self, file: str, variant: Variant, sql: str | None, carried: bool) -> list[Variant]:
        """The file's variants with `variant` as the newest: kept ones stay, old ones beyond the bound go."""
        merged, others = [variant], 1
        for present in self.variants(file):
            if present.pinned if carried else self._kept(present, sql):
                merged.append(present)
            elif present.meta.fingerprint != variant.meta.fingerprint and others < KEEP:
                merged.append(present)
                others += 1
        return merged

    def _with_section(self, name: str, text: str, merged: list[Variant]) -> str:
        """The SQL file with the newest variant's section; sections without a variant go."""
        new = Section.new(merged[0].meta.fingerprint, text)
        present = {variant.meta.fingerprint for variant in merged}
        others = [part for part in parse_sections(self._read(name)) if part.fingerprint in present]
        return join_sections([new, *(part for part in others if part.edited or part.fingerprint != new.fingerprint)])

    def _kept(self, variant: Variant, sql: str | None) -> bool:
        """Whether a person made this design theirs, in its own file or in its SQL."""
        section = self.sql(sql, variant) if sql else None
        return variant.kept or (section is not None and section.edited)

    def _read(self, file: str) -> str:
        """The file's text, "" where there is none."""
        hint = "Mend it, or delete the file: it is designed anew at the next run."
        return text_of(self.folder / file, "design", hint)


def text_of(path: Path, what: str, hint: str) -> str:
    """The text of a file beside designs, "" where there is none.

    Raises:
        DesignError: It cannot be read; says that of `what`, with `hint`.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DesignError(f"The {what} cannot be read: {said}.", hint=hint, file=str(path)) from None


def _fits(variant: Variant, fingerprint: Fingerprint) -> bool:
    """Whether the input has every column that the design was made for, of the same type."""
    return all(fingerprint.columns.get(name) == type_ for name, type_ in variant.meta.inputs.items())
