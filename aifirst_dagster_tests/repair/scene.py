"""A relation as a connector leaves it, from plain texts: what every repair test starts from."""

from __future__ import annotations

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair.plan import RepairPlan, propose
from aifirst_dagster.repair.run import Repaired, apply


class Scene:
    """Rows of text columns (or SQL values of typed ones) with lines from 2 on; `raw` gives a row's unparsed texts."""

    def __init__(self, con, columns, rows, raw=None):
        self.con = con
        self.columns = [
            Column(name=name, source_name=name, type=kind) if isinstance(kind, str) else kind
            for name, kind in columns.items()
        ]
        fields = [f"{ident(column.name)} {column.physical_type}" for column in self.columns]
        con.execute(
            f"CREATE OR REPLACE TABLE scene ({', '.join(fields)}, _source VARCHAR, _source_line BIGINT, "
            "_raw MAP(VARCHAR, VARCHAR))"
        ).fetchall()
        lines = []
        for number, row in enumerate(rows, 2):
            texts = (raw or {}).get(number, {})
            pairs = ", ".join(f"{literal(name)}: {literal(text)}" for name, text in texts.items())
            kept = f"MAP {{{pairs}}}" if texts else "NULL"
            lines.append(f"({', '.join(literal(value) for value in row)}, 'f.csv', {number}, {kept})")
        if lines:
            con.execute(f"INSERT INTO scene VALUES {', '.join(lines)}").fetchall()

    def propose(self) -> RepairPlan:
        return propose(self.con, "scene", self.columns)

    def repair(self, plan: RepairPlan | None = None) -> Repaired:
        self.plan = plan or self.propose()
        self.result = apply(self.con, "scene", self.plan)
        return self.result

    def values(self, name: str) -> list:
        """A column of the kept rows, in the order of the file."""
        rows = self.con.execute(f"SELECT {ident(name)} FROM {self.result.kept} ORDER BY _source_line").fetchall()
        return [row[0] for row in rows]

    def aside(self) -> dict[int, str]:
        """Line -> reason of the rows that were set aside."""
        return dict(self.con.execute(f"SELECT _source_line, reason FROM {self.result.quarantine}").fetchall())

    def did(self, action: str) -> int:
        """Cells that an action changed, over all columns."""
        return sum(done.rows_changed for done in self.result.actions if done.action == action)


def typed(name: str, kind: str, physical: str, **more) -> Column:
    """A column that the relation holds typed."""
    return Column(name=name, source_name=name, type=kind, physical_type=physical, **more)
