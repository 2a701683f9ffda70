"""What software writes: digests, versions, paths, markup, colours."""

from __future__ import annotations

import json
import re

from aifirst_dagster.inference.meanings.kind import Look, Meaning, like, one_of
from aifirst_dagster.inference.vocabularies.words import spaced

_BASE64 = like(r"(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?|(?:[A-Za-z0-9_-]{4})+={0,2}")
_TAG = like(r"(?is)<!doctype html.*|.*<([a-z][a-z0-9]*)\b[^<>]*>.*(?:</\1\s*>).*|.*<(?:br|hr|img|input)\b[^<>]*/?>.*")

COLOURS = spaced("""
black white red green blue yellow orange purple violet pink brown grey gray cyan magenta turquoise teal navy olive
maroon lime gold silver beige ivory coral salmon khaki indigo lavender crimson aqua fuchsia tan  copper charcoal
schwarz weiss weiß rot grün blau gelb orange lila rosa braun grau noir blanc rouge vert bleu jaune violet marron gris
negro blanco rojo verde azul amarillo morado marrón nero bianco rosso giallo viola preto branco vermelho amarelo roxo
""")


def _base64(text: str) -> bool:
    if len(text) < 16 or not _BASE64(text):
        return False
    kinds = sum(any(test(sign) for sign in text) for test in (str.isupper, str.islower, str.isdigit))
    return text.endswith("=") or (kinds == 3 and len(text) >= 24)


def _json(text: str) -> bool:
    if text[:1] not in "{[" or text[-1:] not in "}]":
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _one_length(look: Look) -> bool:
    return bool(look.lengths) and look.lengths[0] in (32, 40, 56, 64, 96, 128) and look.middle == look.lengths[0]


def _colour(text: str) -> bool:
    return all(word in COLOURS or word in _SHADES for word in re.split(r"[\s/-]+", text.casefold()))


_SHADES = frozenset({"light", "dark", "bright", "pale", "deep", "metallic", "and", "sky", "hell", "dunkel", "royal"})

MEANINGS = (
    Meaning(
        "uuid", "UUIDs", "eight, four, four, four and twelve hexadecimal digits",
        like(r"(?i)(?:urn:uuid:)?\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?"), "uuid",
        given=lambda look: look.middle >= 36, weight=0.99, chance=0.001, open=True,
    ),
    Meaning(
        "hash", "Digests", "as many hexadecimal digits as MD5, SHA-1, SHA-2 give",
        like(r"(?i)(?:sha\d+[:-])?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})"),
        "hash", given=_one_length, weight=0.97,
        open=True,
    ),
    Meaning(
        "color", "Colours", "#rrggbb, rgb(...) or hsl(...)",
        like(r"(?i)#(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})|(?:rgb|hsl)a?\([\d\s,.%/]+\)"),
        "color",
        given=lambda look: look.some("#") or look.some("("), weight=0.97,
    ),
    Meaning(
        "color", "Colours", "names of colours", _colour,
        "color", alone=0.9, named=0.5, chance=0.1, weight=0.85,
    ),
    Meaning(
        "mime_type", "Media types", "type/subtype as IANA registers them",
        like(r"(?:application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+(?:;.*)?"),
        "mime_type", given=lambda look: look.some("/"), weight=0.98,
    ),
    Meaning(
        "file_path", "Paths of files", "folders and a name, between / or \\",
        like(r"(?:[A-Za-z]:\\|\\\\|/|\.{1,2}/|~/)[^\n]*[\\/][^\n]*|[\w-]+(?:/[\w.-]+)+\.\w{1,5}"),
        "file_path",
        given=lambda look: look.some("/") or look.some("\\"), weight=0.9, open=True,
    ),
    Meaning(
        "file_name", "Names of files", "a name with an ending",
        like(r"[^\\/\n]{1,150}\.(?:[A-Za-z]{2,4}[0-9]?|[a-z]{5}|7z|tar\.gz)"),
        "file_name", alone=None, named=0.8,
        given=lambda look: look.some("."), weight=0.8, open=True,
    ),
    Meaning(
        "file_name", "Names of files", "a name with an ending that is common",
        like(r"[^\\/\n@]{1,150}\.(?:csv|tsv|txt|pdf|docx?|xlsx?|pptx?|odt|ods|json|xml|html?|jpe?g|png|gif|svg"
             r"|bmp|tiff?|webp"
             r"|mp[34]|avi|mov|wav|flac|ogg|zip|gz|tar|rar|py|js|ts|css|java|c|h|cpp|rs|go|sql|md|ya?ml|parquet|log)"),
        alone=0.75, given=lambda look: look.some("."), weight=0.85, open=True,
    ),
    Meaning(
        "version", "Versions", "numbers between dots, as semantic versioning writes them",
        like(r"v?\d+\.\d+(?:\.\d+){1,2}(?:[-+.]?[\w.]+)*|v?\d+\.\d+(?:[-.]?(?:a|b|rc|alpha|beta|dev)\.?\d*)?"),
        "version", alone=None, weight=0.8,
    ),
    Meaning(
        "version", "Versions", "three numbers between dots",
        like(r"v?\d{1,4}\.\d{1,5}\.\d{1,5}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"), chance=0.15, weight=0.75,
        given=lambda look: look.some("."),
    ),
    Meaning("json", "JSON", "what a JSON reader takes", types=frozenset({"object", "array"}), alone=0.0, weight=0.97,
            looks=lambda text: text[:1] in "{["),
    Meaning("json", "JSON", "what a JSON reader takes", _json, "json",
            given=lambda look: look.some("{") or look.some("["), named=0.8, most=60, open=True),
    Meaning(
        "html", "HTML", "opened and closed tags", _TAG, "html",
        given=lambda look: look.some("<") and look.some(">"), weight=0.95, named=0.5, most=60, open=True,
    ),
    Meaning(
        "base64", "Base64", "groups of four of 64 characters", _base64,
        "base64",
        given=lambda look: look.middle >= 16 and not look.some(" "), weight=0.85, open=True,
    ),
    Meaning(
        "log_level", "Severities of log lines", "one of the usual levels",
        one_of({"debug", "info", "notice", "warn", "warning", "error", "critical", "fatal", "trace", "verbose"}),
        "log_level", chance=0.2, named=0.8,
    ),
)  # fmt: skip
