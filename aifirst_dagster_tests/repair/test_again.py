"""Repairing what is repaired changes nothing, whatever the cells hold."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aifirst_dagster.cli.clean import Wishes, clean_files

CELLS = {
    "names": st.sampled_from(
        ["Zürich", "ZÜRICH", " Zürich ", "ZÃ¼rich", "Zürixh", "Bern", "Веrn", "Geneva\u200b", "Genève"]
    ),
    "amounts": st.sampled_from(["$1,200.50", "1200.5", "(12)", "3k", "€ 7", "n/a", "", "12 %", "1.234,56", "oops"]),
    "dates": st.sampled_from(["2024-01-31", "31.01.2024", "01/31/2024", "Jan 31, 2024", "2024-02-30", "", "-"]),
    "weights": st.sampled_from(["12 oz", "340 g", "0.5 kg", "1 lb", "7", "", "heavy"]),
    "flags": st.sampled_from(["yes", "No", "Y", "true", "0", "", "maybe"]),
    "free": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=12),
}
ROW = st.tuples(*CELLS.values())


SAME = ("Zürich", "$1,200.50", "2024-01-31", "12 oz", "yes")


@example(rows=[(*SAME, "")] * 4 + [(*SAME[:4], "No", "0"), (*SAME, "?\x08")])
@example(rows=[(*SAME, "")] * 5 + [(*SAME, "Â\t\x9e®")])
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=30))
def test_a_second_repair_changes_nothing(tmp_path, rows):
    first, second, third = (tmp_path / name for name in ("first.jsonl", "second.csv", "third.csv"))
    lines = [json.dumps(dict(zip(CELLS, row, strict=True))) for row in rows]
    first.write_text("\n".join(lines) + "\n", encoding="utf-8")
    once = clean_files([str(first)], Wishes(output=second, accept_unsure=True))
    assert once["rows_in"] == once["rows_out"] + once["quarantined"] + once["merged"]
    if not once["rows_out"]:
        return
    again = clean_files([str(second)], Wishes(output=third, accept_unsure=True))
    assert again["quarantined"] == 0 and again["rows_out"] == once["rows_out"]
    assert values(third) == values(second)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Ã\u200b¤", "ä"),
        ("Ã\x08¼b", "üb"),
        ("Ã\u200bƒÂ¤", "ä"),
        ("\u200b \u200b®", "®"),
        (" b\u2003d ", "b d"),
        ("BА\u200bœ", "BAœ"),
        ("Ａ\u0301", "Á"),
    ],
)
def test_what_one_repair_uncovers_is_repaired_too(tmp_path, text, meant):
    first, second, third = (tmp_path / name for name in ("first.jsonl", "second.csv", "third.csv"))
    rows = [{"n": n, "free": "plain"} for n in range(5)] + [{"n": 5, "free": text}]
    first.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    clean_files([str(first)], Wishes(output=second, accept_unsure=True))
    assert values(second)[-1][1] == meant
    clean_files([str(second)], Wishes(output=third, accept_unsure=True))
    assert values(third) == values(second)


def values(path):
    """The cells of a CSV file; numbers as numbers, for 12.0 is 12."""

    def value(text):
        try:
            return float(text)
        except ValueError:
            return text

    with path.open(newline="", encoding="utf-8") as file:
        return [[value(text) for text in row] for row in csv.reader(file)]


TABLES = {
    "units": "what,size\n" + "".join(f"a{n},{n % 9 + 1} {'oz' if n % 3 else 'g'}\n" for n in range(60)),
    "cases": "id,town\n" + "".join(f"{n},{('Bern', 'BERN', ' Bern', 'Basel')[n % 4]}\n" for n in range(80)),
    "wrongly decoded": "id,who\n" + "".join(f"{n},{('MÃ¼ller', 'GarÃ§on', 'Smith')[n % 3]}\n" for n in range(30)),
    "full width": "id,code\n" + "".join(f"{n},{'ＡＢ１２' if n == 3 else f'AB{n}'}\n" for n in range(30)),
    "dates": "id,day\n"
    + "".join(f"{n},{(f'{n % 28 + 1:02}.01.2024', f'2024-01-{n % 28 + 1:02}')[n % 2]}\n" for n in range(60)),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_one_kind_of_mess_is_clean_after_one_repair(tmp_path, name):
    (tmp_path / "in.csv").write_text(TABLES[name], encoding="utf-8")
    once = clean_files([str(tmp_path / "in.csv")], Wishes(output=tmp_path / "one.csv"))
    assert once["actions"]
    again = clean_files([str(tmp_path / "one.csv")], Wishes(output=tmp_path / "two.csv"))
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert [action for action in again["actions"] if action["rows_changed"]] == []
