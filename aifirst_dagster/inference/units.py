"""Spellings of units, currencies and scales that stand around numbers."""

from __future__ import annotations

#: Spelling -> unit, for what stands for a currency. Codes stand for themselves.
CURRENCIES = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH",
    "₫": "VND", "₪": "ILS", "฿": "THB", "₦": "NGN", "zł": "PLN", "kr": "SEK", "kr.": "DKK", "Fr.": "CHF",
    "Rs": "INR", "Rs.": "INR", "US$": "USD", "A$": "AUD", "C$": "CAD", "CA$": "CAD", "AU$": "AUD", "NZ$": "NZD",
    "HK$": "HKD", "R$": "BRL",
}  # fmt: skip
_CODES = """
USD EUR GBP JPY CHF CAD AUD NZD CNY INR BRL RUB KRW SEK NOK DKK PLN CZK HUF TRY ZAR MXN SGD HKD THB ILS AED SAR IDR
MYR PHP VND UAH RON BGN ARS CLP COP PEN EGP NGN KES PKR TWD
"""
CURRENCY_CODES = frozenset(_CODES.split())
"""ISO 4217 codes of the currencies that are traded most."""

#: Scale written behind a number -> its factor.
SCALES = {
    "k": 1e3, "K": 1e3, "M": 1e6, "mn": 1e6, "mln": 1e6, "Mio": 1e6, "Mio.": 1e6, "million": 1e6, "bn": 1e9, "B": 1e9,
    "Mrd": 1e9, "Mrd.": 1e9, "billion": 1e9, "tn": 1e12, "trillion": 1e12,
}  # fmt: skip

_SUFFIXES = """
kg g mg µg lb lbs oz t ton tons tonne tonnes m cm mm km µm nm in inch inches ft yd mi mile miles l ml cl dl gal s
sec secs second seconds ms min mins minute minutes h hr hrs hour hours day days d week weeks month months year years
yr yrs °c °f °k kw mw gw kwh mwh gwh wh mv kv mah ah hz khz mhz ghz kb mb gb tb kib mib gib bit bits byte bytes px
dpi bps kbps mbps gbps rpm mph kmh km/h kph m/s ft/s knots pa hpa kpa mpa bar mbar psi kj mj cal kcal m² m2 km² km2
ft² ft2 sqft sqm ha acre acres m³ m3 cm³ ft³ l/100km mpg % ‰ ° deg rad db dba ppm ppb mol mmol ibu abv pcs pc units
unit people persons items stars points pts times oz. lb. ounce ounces pound pounds gram grams litre liter litres
liters meter meters metre metres kilogram kilograms cc hp bhp ps fl.oz fluid
"""
SUFFIXES = frozenset(_SUFFIXES.split())
"""Units as they stand right behind a number, in lower case."""

_ORDINALS = frozenset({"st", "nd", "rd", "th"})


def is_unit(spelled: str) -> bool:
    """Whether `spelled`, right behind a number, is a unit rather than the letter of a code ("12A")."""
    plain = spelled.strip().lower()
    return plain in SUFFIXES or plain.split(" ")[0].rstrip(".") in SUFFIXES


def is_word(spelled: str) -> bool:
    """Whether `spelled` may be what is counted ("3 rooms"): one lower-case word, no ordinal ending."""
    return len(spelled) > 1 and spelled.isalpha() and spelled.islower() and spelled not in _ORDINALS
