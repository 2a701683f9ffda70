"""Words for yes and no, in the languages that files tend to be written in."""

from __future__ import annotations

_PAIRS = """
true false|t f|yes no|y n|on off|1 0|.true. .false.|ja nein|ja nee|ja nej|ja nei|j n|oui non|sí no|si no|sim não
sim nao|vrai faux|wahr falsch|vero falso|verdadero falso|verdadeiro falso|waar onwaar|sant falskt|sand falsk|sann usann
tak nie|prawda fałsz|ano ne|áno nie|da ne|da nu|igen nem|igaz hamis|evet hayır|doğru yanlış|kyllä ei|tosi epätosi
да нет|так ні|да не|ναι όχι|نعم لا|כן לא|はい いいえ|是 否|有 無|예 아니오|예 아니요|có không|ya tidak|✓ ✗|✔ ✘|☑ ☐
"""
_SPLIT = [tuple(pair.split()) for line in _PAIRS.strip().splitlines() for pair in line.split("|")]
TRUE = frozenset(yes for yes, _ in _SPLIT)
FALSE = frozenset(no for _, no in _SPLIT)
PAIRS = tuple(frozenset(pair) for pair in _SPLIT if pair != ("1", "0"))
"""Words that go together: a column of booleans uses whole pairs. Digits alone are numbers."""
TELLING_ALONE = frozenset({"true", "false", "yes", "no", "y", "n"})
"""One of a pair is enough for these: a column that only ever says "true"."""
STAND_INS = frozenset({"u", "uk", "nk", "dk", "ns", "na", "-1", "-9", "-99", "-999", "9", "99", "999", "8", "88"})
"""What stands for "not known" beside both words of a pair."""
