"""The text of a design file: YAML documents (or SQL sections), one a variant, the newest first.

A file is edited by people as well. A variant that is not replaced keeps its bytes, comments included, because files are
spliced as text: `---` alone on a line parts YAML documents, `-- design <fingerprint> <content>` parts SQL sections.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aifirst_dagster.errors import DesignError
from aifirst_dagster.proposals.fingerprint import Fingerprint, digest

Status = Literal["accepted", "provisional", "pinned"]

_BANNER = (
    "# A design: what was proposed, tested on the data and accepted. The newest comes first.\n"
    "# Yours to edit: an edited design is used as it stands and never overwritten; `pinned: true` says so by hand.\n"
)
_PART = re.compile(r"^---[ \t]*$\n?", re.MULTILINE)
_SECTION = re.compile(r"^-- design (?P<fingerprint>[0-9a-f]{16}) (?P<content>[0-9a-f]{16})[ \t]*$\n?", re.MULTILINE)


class Meta(BaseModel):
    """What a variant records of itself, under the key `design`."""

    model_config = ConfigDict(extra="forbid")

    fingerprint: str
    made_of: dict[str, str] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    proposed_by: str = "offline"
    model: str | None = None
    prompt: dict[str, str] = Field(default_factory=dict)
    at: str = ""
    run: str | None = None
    status: Status = "accepted"
    pinned: bool = False
    content: str = ""
    evidence: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """One design: its body, and what it records of itself. `text` is its document as it stands in the file."""

    meta: Meta
    body: dict[str, Any]
    text: str = ""

    @cached_property
    def edited(self) -> bool:
        """Whether a person changed it since it was written."""
        return digest(self.body) != self.meta.content

    @property
    def pinned(self) -> bool:
        """Whether a person said that it stays as it is."""
        return self.meta.pinned or self.meta.status == "pinned"

    @property
    def kept(self) -> bool:
        """Whether it beats any proposal: edited or pinned by a person."""
        return self.pinned or self.edited

    @property
    def provisional(self) -> bool:
        """Whether it only stands in for a provider that was down."""
        return self.meta.status == "provisional" and not self.kept

    @classmethod
    def new(
        cls,
        fingerprint: Fingerprint,
        body: dict[str, Any],
        *,
        proposed_by: str,
        model: str | None,
        status: Status,
        run: str | None = None,
        evidence: dict[str, Any] | None = None,
        prompt: dict[str, str] | None = None,
    ) -> Variant:
        """A variant made now."""
        meta = Meta(
            fingerprint=fingerprint.id,
            made_of=fingerprint.parts,
            inputs=fingerprint.columns,
            proposed_by=proposed_by,
            model=model,
            prompt=prompt or {},
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            run=run,
            status=status,
            evidence=evidence or {},
        )
        body = _plain(body)
        variant = cls(meta.model_copy(update={"content": digest(body)}), body)
        return replace(variant, text=dump(variant))


def dump(variant: Variant) -> str:
    """The variant as a YAML document."""
    meta = variant.meta.model_dump(mode="json")
    known = {key: value for key, value in meta.items() if value not in (None, "", {}, [])}
    return yaml.dump({"design": known, **variant.body}, Dumper=_Dumper, **_STYLE)


def parse(text: str, file: str) -> list[Variant]:
    """The variants of a design file, in their order.

    Raises:
        DesignError: The file is not YAML, or not a design; names the line.
    """
    variants, offset = [], 0
    for start, part in _documents(text):
        offset = text.count("\n", 0, start)
        if not part.strip():
            continue
        try:
            content = yaml.load(part, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = {"line": offset + mark.line + 1, "column": mark.column + 1} if mark else {}
            raise DesignError(
                f"This design is not valid YAML: {error.problem}.", hint=_FIX, file=file, **place
            ) from None
        except yaml.YAMLError as error:
            raise DesignError(f"This design is not valid YAML: {error}.", hint=_FIX, file=file) from None
        if content is None:
            continue
        if not isinstance(content, dict) or not isinstance(content.get("design"), dict):
            raise DesignError("This document has no `design:` block.", hint=_FIX, file=file, line=offset + 1)
        try:
            meta = Meta.model_validate(content.pop("design"))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DesignError(f"design.{where}: {first['msg']}.", hint=_FIX, file=file, line=offset + 1) from None
        variants.append(Variant(meta, content, part))
    return variants


def join(variants: list[Variant]) -> str:
    """The text of a design file that holds these variants."""
    return _BANNER + "".join("---\n" + variant.text.rstrip("\n") + "\n" for variant in variants)


@dataclass(frozen=True)
class Section:
    """The SQL of one variant, as it stands in the file."""

    fingerprint: str
    content: str
    sql: str

    @property
    def edited(self) -> bool:
        """Whether a person changed it since it was written."""
        return digest(self.sql.strip()) != self.content

    @classmethod
    def new(cls, fingerprint: str, sql: str) -> Section:
        """A section written now."""
        return cls(fingerprint, digest(sql.strip()), sql.strip())


def parse_sections(text: str) -> list[Section]:
    """The sections of a SQL design file."""
    marks = list(_SECTION.finditer(text))
    ends = [*[mark.start() for mark in marks], len(text)][1:]
    return [
        Section(mark["fingerprint"], mark["content"], text[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    ]


def join_sections(sections: list[Section]) -> str:
    """The text of a SQL design file that holds these sections."""
    return "\n".join(f"-- design {part.fingerprint} {part.content}\n{part.sql.strip()}\n" for part in sections)


_FIX = "Mend it, or delete the file: it is designed anew at the next run."


def _documents(text: str) -> list[tuple[int, str]]:
    """(start, text) of each document; what stands before the first `---` is a banner where it holds comments only."""
    marks = list(_PART.finditer(text))
    starts = [0] + [mark.end() for mark in marks]
    ends = [mark.start() for mark in marks] + [len(text)]
    parts = [(start, text[start:end]) for start, end in zip(starts, ends, strict=True)]
    return [part for part in parts if any(line.strip() and not line.startswith("#") for line in part[1].splitlines())]


def _plain(value: Any) -> Any:
    """Only what YAML gives back as it was put in, so that a fresh design never looks edited."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class _Loader(yaml.CSafeLoader):
    """Dates stay text and only true/false are booleans: `values: [yes, no]` written by hand means what it says."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in pairs if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))


class _Dumper(yaml.CSafeDumper):
    """Long texts as blocks, which differ line by line."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never write anchors: each place stands for itself."""
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    lines = value.split("\n")
    block = (
        len(lines) > 1
        and value.isprintable() is False
        and all(line == line.rstrip() and line.isprintable() for line in lines)
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if block else None)


_Dumper.add_representer(str, _text)
_STYLE: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 110, "default_flow_style": False}
