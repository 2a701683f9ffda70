"""The dimension of data quality that a rule is about, by its type."""

from __future__ import annotations

import re
from typing import Literal

Dimension = Literal["completeness", "validity", "uniqueness", "consistency", "timeliness", "integrity"]

#: Parts of a type's name that tell, the first that is found; the types of one family share their words.
_TELLING: tuple[tuple[str, Dimension], ...] = (
    # A row or a value that is missing.
    (r"_null$|non_null|row_count_to_(be|equal$)|gaps?\b|_gap|contiguous|column_to_exist", "completeness"),
    # When things happened, and how long ago.
    (r"fresh|recent|_age_|_late", "timeliness"),
    # What stands in another table, and how the table itself is built.
    (r"referen|foreign|other_table|in_other|other_dataset|query_results|column_count|columns_to_match", "integrity"),
    (r"uniqu(?!e_within_record)|duplicate", "uniqueness"),
    # Columns and figures that have to agree with each other.
    (r"column_pair|multicolumn|compound|select_column|depend|determin|conditional|sum_of|equal_(the_)?sum|parts|product"
     r"|_(mean|median|sum|stdev|quantile_values|kl_divergence|most_common_value)_|kl_divergence|increasing|decreasing"
     r"|unexpected_rows|outliers|z_scores", "consistency"),
)  # fmt: skip


def dimension(type_: str) -> Dimension:
    """The dimension of a rule's type; what a single value may be is its validity."""
    return next((found for words, found in _TELLING if re.search(words, type_)), "validity")
