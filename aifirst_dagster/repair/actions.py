"""The fixed vocabulary of repairs: what each action does, and which parameters it takes.

| Kind | Meaning |
|---|---|
| text | rewrites the cells of a text column |
| parse | reads the text of a column as what `Column.type` says; a cell that cannot be read is a reason for quarantine |
| companion | writes an additional column |
| value | acts on values that are read; never proposed, only done where a person's plan asks for it |
| rows | acts on whole rows or on names |
| finding | is reported, and changes nothing |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "parse", "companion", "value", "rows", "finding"]


@dataclass(frozen=True)
class ActionType:
    """One action: its kind, what it does in a sentence, whether the value before can be got back from the one after
    (the text in `_raw` is kept in any case), and parameter -> meaning.
    """

    name: str
    kind: Kind
    summary: str
    params: dict[str, str]
    reversible: bool = False


_ALL = (
    ActionType("rename_column", "rows", "Gives the column its standardised name.", 
               {"from": "name before", "at_reading": "true: the relation has the new name already"}, True),
    ActionType("realign_row", "rows",
               "Moves the values of a shifted row back into their columns, where one shift alone explains the row.",
               {"by": "the shifts: 1 (one column to the right), -1 (to the left), 2, ...",
                "columns": "column -> what its values look like: type and range, or values, or shapes",
                "tokens": "words for `no value`, which fit wherever they stand"}, True),
    ActionType("restore_row", "rows",
               "Makes rows of lines that were set aside for one cell too many or too few, where one place alone fits.",
               {"delimiter": "how the lines are written", "quote": "see delimiter", "columns": "as in realign_row",
                "tokens": "as in realign_row"}, True),
    ActionType("fix_encoding", "text", "Mends text that was decoded with the wrong encoding (`MÃ¼ller` -> `Müller`).",
               {"sequences": "wrong sequence -> right character, as found in the column",
                "mapping": "whole text -> what it should be, where no sequence alone tells"}, True),
    ActionType("clean_characters", "text",
               "Removes invisible characters and brings accents into one form (Unicode NFC).", {}),
    ActionType("replace_look_alikes", "text",
               "Writes each word in one script: letters of another one that look the same, full-width letters and "
               "digits.", {"mapping": "text -> what it should be"}, True),
    ActionType("trim_whitespace", "text", "Removes white space around the text.",
               {"inner": "true: runs of inner white space become one space"}),
    ActionType("null_tokens", "text", "Makes cells empty that say in words that they have no value (`N/A`).",
               {"tokens": "the texts, compared in lower case without space around",
                "at_reading": "true: they became empty when the file was read"}),
    ActionType("unify_categories", "text", "Writes each category in one way: its most frequent spelling.",
               {"mapping": "spelling -> the one that stands for it"}),
    ActionType("parse_booleans", "parse", "Reads yes/no words as true and false.",
               {"true": "texts that mean yes", "false": "texts that mean no", "failed_only": "see parse_numbers"}),
    ActionType("parse_numbers", "parse",
               "Reads numbers with grouping marks, decimal commas, currency signs, brackets, per cent, k/M/bn.",
               {"decimal": "point, comma, or unclear (a cell that could be both is set aside)",
                "affixes": "spellings dropped around the number", "footnotes": "marks dropped after it (`*`, `[1]`)",
                "scales": "suffix -> factor (k, M, bn)", "fractions": "true: some are written `½`, `1½`",
                "garbled": "signs that were decoded wrongly (`Â£`), read as what was meant",
                "failed_only": "true: the column is typed already, only the cells that did not parse are read"}),
    ActionType("convert_units", "parse", "Reads numbers with units, and counts them all in one unit.",
               {"to": "the unit", "factors": "spelling -> factor", "offsets": "spelling -> added after the factor",
                "inch": "an inch in that unit, where some cells are written as feet and inches",
                "decimal": "as in parse_numbers", "affixes": "as in parse_numbers", "scales": "as in parse_numbers",
                "footnotes": "as in parse_numbers", "fractions": "as in parse_numbers",
                "garbled": "as in parse_numbers", "failed_only": "as in parse_numbers"}),
    ActionType("parse_durations", "parse",
               "Reads spans of time (`1h 30m`, `36:15:00`, `P3DT4H`) as seconds.", {}),
    ActionType("parse_dates", "parse", "Reads dates of several styles and languages as one type.",
               {"formats": "strptime patterns, tried in order on the normalised text",
                "months": "month name -> English abbreviation, for names that are not English",
                "words": "words that are dropped (weekdays, `of`, `de`)",
                "unclear": "separators whose day-month order the column leaves open",
                "serial": "five-digit numbers are spreadsheet days: all (true), or those from one to another",
                "epoch": "s or ms: Unix time",
                "offsets": "true: some cells carry a UTC offset; all become UTC", "failed_only": "see parse_numbers"}),
    ActionType("split_currency", "companion", "Keeps each amount's currency in a column beside it.",
               {"into": "the new column", "markers": "spelling -> currency code", "garbled": "as in parse_numbers"}),
    ActionType("split_unit", "companion", "Keeps each number's unit in a column beside it, where units do not convert.",
               {"into": "the new column", "markers": "spelling -> unit", "garbled": "as in parse_numbers"}),
    ActionType("fill_missing", "value", 
               "Fills empty cells; each is listed among the repairs. What the strategy cannot tell stays empty.",
               {"strategy": "constant, mode, median, forward, backward, or dependency (the rows with the same `by` all "
                            "say the same)",
                "value": "the constant", "by": "columns: the rows to look at, for dependency, forward and backward",
                "order": "columns to order by, for forward and backward; default: the file's order",
                "into": "a column beside it that says which cells were filled"}, True),
    ActionType("treat_outliers", "value", "Deals with numbers beyond the given bounds.",
               {"low": "least number that may stand", "high": "largest number that may stand",
                "how": "quarantine (the row; default), null (empty the cell) or clip (to the bound)"}),
    ActionType("quarantine_empty_rows", "rows", "Sets rows aside that hold no value at all.", {}),
    ActionType("merge_duplicates", "rows", "Merges rows that are the same in every column; the first one stays.", {}),
    ActionType("merge_similar_rows", "rows", "Merges rows that a person takes for the same thing; the first of each "
               "cluster stays.",
               {"clusters": "lists of rows (`line fingerprint`), as report_similar_rows gives them; a row that has "
                            "changed since is left alone"}),
    ActionType("report_repeated_rows", "finding", "Equal rows that may well be different things: kept.", {}),
    ActionType("report_repeated_keys", "finding", "Rows that share a key and differ elsewhere.",
               {"key": "the columns"}),
    ActionType("report_outliers", "finding", "Numbers far outside the bulk of their column.",
               {"low": "lower fence", "high": "upper fence"}),
    ActionType("report_missing", "finding",
               "Cells without a value: left as they are. `fill` is a way to fill them that no row contradicts.",
               {"fill": "parameters for fill_missing"}),
    ActionType("report_similar_rows", "finding",
               "Rows that are likely to be the same thing, written differently: kept.",
               {"clusters": "lists of rows (`line fingerprint`); under merge_similar_rows they are merged"}),
    ActionType("report_half_empty_rows", "finding", "Rows with far fewer values than the others.",
               {"at_least": "empty cells in such a row"}),
    ActionType("report_formula_cells", "finding",
               "Text that a spreadsheet would run as a formula; the CSV export can neutralise it.", {}),
    ActionType("report_unreadable", "finding", "A column whose declared type does not fit its cells: left as text.",
               {"type": "the declared type", "share": "share of cells that it reads"}),
)  # fmt: skip

ACTIONS: dict[str, ActionType] = {action.name: action for action in _ALL}
"""Action name -> what it is, in the order in which actions on one column are applied."""


def table() -> str:
    """The vocabulary as a Markdown table, for the documentation."""
    lines = ["| Action | Kind | What it does | Parameters |", "|---|---|---|---|"]
    for action in _ALL:
        params = "; ".join(f"`{name}`: {meaning}" for name, meaning in action.params.items())
        lines.append(f"| `{action.name}` | {action.kind} | {action.summary} | {params} |")
    return "\n".join(lines)
