"""Column names that DuckDB can hold: none blank, none twice, none hidden; the file's own are kept beside them."""

from __future__ import annotations

from collections.abc import Sequence

from aifirst_dagster.datasets.session import HIDDEN


def unique_names(names: Sequence[str]) -> list[str]:
    """`names` with blank ones called `column_<position>` and repeated ones numbered: `name`, `name_2`.

    Case does not tell two names apart, as in DuckDB. Names of hidden columns count as taken. A name made up here
    never takes one that stands further right in the file.
    """
    given = {name.casefold() for name in names}
    taken = set(HIDDEN)
    result = []
    for position, name in enumerate(names, start=1):
        plain = name.replace("\0", "")
        blank = not plain.strip()
        base = f"column_{position}" if blank else plain
        candidate, number = base, 1
        while candidate.casefold() in taken or (candidate.casefold() in given and (blank or number > 1)):
            number += 1
            candidate = f"{base}_{number}"
        taken.add(candidate.casefold())
        result.append(candidate)
    return result
