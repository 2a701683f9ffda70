"""Rows that fit no other by all their columns together: an isolation forest, fitted on a sample, asked of all rows."""

from __future__ import annotations

import math
from typing import Any

from aifirst_dagster.quality.anomalies import tails
from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.table import FLAGS, TABLE, Field, Table

#: Columns that take part; rows and columns that there must be; rows that are scored at a time.
COLUMNS, ROWS, LEAST, CHUNK = 24, 200, 3, 100_000
#: Rows that the forest and the covariance are fitted on: more say no more.
FITTED = 10_000
#: Values of a category column that are told apart.
CATEGORIES = 50


def find(table: Table) -> None:
    """Flag rows that are unlikely as a whole, beyond what their single cells were flagged for."""
    fields = _able(table)
    if table.rows < ROWS or len(fields) < LEAST:
        return
    encoded = _encoded(table, fields)
    every = max(1, -(-table.rows // FITTED))
    # What is known to be wrong already must not shape the model.
    clean = f"__row % {every} = 0 AND __row NOT IN (SELECT row FROM {FLAGS} WHERE row IS NOT NULL)"
    fitted = _matrix(table, f"SELECT {encoded} FROM {TABLE} WHERE {clean}")
    if len(fitted) < ROWS / 2:
        return
    from threadpoolctl import threadpool_limits

    # Matrices this small gain nothing from more threads, and lose much where other work is going on.
    with threadpool_limits(limits=1):
        _flag(table, fields, encoded, _Model(fitted, table.settings.seed))


def _flag(table: Table, fields: list[Field], encoded: str, model: _Model) -> None:
    """Score all rows, a chunk at a time, and flag those beyond what chance gives."""
    import numpy as np

    rows: list[Any] = []
    surprises: list[Any] = []
    worst: list[Any] = []
    least = tails.needed(table.rows, table.settings.alarms)
    for start in range(0, table.rows, CHUNK):
        chunk = _matrix(
            table, f"SELECT {encoded} FROM {TABLE} WHERE __row >= {start} AND __row < {start + CHUNK} ORDER BY __row"
        )
        said = model.surprise(chunk, least)
        over = np.flatnonzero(said >= least)
        rows += (over + start).tolist()
        surprises += said[over].tolist()
        worst += model.worst(chunk[over]).tolist() if len(over) else []
    if not rows or len(rows) > table.few:
        return
    name = table.create("__anomaly_odd", "SELECT 0::BIGINT AS __row, 0::DOUBLE AS surprise, 0 AS worst WHERE FALSE")
    pairs = [(r, s, fields[w].at) for r, s, w in zip(rows, surprises, worst, strict=True)]
    table.con.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", pairs)
    add(table, None, "row",
        f"SELECT __row, NULL AS value, NULL AS expected, surprise, 'column=' || worst AS cause FROM {name} "
        f"WHERE __row NOT IN (SELECT row FROM {FLAGS} WHERE row IS NOT NULL)")  # fmt: skip


class _Model:
    """An isolation forest, and a robust covariance for what columns say of each other; each with its own tail."""

    def __init__(self, fitted: Any, seed: int) -> None:
        import numpy as np
        from sklearn.covariance import LedoitWolf
        from sklearn.ensemble import IsolationForest

        self._np = np
        self._forest = IsolationForest(n_estimators=100, max_samples=min(256, len(fitted)), random_state=seed).fit(
            fitted
        )
        self._forest_tail = self._tail(-self._forest.score_samples(fitted))
        self._forest_most = float(self._beyond(_most(self._forest), self._forest_tail))
        varied = np.flatnonzero(fitted.std(axis=0) > 1e-9)
        self._varied, self._precision = varied, None
        if len(varied) < 2 or len(fitted) < 5 * len(varied):
            return
        kept = fitted
        for _ in range(3):
            # Trimmed twice: what lies farthest out must not bend the model towards itself.
            shrunk = LedoitWolf().fit(kept[:, varied])
            ridge = shrunk.covariance_ + 0.01 * np.eye(len(varied)) * np.trace(shrunk.covariance_) / len(varied)
            self._centre, self._precision = shrunk.location_, np.linalg.inv(ridge)
            distance = self._distance(fitted)
            kept = fitted[distance <= np.quantile(distance, 0.95)]
        self._distance_tail = self._tail(self._distance(fitted))

    def surprise(self, rows: Any, least: float) -> Any:
        """-log10 of how unlikely each row is, where that is `least` or more.

        The forest's score has a ceiling: where even that is less than `least`, no row is put through a hundred trees.
        """
        np = self._np
        if self._forest_most >= least or self._precision is None:
            forest = self._beyond(-self._forest.score_samples(rows), self._forest_tail)
        else:
            forest = np.zeros(len(rows))
        if self._precision is None:
            return forest
        return np.maximum(forest, self._beyond(self._distance(rows), self._distance_tail))

    def worst(self, rows: Any) -> Any:
        """For each row the column that has most to do with it: the one farthest out where the forest said so, else the
        one that is least as the others would have it."""
        np = self._np
        column = np.abs(rows).argmax(axis=1)
        if self._precision is None:
            return column
        alone = np.abs((rows[:, self._varied] - self._centre) @ self._precision) / np.sqrt(np.diag(self._precision))
        forest = self._beyond(-self._forest.score_samples(rows), self._forest_tail)
        beyond = self._beyond(self._distance(rows), self._distance_tail)
        return np.where(beyond >= forest, self._varied[alone.argmax(axis=1)], column)

    def _distance(self, rows: Any) -> Any:
        """Each row's squared Mahalanobis distance: its tail is exponential where columns are normal."""
        np = self._np
        off = rows[:, self._varied] - self._centre
        return np.maximum(np.einsum("ij,ij->i", off @ self._precision, off), 0)

    def _tail(self, scores: Any) -> tuple[float, float]:
        np = self._np
        q = np.quantile(scores, [0.9, 0.95, 0.99])
        # The model's own rows are taken as clean: how its scores end counts in full.
        slopes = [(q[1] - q[0]) / math.log(2), (q[2] - q[1]) / math.log(5)]
        return float(q[1]), float(max(*slopes, 1e-9))

    def _beyond(self, scores: Any, tail: tuple[float, float]) -> Any:
        return self._np.maximum(0, -math.log10(0.05) + (scores - tail[0]) / (tail[1] * math.log(10)))


def _most(forest: Any) -> float:
    """The score that no row can exceed: that of one which ends in the shallowest leaf of each tree."""
    import numpy as np

    depths = []
    for one in forest.estimators_:
        tree, nodes, depth, best = one.tree_, np.array([0]), 0, math.inf
        while len(nodes) and depth < best:
            left = tree.children_left[nodes]
            sizes = tree.n_node_samples[nodes[left < 0]]
            best = min([best, *(depth + _path(int(size)) for size in np.unique(sizes))])
            inner = nodes[left >= 0]
            nodes, depth = np.concatenate([tree.children_left[inner], tree.children_right[inner]]), depth + 1
        depths.append(best)
    return float(2 ** (-sum(depths) / len(depths) / _path(forest.max_samples_)))


def _path(size: int) -> float:
    """The cuts that it takes on average to tell one of so many rows from the others (Liu, Ting and Zhou 2008)."""
    if size <= 2:
        return float(max(size - 1, 0))
    return 2 * (math.log(size - 1) + 0.5772156649015329) - 2 * (size - 1) / size


def _able(table: Table) -> list[Field]:
    """Columns of numbers and moments that vary, and categories; no keys, no free text."""
    found = [
        f for f in table.fields
        if f.filled >= 0.7 * table.rows
        and (
            (f.kind == "number" and f.distinct >= 8)
            or (f.kind in ("text", "number") and 2 <= f.distinct <= CATEGORIES)
        )
    ]  # fmt: skip
    return found[:COLUMNS]


def _encoded(table: Table, fields: list[Field]) -> str:
    """SQL: numbers on their scale, centred and in robust spreads; categories by how rare they are. No value: 0."""
    parts = []
    for field in fields:
        if field.kind == "number" and field.distinct >= 8:
            least, skew = table.ask(f"SELECT min({field.value}), skewness({field.value}) FROM {table.some}")[0]
            x = f"ln(1 + {field.value})" if least is not None and least >= 0 and (skew or 0) > 1 else field.value
            middle, spread, wide = table.ask(
                f"SELECT median({x}), 1.4826 * mad({x}), stddev_pop({x}) FROM {table.some}"
            )[0]
            scale = spread or wide or 1.0
            parts.append(f"coalesce(greatest(least(({x} - {middle!r}) / {scale!r}, 20), -20), 0)::FLOAT AS e{field.at}")
        else:
            name = table.create(
                f"__anomaly_share_{field.at}",
                f"SELECT v, -log2(n / sum(n) OVER ()) AS bits FROM {table.counted(field)}",
            )
            parts.append(
                f"coalesce((SELECT any_value(bits) FROM {name} WHERE v = {field.value}), 0)::FLOAT AS e{field.at}"
            )
    return ", ".join(parts)


def _matrix(table: Table, query: str) -> Any:
    import numpy as np

    columns = table.con.execute(query).fetchnumpy()
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns.values()])
