"""Files that drift in any way at once: whatever the mode, every row is accounted for and no text is lost."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference import casts, infer
from aifirst_dagster.inference.contract import view
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.inference.contract.look import look
from aifirst_dagster.inference.contract.modes import Modes

MODES = st.sampled_from(["evolve", "freeze", "discard_row", "discard_value"])
CELLS = st.one_of(
    st.integers(-99, 10**6).map(str),
    st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: f"{value:.2f}"),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    st.dates().map(str),
    st.sampled_from(["", "n/a", "-", "yes", "1.234,56", "'; DROP TABLE x; --", 'a"b', "ü|<b>", "{}", "NULL"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8),
)
NAMES = st.lists(
    st.sampled_from(["id", "Order Id", "when", "amount", "state", 'q"x', "_why", "néw", "ID2", "select"]),
    min_size=2, max_size=6, unique=True,
)  # fmt: skip


@st.composite
def tables(draw) -> tuple[list[str], list[list[str]]]:
    names = draw(NAMES)
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=1, max_size=8))
    return names, rows


def written(folder: Path, name: str, table: tuple[list[str], list[list[str]]]) -> Path:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([table[0], *table[1]])
    path = folder / name
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=tables(), second=tables(), tables_=MODES, columns=MODES, types=MODES)
def test_every_row_is_kept_or_set_aside_and_every_text_is_somewhere(first, second, tables_, columns, types):
    from aifirst_dagster.connectors import ReadOptions, read

    options = ReadOptions(encoding="utf-8", delimiter=",", header=True, accept_unsure=True)
    with tempfile.TemporaryDirectory() as folder, connect() as con:
        old = read(con, [written(Path(folder), "a.csv", first)], "csv", options)
        contract = Contract.of(infer.verify(con, old.relation, infer.propose(con, old.relation, old.columns)))
        table = read(con, [written(Path(folder), name, one) for name, one in (("a.csv", first), ("b.csv", second))],
                     "csv", options)  # fmt: skip
        modes = Modes(tables=tables_, columns=columns, types=types)
        examined, base = look(con, table.relation, table.native, table.layouts, contract, modes)
        relation, read_as = view.taken(con, base, examined.plan)
        typed = casts.select(read_as, relation)
        total = table.records - table.rejected
        aside = 0
        if examined.plan.sets_aside:
            ((aside,),) = con.execute(f"SELECT count(*) FROM ({typed}) WHERE {view.WHY} IS NOT NULL").fetchall()
        kept = f"SELECT * FROM ({typed})" + (f" WHERE {view.WHY} IS NULL" if examined.plan.sets_aside else "")
        ((rows,),) = con.execute(f"SELECT count(*) FROM ({kept})").fetchall()
        assert rows + aside == total
        if examined.frozen:
            return
        # A text that is not blank is a value, in _raw, among the originals, or in a row set aside.
        fields = [f'count("{column.name.replace(chr(34), chr(34) * 2)}")' for column in examined.plan.columns]
        original = any(column.name == view.ORIGINAL for column in read_as)
        lost = (
            f"coalesce(len(map_keys(_raw)), 0){f' + coalesce(len(map_keys({view.ORIGINAL})), 0)' if original else ''}"
        )
        found = con.execute(f"SELECT {', '.join(fields)}, sum({lost}) FROM ({kept})").fetchall()[0]
        held = sum(found[:-1]) + int(found[-1] or 0)
        where = f" WHERE {view.WHY} IS NULL" if examined.plan.sets_aside else ""
        keys = con.execute(f"SELECT _source, _source_line FROM ({typed}){where}").fetchall()
        cells = 0
        for file, line in keys:
            _, given_rows = first if file.endswith("a.csv") else second
            cells += sum(text != "" for text in given_rows[line - 2])
        assert held == cells


def test_a_contract_from_its_own_files_has_no_difference():
    from aifirst_dagster.connectors import read

    with tempfile.TemporaryDirectory() as folder, connect() as con:
        path = written(Path(folder), "a.csv", (["id", "when"], [[str(n), f"{n:02}/01/2026"] for n in range(1, 29)]))
        table = read(con, [path])
        contract = Contract.of(infer.verify(con, table.relation, infer.propose(con, table.relation, table.columns)))
        for mode in ("evolve", "freeze", "discard_row", "discard_value"):
            examined, _ = look(con, table.relation, table.native, table.layouts, contract, Modes.of(mode))
            assert examined.changes == [] and examined.contract == contract
