"""Month and weekday names as European languages write them in dates."""

from __future__ import annotations

#: English abbreviation -> names in full and in other languages (en de fr es it nl pt pl, Nordic), in lower case.
_MONTHS = {
    "jan": "january jan januar jänner jän janvier janv enero ene gennaio gen januari janeiro styczeń stycznia sty",
    "feb": "february feb februar febr février fevrier févr fév fevr febrero febbraio februari fevereiro fev luty "
           "lutego lut",
    "mar": "march mar märz maerz mär mrz mars marzo maart mrt março marco marzec marca marts",
    "apr": "april apr avril avr abril abr aprile kwiecień kwietnia kwi",
    "may": "may mai mayo maggio mag mei maio maj maja",
    "jun": "june jun juni juin junio giugno giu junho czerwiec czerwca cze",
    "jul": "july jul juli juillet juil julio luglio lug julho lipiec lipca lip",
    "aug": "august aug août aout agosto ago augustus sierpień sierpnia sie augusti",
    "sep": "september sep sept septembre septiembre settembre set setembro wrzesień września wrz",
    "oct": "october oct oktober okt octobre octubre ottobre ott outubro out październik października paź",
    "nov": "november nov novembre noviembre novembro listopad listopada lis",
    "dec": "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro grudzień grudnia gru "
           "desember des",
}  # fmt: skip
MONTHS: dict[str, str] = {name: short for short, names in _MONTHS.items() for name in names.split()}
"""Month's name -> its English abbreviation."""

_FILLERS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun jeu ven sam dim "
    "lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom "
    "of the de del den le la um uhr at on à am kl"
)
#: Words that a date may carry along and that say nothing beyond it.
FILLERS = frozenset(_FILLERS.split())
#: Words that belong to a time of day.
CLOCK = frozenset("t z am pm utc gmt st nd rd th er h".split())  # noqa: SIM905
