"""Words for yes and no, in the languages that files tend to be written in."""

from __future__ import annotations

TRUE = frozenset({"true", "t", "yes", "y", "on", "1", "ja", "j", "oui", "sí", "si", "sim", "vrai", "wahr", "tak", "да"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0", "nein", "non", "não", "nao", "faux", "falsch", "nie", "нет"})
_PAIRS = (
    "true false", "t f", "yes no", "y n", "on off", "ja nein", "j n", "oui non", "sí no", "si no", "sim não", "sim nao",
    "vrai faux", "wahr falsch", "tak nie", "да нет",
)  # fmt: skip
PAIRS = tuple(frozenset(pair.split()) for pair in _PAIRS)
"""Words that go together: a column of booleans uses whole pairs."""
TELLING_ALONE = frozenset({"true", "false", "yes", "no", "y", "n"})
"""One of a pair is enough for these: a column that only ever says "true"."""
STAND_INS = frozenset({"u", "uk", "nk", "dk", "ns", "na", "-1", "-9", "-99", "-999", "9", "99", "999", "8", "88"})
"""What stands for "not known" beside both words of a pair."""
