"""Tables made in the manner of the dirty sets that error detection is measured on, with their kinds of mistakes.

Only the manner is theirs: flights as several sources tell them, a bibliography, tax records, films. Each maker gives
a header, the rows as they should be, and the rows as they are.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

Rows = list[list[str]]
Table = tuple[list[str], Rows, Rows]

WORDS = (  # noqa: SIM905
    "effect early treatment patients chronic disease randomized controlled trial systematic review acute care quality "
    "outcome surgery infant mortality prenatal exposure risk factor cohort study hospital admission therapy"
).split()
AIRPORTS = ["ORD", "PHX", "MIA", "IAH", "SFO", "LAX", "EWR", "DFW", "JFK", "BOS", "DEN", "MCO"]


def flights(dice: random.Random) -> Table:
    """A hundred flights, each as two or three dozen sources tell it: times missing, other times, times with a day."""
    clean, dirty = [], []
    sources = [f"source{n:02}" for n in range(37)]
    for _ in range(100):
        start, end = dice.sample(AIRPORTS, 2)
        flight = f"{dice.choice(['AA', 'UA', 'CO'])}-{dice.randint(1, 4999)}-{start}-{end}"
        departs = dice.randrange(300, 1380)
        arrives = departs + dice.randrange(50, 360)
        minutes = [departs, departs + dice.choice([-5, 0, 4, 20]), arrives, arrives + dice.choice([-20, -5, 0, 30])]
        for source in dice.sample(sources, dice.randint(18, 30)):
            right = [_clock(minute) for minute in minutes]
            told = list(right)
            for at, missing in enumerate((0.10, 0.22, 0.12, 0.20)):
                chance = dice.random()
                if chance < missing:
                    told[at] = ""
                elif chance < missing + 0.10:
                    told[at] = _clock(minutes[at] + dice.choice([-30, -10, -2, 1, 3, 8, 20]))
                elif chance < missing + 0.14:
                    told[at] = f"12/02/2011 {right[at]}"
            clean.append([str(len(clean) + 1), source, flight, *right])
            dirty.append([str(len(dirty) + 1), source, flight, *told])
    order = dice.sample(range(len(clean)), len(clean))
    header = ["tuple_id", "src", "flight", "sched_dep_time", "act_dep_time", "sched_arr_time", "act_arr_time"]
    return header, [clean[at] for at in order], [dirty[at] for at in order]


def bibliography(dice: random.Random) -> Table:
    """Articles: numbers and pages that a spreadsheet took for dates, dates in two styles, gaps, slips."""
    journals = []
    for _ in range(230):
        title = " ".join(dice.sample(WORDS, dice.randint(2, 4))).title()
        short = ". ".join(word[:4] for word in title.split()) + "."
        journals.append((title, short, f"{dice.randint(1000, 9999)}-{dice.randint(100, 999)}{dice.choice('0123X')}"))
    clean, dirty = [], []
    for number in range(1000):
        year, month, page = dice.randint(1970, 2015), dice.randint(1, 12), dice.randint(1, 1500)
        language = dice.choices(["eng", "fre", "ger", "spa", "chi"], [88, 4, 4, 3, 1])[0]
        row = [str(number + 1), " ".join(dice.choices(WORDS, k=dice.randint(5, 12))).capitalize(), language,
               *journals[min(229, int(dice.expovariate(1 / 45)))], str(dice.randint(1, 120)), str(dice.randint(1, 12)),
               f"{month}/1/{year % 100:02}", f"{page}-{page + dice.randint(1, 15)}"]  # fmt: skip
        clean.append(row)
        spreadsheet = [f"{dice.choice(['Jan', 'Feb', 'Mar', 'Jun'])}-{dice.randint(10, 99)}", "Sep-12"]
        dirty.append(_spoilt(dice, row, {
            1: (0.03, _slip(dice, row[1])), 2: (0.04, dice.choice(["English", "en", "ENG"])),
            3: (0.03, _slip(dice, row[3])), 4: (0.05, ""),
            5: (0.06, dice.choice(["Mar-45", "Jan-68", row[5].replace("-", ""), row[5][:-1]])), 6: (0.05, ""),
            8: (0.10, f"{year}-{month:02}-01"), 9: (0.05, dice.choice(spreadsheet)),
        }))  # fmt: skip
    header = ["id", "article_title", "article_language", "journal_title", "journal_abbreviation", "journal_issn",
              "article_volume", "article_issue", "article_created_at", "article_pagination"]  # fmt: skip
    return header, clean, dirty


def taxes(dice: random.Random) -> Table:
    """Tax records: a postal code settles city and state; slips, codes that lost a digit, salaries ten times as high."""
    states = {state: str(round(dice.uniform(1, 9), 1)) for state in ("AL", "CA", "NY", "TX", "WA", "FL", "OH", "IL")}
    codes = {}
    for state in states:
        for _ in range(60):
            city = f"{dice.choice(WORDS)} {dice.choice(['city', 'falls', ''])}".strip().upper()
            codes[str(dice.randint(10_000, 99_999))] = (city, state, str(dice.randint(200, 990)))
    first = [word.capitalize() + end for word in WORDS for end in ("", "a", "er")]
    last = [word.capitalize() + end for word in WORDS for end in ("son", "man", "berg")]
    clean, dirty = [], []
    for _ in range(10_000):
        code = dice.choice(list(codes))
        city, state, area = codes[code]
        salary = dice.randrange(5000, 100_000, 500)
        row = [dice.choice(first), dice.choice(last), dice.choice("MF"), area,
               f"{dice.randint(100, 999)}-{dice.randint(1000, 9999)}", city, state, code, dice.choice("SM"),
               str(salary), states[state]]  # fmt: skip
        clean.append(row)
        dirty.append(_spoilt(dice, row, {
            0: (0.01, f"{row[0]}-*"), 1: (0.01, row[1].replace("n", "\\n")), 2: (0.01, dice.choice("NX")),
            5: (0.01, _slip(dice, city)), 6: (0.01, dice.choice(list(states))),
            7: (0.01, dice.choice([code[1:], "1907"])), 8: (0.01, "-"), 9: (0.01, str(salary * 10)),
            10: (0.01, f"{row[10]}."),
        }))  # fmt: skip
    header = ["f_name", "l_name", "gender", "area_code", "phone", "city", "state", "zip", "marital_status", "salary",
              "rate"]  # fmt: skip
    return header, clean, dirty


def films(dice: random.Random) -> Table:
    """Films: lengths in two units, numbers with and without separators, ids without their prefix, gaps, spaces."""
    clean, dirty = [], []
    for _ in range(3000):
        minutes, year, votes = dice.randint(62, 210), dice.randint(1920, 2014), dice.randint(5, 900_000)
        rating, number = round(dice.uniform(2, 9), 1), f"{dice.randint(10_000, 3_999_999):07}"
        row = [f"tt{number}", " ".join(dice.choices(WORDS, k=dice.randint(1, 5))).title(), str(year),
               f"{dice.randint(1, 28)} {dice.choice(['January', 'May', 'October'])} {year}", f"{minutes} min",
               dice.choice(["USA", "UK", "France", "India"]), str(rating), f"{votes:,}"]  # fmt: skip
        clean.append(row)
        dirty.append(_spoilt(dice, row, {
            0: (0.05, number), 2: (0.05, f"{year} "), 3: (0.06, ""),
            4: (0.12, f"{minutes // 60} hr. {minutes % 60} min."), 6: (0.05, f"{rating}/10"), 7: (0.08, str(votes)),
        }))  # fmt: skip
    return ["id", "name", "year", "release_date", "duration", "country", "rating_value", "rating_count"], clean, dirty


MAKERS: dict[str, Callable[[random.Random], Table]] = {
    "flights": flights, "bibliography": bibliography, "taxes": taxes, "films": films,
}  # fmt: skip


def _clock(minute: int) -> str:
    hour = minute % 1440 // 60
    return f"{(hour - 1) % 12 + 1}:{minute % 60:02} {'a.m.' if hour < 12 else 'p.m.'}"


def _slip(dice: random.Random, text: str) -> str:
    at, letter = dice.randrange(1, len(text) - 1), dice.choice(string.ascii_lowercase)
    return dice.choice(
        [text[:at] + letter + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + letter + text[at:]]
    )


def _spoilt(dice: random.Random, row: list[str], mistakes: dict[int, tuple[float, str]]) -> list[str]:
    """The row with some of the mistakes: column -> (its share, what stands there instead)."""
    return [
        mistakes[at][1] if at in mistakes and dice.random() < mistakes[at][0] else cell for at, cell in enumerate(row)
    ]
