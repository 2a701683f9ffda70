"""A sketch: what is kept of a table for later comparison; counts over a frame that all its later sketches share."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Bins of a number's or a time's frame, categories by name, shapes of texts, columns of which pairs are measured.
BINS, CATEGORIES, SHAPES, JOINT_COLUMNS = 64, 1000, 40, 20
#: Where quantiles are taken for words and distances.
POINTS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
#: Version of the sketch's form; another one's is no baseline.
FORM = 2

Kind = Literal["number", "time", "category", "text", "flag", "other", "empty"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Histogram(_Model):
    """Counts between the baseline's edges: below the first, up to each next one (it included), beyond the last."""

    edges: list[float]
    counts: list[int]

    @property
    def total(self) -> int:
        """All that was counted."""
        return sum(self.counts)


class Tally(_Model):
    """Counts of the baseline's values by name; `others` are all further ones, `fresh` the most frequent of these."""

    names: list[str]
    counts: list[int]
    others: int = 0
    fresh: dict[str, int] = Field(default_factory=dict)

    @property
    def total(self) -> int:
        """All that was counted."""
        return sum(self.counts) + self.others


class ColumnSketch(_Model):
    """One column: how many values, and what they are.

    Attributes:
        distinct: Different values, as estimated by HyperLogLog (a few per cent off).
        spread: Numbers, times (seconds since 1970), or the lengths of free text.
        ages: Times as seconds before the newest of them: what stays the same while time goes on.
        tally: Categories by their text, or the shapes of free text (`a-9` for `ab-12`), taken from a sample.
        points: Quantiles at `POINTS`, of the same values as `spread`.
    """

    name: str
    type: str
    kind: Kind
    count: int
    nulls: int
    distinct: int = 0
    spread: Histogram | None = None
    ages: Histogram | None = None
    tally: Tally | None = None
    points: list[float] = Field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows, with and without a value."""
        return self.count + self.nulls

    @property
    def null_rate(self) -> float:
        """Share of rows without a value; 0.0 of no rows."""
        return self.nulls / self.rows if self.rows else 0.0

    @property
    def newest(self) -> float | None:
        """The largest value: of a time, how far the data reaches."""
        return self.points[-1] if self.points else None


class Joint(_Model):
    """Rank correlations of pairs of columns, from a sample.

    Attributes:
        columns: In the order of the pairs: (0, 1), (0, 2), (1, 2), (0, 3), ...
        correlations: In ten-thousandths; None where a pair has none.
        pairs: Rows of the sample where both have a value.
    """

    columns: list[str]
    correlations: list[int | None]
    pairs: list[int]


class Baseline(_Model):
    """A table's sketch.

    Attributes:
        duplicates: Rows that repeat another row, of `examined` rows.
        form: Version of this form.
    """

    rows: int
    columns: list[ColumnSketch] = Field(default_factory=list)
    duplicates: int = 0
    examined: int = 0
    joint: Joint | None = None
    form: int = FORM

    def column(self, name: str) -> ColumnSketch | None:
        """The sketch of a column, if there is one."""
        return next((column for column in self.columns if column.name == name), None)

    def stored(self) -> dict[str, Any]:
        """As the state database keeps a baseline: for readers its columns with `quantiles` (evenly spaced) and `counts`
        (categories, lengths left out), and the packed sketch itself."""
        columns = [
            {
                "name": one.name, "type": one.type, "kind": one.kind, "count": one.count, "nulls": one.nulls,
                "quantiles": _evenly(one) if one.kind in ("number", "time") else None,
                "counts": dict(zip(one.tally.names, one.tally.counts, strict=True))
                if one.tally is not None and one.kind != "text"
                else None,
            }
            for one in self.columns
        ]  # fmt: skip
        packed = base64.b64encode(self.pack()).decode()
        return {"form": FORM, "rows": self.rows, "columns": columns, "sketch": packed}

    @classmethod
    def of_stored(cls, plain: dict[str, Any]) -> Baseline | None:
        """What `stored` made; None where it is of another form, which no comparison understands."""
        return cls.unpack(base64.b64decode(plain["sketch"])) if plain.get("form") == FORM else None

    def pack(self, base: Baseline | None = None) -> bytes:
        """Small bytes to keep for ever; edges and names that `base` has are left out, for it has them."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        for column in plain.get("columns", []):
            frame = base.column(column["name"]) if base else None
            for part, key in _FRAMES:
                known = getattr(frame, part, None)
                if part in column and known is not None and column[part][key] == getattr(known, key):
                    column[part][key] = []
        return zlib.compress(json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode(), 9)

    @classmethod
    def unpack(cls, packed: bytes, base: Baseline | None = None) -> Baseline:
        """The sketch that `pack` made."""
        plain: dict[str, Any] = json.loads(zlib.decompress(packed))
        for column in plain.get("columns", []):
            frame = base.column(column["name"]) if base else None
            for part, key in _FRAMES:
                known = getattr(frame, part, None)
                if part in column and not column[part][key] and known is not None:
                    column[part][key] = getattr(known, key)
        return cls.model_validate(plain)


_FRAMES = (("spread", "edges"), ("ages", "edges"), ("tally", "names"))


def _evenly(column: ColumnSketch, parts: int = 100) -> list[float] | None:
    """Quantiles at 0, 1/parts, ..., 1 as far as the bins tell."""
    if column.spread is None or not column.spread.total or not column.points:
        return None
    edges = [column.points[0], *column.spread.edges[1:], column.points[-1]]
    seen, levels = 0, [0.0]
    for count in column.spread.counts[1:]:
        seen += count
        levels.append(seen / column.spread.total)
    found, place = [], 0
    for step in range(parts + 1):
        level = step / parts
        while place < len(levels) - 2 and levels[place + 1] < level:
            place += 1
        low, high = levels[place], levels[place + 1]
        share = (level - low) / (high - low) if high > low else 0.0
        found.append(edges[place] + min(1.0, max(0.0, share)) * (edges[place + 1] - edges[place]))
    return found


def same_frame(a: Histogram | Tally | None, b: Histogram | Tally | None) -> bool:
    """Whether two counts are over the same edges or names, so that they can be compared and added up."""
    if isinstance(a, Histogram) and isinstance(b, Histogram):
        return a.edges == b.edges
    return isinstance(a, Tally) and isinstance(b, Tally) and a.names == b.names


def merged(sketches: list[Baseline]) -> Baseline:
    """Several sketches over one frame as the sketch of all their rows; of points and `distinct`, the latest one's.

    Correlations are averaged, weighted by their rows.
    """
    if len(sketches) == 1:
        return sketches[0]
    last = sketches[-1]
    columns = []
    for column in last.columns:
        same = [one for sketch in sketches if (one := sketch.column(column.name)) and one.kind == column.kind]
        columns.append(
            column.model_copy(
                update={
                    "count": sum(one.count for one in same),
                    "nulls": sum(one.nulls for one in same),
                    "spread": _added([one.spread for one in same], column.spread),
                    "ages": _added([one.ages for one in same], column.ages),
                    "tally": _added([one.tally for one in same], column.tally),
                }
            )
        )
    return Baseline(
        rows=sum(sketch.rows for sketch in sketches),
        columns=columns,
        duplicates=sum(sketch.duplicates for sketch in sketches),
        examined=sum(sketch.examined for sketch in sketches),
        joint=_joined([sketch.joint for sketch in sketches], last.joint),
    )


def _added(parts: list[Any], last: Any) -> Any:
    """Counts over the last one's frame, added up."""
    same = [part for part in parts if same_frame(part, last)]
    if last is None or len(same) < 2:
        return last
    counts = [sum(row) for row in zip(*(part.counts for part in same), strict=True)]
    if isinstance(last, Histogram):
        return Histogram(edges=last.edges, counts=counts)
    fresh: dict[str, int] = {}
    for part in same:
        for name, count in part.fresh.items():
            fresh[name] = fresh.get(name, 0) + count
    return Tally(names=last.names, counts=counts, others=sum(part.others for part in same), fresh=fresh)


def _joined(parts: list[Joint | None], last: Joint | None) -> Joint | None:
    if last is None:
        return None
    same = [part for part in parts if part is not None and part.columns == last.columns]
    correlations: list[int | None] = []
    for place in range(len(last.correlations)):
        known = [(r, part.pairs[place]) for part in same if (r := part.correlations[place]) is not None]
        rows = sum(count for _, count in known)
        correlations.append(round(sum(r * count for r, count in known) / rows) if rows else None)
    pairs = [sum(part.pairs[place] for part in same) for place in range(len(last.pairs))]
    return Joint(columns=last.columns, correlations=correlations, pairs=pairs)
