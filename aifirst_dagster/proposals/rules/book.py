"""A rule set on disk, of a pipeline's step or a file of its own: read, and decided about one rule at a time.

Each decision is one atomic write under the folder's lock, so nothing is lost where a session ends in the middle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aifirst_dagster.errors import AifirstError, ConfigError, DesignError, StorageError
from aifirst_dagster.proposals.designs import text_of
from aifirst_dagster.proposals.files import one_at_a_time, write_atomically
from aifirst_dagster.proposals.fingerprint import digest
from aifirst_dagster.proposals.rules.carry import laid_over
from aifirst_dagster.proposals.variants import Variant, join, parse
from aifirst_dagster.quality.rules import Decision, Rule, RuleSet, Severity, Status

if TYPE_CHECKING:
    from aifirst_dagster.project import Project
    from aifirst_dagster.state.designs_history import DesignHistory

Change = Callable[[Rule], Rule]


@dataclass(frozen=True)
class Book:
    """A rule set on disk.

    Attributes:
        path: Its file.
        pipeline: Slug of the pipeline that uses it; None for a file that none was named for.
        step: Key of the step.
        designed: It is a step's design, which holds a variant for each input; else a rule file.
        project: The pipeline's project.
    """

    path: Path
    pipeline: str | None = None
    step: str | None = None
    designed: bool = False
    project: Project | None = None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.pipeline}/{self.step}" if self.pipeline else str(self.path)

    def rules(self) -> list[Rule]:
        """The rules as they stand, those of the newest design; none where there is no design yet.

        Raises:
            AifirstError: The file is damaged.
        """
        if not self.designed:
            return list(RuleSet.load(self.path))
        variants = self.variants()
        return rules_of(variants[0], str(self.path)) if variants else []

    def variants(self) -> list[Variant]:
        """The designs of the file, the newest first."""
        text = text_of(self.path, "rule set", "Mend it, or delete the file: it is designed anew at the next run.")
        return parse(text, str(self.path)) if text else []

    def decide(
        self, rule: str, status: Status, by: str, why: str = "", history: DesignHistory | None = None
    ) -> tuple[Rule, Rule]:
        """Give the rule with the id `rule` a status; returns it (before, after). Kept at once.

        Raises:
            ConfigError: There is no such rule.
            StorageError: It cannot be kept.
        """
        decision = Decision(status=status, by=by, at=_now(), why=why)
        return self._change(
            rule, lambda old: old.model_copy(update={"status": status, "decision": decision}), decision, history
        )

    def edit(
        self,
        rule: str,
        kwargs: dict[str, Any],
        by: str,
        why: str = "",
        severity: Severity | None = None,
        history: DesignHistory | None = None,
    ) -> tuple[Rule, Rule]:
        """Change arguments of a rule (None takes one away) or its severity: it is accepted with that.

        Raises:
            ConfigError: There is no such rule, or the arguments are wrong for its type.
            StorageError: It cannot be kept.
        """
        said = why or "Changed " + ", ".join([*kwargs, *(["severity"] if severity else [])]) + "."
        decision = Decision(status="active", by=by, at=_now(), why=said)

        def change(old: Rule) -> Rule:
            arguments = {**old.kwargs, **kwargs}
            fields = {
                **old.model_dump(),
                "kwargs": {name: value for name, value in arguments.items() if value is not None},
                "severity": severity or old.severity,
                "status": "active",
                "decision": decision,
            }
            try:
                return Rule.model_validate(fields)
            except ValidationError as error:
                raise ConfigError(
                    error.errors()[0]["msg"].removeprefix("Value error, "), hint="Give KEY=VALUE, or KEY= to drop it."
                ) from None

        return self._change(rule, change, decision, history)

    def _change(
        self, rule: str, change: Change, decision: Decision, history: DesignHistory | None
    ) -> tuple[Rule, Rule]:
        with one_at_a_time(self.path.parent):
            before = self.rules()
            old = next((one for one in before if one.id == rule), None)
            if old is None:
                from difflib import get_close_matches

                near = get_close_matches(rule, [one.id for one in before], n=1)
                raise ConfigError(f"{self.name} has no rule {rule!r}.",
                                  hint=f"Did you mean {near[0]!r}?" if near else "See them with: aifirst rules list.",
                                  file=str(self.path))  # fmt: skip
            new = change(old)
            if self.designed:
                self._write_designs(new, change, decision, history)
            else:
                self._write_file([new if one.id == rule else one for one in before], decision, history)
            return old, new

    def _write_designs(self, new: Rule, change: Change, decision: Decision, history: DesignHistory | None) -> None:
        """The change in every variant that has the rule: whichever input comes, the decision holds."""
        variants = self.variants()
        if history is not None and variants:
            self._record(variants[0], {"by": "by hand"}, history, only_if_unknown=True)
        changed = [_with(variant, new.id, change) for variant in variants]
        if not write_atomically(self.path, join(changed)):
            raise _read_only(self.path)
        if history is not None:
            self._record(changed[0], _provenance(new, decision), history)

    def _write_file(self, rules: Sequence[Rule], decision: Decision, history: DesignHistory | None) -> None:
        from aifirst_dagster.state.designs_history import DesignRecord

        (changed,) = (rule for rule in rules if rule.decision == decision)
        RuleSet(rules=list(rules)).dump(self.path)
        if history is not None and self.pipeline and self.step:
            text = self.path.read_text(encoding="utf-8-sig")
            history.add(
                DesignRecord(
                    self.pipeline, self.step, self.path.name, digest(text), "accepted", text,
                    _provenance(changed, decision),
                )
            )  # fmt: skip

    def _record(
        self, variant: Variant, provenance: dict[str, Any], history: DesignHistory, only_if_unknown: bool = False
    ) -> None:
        from aifirst_dagster.state.designs_history import DesignRecord

        if not self.pipeline or not self.step:
            return
        if only_if_unknown:
            last = history.latest(self.pipeline, self.step, self.path.name)
            if last is not None and _same(last.content, variant):
                return
        history.add(
            DesignRecord(
                self.pipeline, self.step, self.path.name, variant.meta.fingerprint, "accepted", variant.text, provenance
            )
        )


def rules_of(variant: Variant, file: str) -> list[Rule]:
    """The rules of a design.

    Raises:
        DesignError: One of them is wrong.
    """
    try:
        return list(RuleSet(rules=[Rule.model_validate(rule) for rule in variant.body.get("rules") or []]))
    except (ValidationError, TypeError) as error:
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise DesignError(detail.removeprefix("Value error, "), hint="Mend it there.", file=file) from None


def _with(variant: Variant, id_: str, change: Change) -> Variant:
    """The variant with one rule changed; as it stands where it does not have that rule."""
    from aifirst_dagster.proposals.rules.task import plain
    from aifirst_dagster.quality.rulesplice import spliced

    listed = [dict(rule) for rule in variant.body.get("rules") or []]
    rules = rules_of(variant, "rules.yaml")
    places = [place for place, rule in enumerate(rules) if rule.id == id_]
    if not places:
        return variant
    listed[places[0]] = plain(change(rules[places[0]]))
    body = {**variant.body, "rules": listed}
    old = variant.meta.content
    # A decision is no edit: what a person changed by hand stays known as such, and nothing else becomes it.
    content = old if variant.edited else digest(body)
    fresh = Variant(variant.meta.model_copy(update={"content": content}), body)
    try:
        text = spliced(variant.text, [{"id": rule.id, **entry} for rule, entry in zip(rules, listed, strict=True)])
        text = re.sub(rf"(?m)^(\s+content:\s*)['\"]?{old}['\"]?\s*$", rf"\g<1>'{content}'", text or "", count=1)
        (again,) = parse(text, "rules.yaml")
        if again.meta == fresh.meta and again.body == body:
            return replace(fresh, text=text)
    except (AifirstError, ValueError):
        pass
    from aifirst_dagster.proposals.variants import dump

    whole = replace(fresh, text=dump(fresh))
    return replace(whole, text=laid_over(whole, variant.text))


def _same(content: str, variant: Variant) -> bool:
    """Whether a recorded text says what the variant says."""
    try:
        return any(one.body == variant.body for one in parse(content, "state database"))
    except DesignError:
        return False


def _provenance(rule: Rule, decision: Decision) -> dict[str, Any]:
    said = {"rule": rule.id, **decision.model_dump(exclude={"by"})}
    return {"by": decision.by, "decision": said}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read_only(path: Path) -> StorageError:
    return StorageError(
        "The rule set cannot be written.", hint="Decide where the project can be written, and deploy the result.",
        file=str(path),
    )  # fmt: skip
