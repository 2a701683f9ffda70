"""Numbers that standards give to things and accounts: products, books, vehicles, securities, cards."""

from __future__ import annotations

import re
from collections.abc import Callable

from aifirst_dagster.inference import units
from aifirst_dagster.inference.meanings import checks
from aifirst_dagster.inference.meanings.kind import DIGITS, NUMERIC, TEXT, Look, Meaning, like
from aifirst_dagster.inference.vocabularies import countries, locales
from aifirst_dagster.inference.vocabularies.words import spaced

_BIC = like(r"[A-Z]{4}([A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_VAT = like(r"(?:AT ?U|[A-Z]{2}) ?[0-9A-Z][0-9A-Z .+*-]{6,13}[0-9A-Z]")


def _bic(text: str) -> bool:
    found = _BIC(text)
    return bool(found) and found[1].lower() in countries.COUNTRY_CODES  # type: ignore[index]


def _vat(text: str) -> bool:
    return bool(_VAT(text)) and any(map(str.isdigit, text)) and checks.stdnum("eu.vat", text)


def _sizes(*sizes: int) -> Callable[[Look], object]:
    """Whether most texts have one of these lengths, blanks and hyphens apart."""

    def fits(look: Look) -> bool:
        plain = [len(re.sub(r"[ -]", "", text)) for text in look.few]
        return sum(size in sizes for size in plain) * 2 > len(plain)

    return fits


_BANK_CODES = frozenset(units.CURRENCY_CODES) | spaced("""
AFN ALL AMD AOA AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BSD BTN BWP BYN BZD CDF CRC CUP CVE DJF DOP DZD ERN ETB FJD FKP
GEL GHS GIP GMD GNF GTQ GYD HNL HRK HTG IQD IRR ISK JMD JOD KGS KHR KMF KPW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MZN NAD NIO NPR OMR PAB PGK PYG QAR RSD RWF SBD SCR SDG SHP SLE SLL SOS SRD SSP STN
SVC SYP SZL TJS TMT TND TOP TTD TZS UGX UYU UZS VES VUV WST XAF XCD XOF XPF YER ZMW ZWL BTC ETH
""")

MEANINGS = (
    Meaning(
        "iban", "International bank account numbers", "the remainder of 97 that ISO 13616 asks for", checks.iban,
        "iban", chance=0.01, weight=0.99,
        given=lambda look: look.middle >= 15, personal=True, open=True,
    ),
    Meaning(
        "bic", "Bank codes (BIC)", "four letters, a country, two or five characters", _bic,
        "bic", chance=0.3, weight=0.85,
        given=_sizes(8, 11), alone=0.98,
    ),
    Meaning(
        "credit_card", "Payment card numbers", "an issuer's prefix and length, and a Luhn check digit", checks.card,
        "credit_card",
        types=DIGITS | NUMERIC, chance=0.04, named=0.6, weight=0.97, personal=True, open=True,
        given=_sizes(12, 13, 14, 15, 16, 17, 18, 19),
    ),
    Meaning(
        "imei", "Device numbers (IMEI)", "15 digits with a Luhn check digit", checks.imei, "imei",
        types=DIGITS, alone=None, chance=0.1, given=_sizes(15), open=True,
    ),
    Meaning(
        "isbn", "Book numbers (ISBN)", "an ISBN-10 or ISBN-13 check digit", checks.isbn,
        "isbn", types=DIGITS | NUMERIC, chance=0.09, named=0.7, weight=0.97,
        given=_sizes(10, 13), open=True,
    ),
    Meaning(
        "issn", "Numbers of periodicals (ISSN)", "eight characters with a check digit modulo 11",
        lambda text: bool(re.fullmatch(r"\d{4}-\d{3}[\dX]", text)) and checks.issn(text), "issn",
        chance=0.09, named=0.7, weight=0.97, given=_sizes(8), open=True,
    ),
    Meaning(
        "ean", "Article numbers (EAN, GTIN, UPC)", "8, 12, 13 or 14 digits with GS1's check digit", checks.gtin,
        "ean",
        types=DIGITS | NUMERIC, chance=0.1, named=0.6, weight=0.93, given=_sizes(8, 12, 13, 14), open=True,
    ),
    Meaning(
        "vin", "Vehicle identification numbers", "17 characters, the ninth a check digit", checks.vin,
        "vin", chance=0.09,
        given=_sizes(17), weight=0.97, open=True,
    ),
    Meaning(
        "vin", "Vehicle identification numbers", "17 characters without I, O and Q", like(r"[A-HJ-NPR-Z0-9]{17}"),
        "vin", alone=None, named=0.9,
        given=_sizes(17), weight=0.6, open=True,
    ),
    Meaning(
        "doi", "Document identifiers (DOI)", "10., a registrant, / and a name",
        like(r"(?i)(?:https?://(?:dx\.)?doi\.org/|doi: ?)?10\.\d{4,9}/\S+"), "doi", weight=0.99, open=True,
        given=lambda look: look.some("10."),
    ),
    Meaning(
        "orcid", "Researchers' identifiers (ORCID)", "16 characters with a check digit modulo 11-2", checks.orcid,
        "orcid", chance=0.09, weight=0.97, given=lambda look: look.middle >= 16, personal=True,
        open=True,
    ),
    Meaning(
        "isin", "Numbers of securities (ISIN)", "two letters, nine characters, a Luhn check digit", checks.isin,
        "isin", chance=0.1, weight=0.97, given=_sizes(12), open=True,
    ),
    Meaning(
        "lei", "Identifiers of legal entities (LEI)", "20 characters, 1 modulo 97", checks.lei, "lei",
        chance=0.01, weight=0.98, given=_sizes(20), open=True,
    ),
    Meaning(
        "vat_id", "VAT numbers", "a member state's prefix and check digits", _vat,
        "vat_id",
        chance=0.1, named=0.6, weight=0.97, most=100, open=True, given=lambda look: 8 <= look.middle <= 17,
    ),
    Meaning(
        "vat_id", "VAT numbers", "a member state's prefix before up to twelve digits and letters",
        like(r"(?:AT ?U|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK|XI) ?"
             r"[\dA-Za-z][\dA-Za-z ]{5,15}"),
        "vat_id", alone=None, named=0.9, weight=0.6, open=True,
    ),
    Meaning(
        "stock_ticker", "Ticker symbols", "one to five capital letters",
        like(r"[A-Z]{1,5}(?:[.-][A-Z]{1,3})?"), "stock_ticker", alone=None,
        named=0.85, weight=0.6, open=True,
    ),
    Meaning(
        "currency_code", "Currencies", "codes of ISO 4217", lambda text: text in _BANK_CODES,
        "currency_code",
        chance=0.01, weight=0.93, given=lambda look: look.middle == 3,
    ),
    Meaning(
        "currency_symbol", "Symbols of currencies", "a Unicode currency sign",
        like(r"(?:US|A|C|CA|AU|NZ|HK|R)?[$€£¥₹₽₩₺₴₫₪฿₦₱₡₲₵₸]|kr\.?|zł|Fr\.?|Rs\.?|Kč|Ft|lei|лв"),
        "currency_symbol", given=lambda look: look.middle <= 3, chance=0.1,
    ),
    Meaning(
        "currency_name", "Currencies", "words for money", like(
            r"(?i).*\b(?:dollars?|euros?|pounds?(?: sterling)?|yen|yuan|renminbi|rupees?|rubles?|francs?|pesos?"
            r"|krona|krone"
            r"|kroner?|zloty|forint|lira|real|rand|won|baht|dinars?|dirhams?|riyals?|rials?|shillings?|shekels?"
            r"|ringgit|koruna"
            r"|hryvnia|leu|lev|dong|kwacha|naira|cedi|birr|taka|kyat|riel|kip|som|manat|lari|dram|guarani|sol|boliviano"
            r"|quetzal|lempira|col[oó]n|balboa|gourde|rupiah|peso|krónur|kuna|tenge|togrog|afghani|lek|denar|pula"
            r"|loti|dalasi"
            r"|escudo|dobra|ariary|metical|guilder|florin|vatu|tala|kina|pataca|ouguiya|ngultrum|rufiyaa|leone"
            r"|nakfa)\b.*"),
        "currency_name", alone=None, named=0.6, weight=0.9,
    ),
    Meaning(
        "currency_name", "Currencies", "names of currencies in 28 languages", lambda text: locales.knows("currencies",
        text),
        "currency_name", alone=None, named=0.5, weight=0.85, most=60, given=lambda look: look.middle >= 4,
    ),
    Meaning(
        "product_code", "Article and part numbers", "letters, digits and hyphens",
        like(r"(?=.*\d)[\w./#-]{2,40}"), "product_code",
        types=DIGITS, alone=None, named=0.85, weight=0.6, open=True,
    ),
    Meaning(
        "product", "Products", "names with letters", like(r"(?=.*[^\W\d_]).{2,200}"),
        "product",
        TEXT, alone=None, named=0.9, weight=0.35, open=True,
    ),
)  # fmt: skip
