"""Words in dates: months and weekdays in several languages, ordinals, small words; made plain in Python and in SQL."""

from __future__ import annotations

import re

from aifirst_dagster.datasets.session import literal

#: English abbreviation -> names in full and in other languages (en de fr es it nl pt pl cs, Nordic, ru), in lower case.
_MONTHS = {
    "jan": "january jan januar jänner jän janvier janv enero ene gennaio gen januari janeiro styczeń stycznia sty "
           "января янв января́ leden ledna",
    "feb": "february feb februar febr février fevrier févr fév fevr febrero febbraio februari fevereiro fev luty "
           "lutego lut февраля фев únor února",
    "mar": "march mar märz maerz mär mrz mars marzo maart mrt março marco marzec marca marts марта мар březen března",
    "apr": "april apr avril avr abril abr aprile kwiecień kwietnia kwi апреля апр duben dubna",
    "may": "may mai mayo maggio mag mei maio maj maja мая květen května",
    "jun": "june jun juni juin junio giugno giu junho czerwiec czerwca cze июня июн červen června",
    "jul": "july jul juli juillet juil julio luglio lug julho lipiec lipca lip июля июл červenec července",
    "aug": "august aug août aout agosto ago augustus sierpień sierpnia sie augusti августа авг srpen srpna",
    "sep": "september sep sept septembre septiembre settembre set setembro wrzesień września wrz сентября сен září",
    "oct": "october oct oktober okt octobre octubre ottobre ott outubro out październik października paź октября окт "
           "říjen října",
    "nov": "november nov novembre noviembre novembro listopad listopada lis ноября ноя listopadu",
    "dec": "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro grudzień grudnia gru "
           "desember des декабря дек prosinec prosince",
}  # fmt: skip
MONTHS: dict[str, str] = {name: short for short, names in _MONTHS.items() for name in names.split()}
"""Month's name -> its English abbreviation."""

_FILLERS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun jeu ven sam dim "
    "lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom "
    "lunedì martedì mercoledì giovedì venerdì sabato domenica maandag dinsdag woensdag donderdag vrijdag zaterdag "
    "zondag of the de del den le la um uhr at on à am kl г года"
)
#: Words that a date may carry along and that say nothing beyond it.
FILLERS = frozenset(_FILLERS.split())
_ZONES = """
z +0000 utc +0000 gmt +0000 est -0500 edt -0400 cst -0600 cdt -0500 mst -0700 mdt -0600 pst -0800 pdt -0700
akst -0900 akdt -0800 hst -1000 cet +0100 cest +0200 mez +0100 mesz +0200 eet +0200 eest +0300 wet +0000
west +0100 msk +0300 jst +0900 kst +0900 aest +1000 aedt +1100 nzst +1200 nzdt +1300 sast +0200
"""
ZONES = dict(zip(_ZONES.split()[::2], _ZONES.split()[1::2], strict=True))
"""Time zones by their usual letters -> offset; those that two countries use (BST, IST) are left out."""
_HALVES = frozenset({"am", "pm"})

_LETTERS = re.compile(r"[^\W\d_]+")
_MARKS = r"[,/'’]|\.( |$)"
_WORD = re.compile(r"[^\W\d_]{2}")
_ORDINAL = r"(\d)(?:st|nd|rd|th|er|º|ª|\.)([ ,]|$)"


def plain(text: str) -> tuple[str, dict[str, str]] | None:
    """`text` with English month abbreviations and without what says nothing; and the words that were changed.

    None where it has no word that would be changed, or one that no date has.
    """
    if not _WORD.search(text):
        return None
    lower = re.sub(_ORDINAL, r"\1 \2", text.strip().lower())
    changed: dict[str, str] = {}
    months = 0
    for word in _LETTERS.findall(lower):
        if word in MONTHS:
            months += 1
            if MONTHS[word] != word:
                changed[word] = MONTHS[word]
        elif word in FILLERS:
            changed[word] = ""
        elif word in ZONES:
            changed[word] = ZONES[word]
        elif word not in _HALVES:
            return None
    if months > 1 or not (months or changed):
        return None
    lower = _LETTERS.sub(lambda found: changed.get(found[0], found[0]), lower)
    return _tidy(lower), changed


def _tidy(text: str) -> str:
    text = re.sub(_MARKS, " ", text)
    text = re.sub(r"(^|[ 0-9])[-. ]+([a-z]{3})[-. ]+", r"\1 \2 ", text, count=1)
    return re.sub(r"\s+", " ", text).strip()


def plain_sql(text_sql: str, words: dict[str, str]) -> str:
    """SQL: `plain` for texts in the given words."""
    text = f"regexp_replace(lower(trim({text_sql})), {literal(_ORDINAL)}, '\\1 \\2', 'g')"
    for word, short in sorted(words.items(), key=lambda pair: (-len(pair[0]), pair[0])):
        # RE2 has no look-around: the characters beside the word are groups.
        pattern = literal("(^|[^\\p{L}])" + re.escape(word) + "([^\\p{L}]|$)")
        kept = literal(f"\\1{short}\\2")
        text = f"regexp_replace({text}, {pattern}, {kept}, 'g')"
    marks = literal(_MARKS)
    text = f"regexp_replace({text}, {marks}, ' ', 'g')"
    text = f"regexp_replace({text}, '(^|[ 0-9])[-. ]+([a-z]{{3}})[-. ]+', '\\1 \\2 ')"
    plain_text = f"trim(regexp_replace({text}, '\\s+', ' ', 'g'))"
    return f"CASE WHEN regexp_matches({text_sql}, '\\p{{L}}{{2}}') THEN {plain_text} ELSE trim({text_sql}) END"
