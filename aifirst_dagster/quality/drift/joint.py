"""Rank correlations of pairs of columns, each pair over the rows where both have a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.quality.drift.sketch import JOINT_COLUMNS, ColumnSketch, Joint

if TYPE_CHECKING:
    import numpy as np

    from aifirst_dagster.quality.engines.plan import Table


def correlations(con: Any, sample: Table, sketches: list[ColumnSketch], like: Joint | None) -> Joint | None:
    """Spearman's correlation of numbers, times and categories (by their place in the baseline's order).

    Args:
        con: The session that holds `sample`.
        sample: A bounded sample of rows.
        sketches: Its columns, with their tallies.
        like: Take its columns; those that are gone or hold another kind of thing have no correlations.
    """
    import numpy as np

    usable = {one.name: one for one in sketches if one.kind in ("number", "time", "category", "flag")}
    varied = [name for name, one in usable.items() if one.distinct > 1]
    names = like.columns if like is not None else varied[:JOINT_COLUMNS]
    if len(names) < 2:
        return None
    here = [name for name in names if name in usable]
    asked = ", ".join(_number(sample, usable[name]) for name in here)
    found = con.execute(f"SELECT {asked} FROM {sample.relation}").fetchnumpy() if here else {}
    arrays = dict(zip(here, found.values(), strict=True))
    size = len(next(iter(arrays.values()))) if arrays else 0
    ranks = np.full((size, len(names)), np.nan)
    for place, name in enumerate(names):
        if name in arrays:
            values = np.ma.filled(np.ma.asarray(arrays[name]).astype(float), np.nan)
            if usable[name].kind in ("category", "flag"):
                values = _coded(values, usable[name])
            ranks[:, place] = _ranks(values)
    return _pairs(names, ranks)


def _number(sample: Table, sketch: ColumnSketch) -> str:
    """SQL of a column as a number: of a category, its place among the names."""
    value = f"({sample.value(sketch.name)})"
    if sketch.kind == "number":
        return f"{value}::DOUBLE"
    if sketch.kind == "time":
        return f"epoch({value}::TIMESTAMP)"
    from aifirst_dagster.datasets.session import literal

    names = sketch.tally.names if sketch.tally else []
    listed = "[" + ", ".join(map(literal, names)) + "]::VARCHAR[]"
    return f"list_position({listed}, ({ident(sketch.name)})::VARCHAR)::DOUBLE"


def _coded(values: np.ndarray, sketch: ColumnSketch) -> np.ndarray:
    """A category that is a number in its own order; others as they are coded."""
    import numpy as np

    names = sketch.tally.names if sketch.tally else []
    try:
        numbers = np.array([float(name) for name in names])
    except ValueError:
        return values
    known = ~np.isnan(values)
    coded = np.full(len(values), np.nan)
    coded[known] = numbers[values[known].astype(int) - 1]
    return coded


def _ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks; missing values stay missing."""
    import numpy as np

    known = ~np.isnan(values)
    ranks = np.full(len(values), np.nan)
    if known.any():
        _, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        ranks[known] = (ends - (counts - 1) / 2)[place]
    return ranks


def _pairs(names: list[str], ranks: np.ndarray) -> Joint:
    """Correlations of all pairs by matrix products, each over the rows where both are known."""
    import numpy as np

    mask = (~np.isnan(ranks)).astype(float)
    # Centred first: the sums stay small, so that no digits are lost.
    middle = np.nansum(ranks, axis=0) / np.maximum(mask.sum(axis=0), 1)
    x = np.where(mask > 0, ranks - middle, 0.0)
    count = mask.T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (x.T @ mask) / count
        square = ((x * x).T @ mask) / count - mean**2
        r = ((x.T @ x) / count - mean * mean.T) / np.sqrt(square * square.T)
    upper = [(i, j) for j in range(len(names)) for i in range(j)]
    values = [round(float(r[i, j]) * 10_000) if np.isfinite(r[i, j]) else None for i, j in upper]
    return Joint(columns=list(names), correlations=values, pairs=[int(count[i, j]) for i, j in upper])
