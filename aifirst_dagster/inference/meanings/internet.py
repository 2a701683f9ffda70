"""What the internet names things by: addresses of people, pages and machines."""

from __future__ import annotations

import re

from aifirst_dagster.inference.meanings import checks
from aifirst_dagster.inference.meanings.kind import Look, Meaning, like
from aifirst_dagster.inference.vocabularies.words import spaced

_TLDS = spaced("""
com org net edu gov mil int info biz io ai co app dev me tv xyz online site shop store tech cloud blog news pro name
mobi
museum travel jobs cat asia local internal lan test example invalid localhost
ac ad ae af ag al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch
ci ck cl cm cn cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm
gn gp gq gr gt gu gw gy hk hm hn hr ht hu id ie il im in iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb
lc li lk lr ls lt lu lv ly ma mc md mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr
nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su
sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
""")
_LABELS = like(r"(?i)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_HOST = like(r"(?i)(?=.*\d)[a-z][a-z0-9]*(?:-[a-z0-9]+)+|[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost")


def _domain(text: str) -> bool:
    return bool(_LABELS(text)) and text.rsplit(".", 1)[1].lower() in _TLDS


def _hosts(look: Look) -> bool:
    """Domains stand for organisations; machines are several labels deep, or numbered."""
    deep = sum(text.count(".") >= 2 and not text.startswith("www.") for text in look.few)
    return look.some(".") and deep * 2 > len(look.few)


MEANINGS = (
    Meaning(
        "email", "E-mail addresses", "name@domain.ending",
        like(r"(?:mailto:)?[^@\s,;<>]+@[^@\s,;<>]+\.[A-Za-z]{2,24}"),
        "email",
        given=lambda look: look.some("@"), weight=0.99, chance=0.001, personal=True, open=True,
    ),
    Meaning(
        "url", "Web addresses", "a scheme (https://) or www. before a host",
        like(r"(?i)(?:(?:https?|ftps?|s3|gs|git|ssh|wss?)://\S+|www\.\S+\.\S+)"),
        "url",
        given=lambda look: look.some("://") or look.some("www."), weight=0.99, chance=0.001, open=True,
    ),
    Meaning(
        "hostname", "Names of machines", "labels of letters and digits, with dots or numbered", _HOST,
        "hostname", alone=None, named=0.8, weight=0.72,
    ),
    Meaning("hostname", "Names of machines", "a domain name of three labels or more", _domain, given=_hosts,
            weight=0.88, chance=0.1),
    Meaning(
        "domain", "Internet domains", "labels with dots, and an ending that exists", _domain,
        "domain",
        given=lambda look: look.some(".") and not look.some("@"), weight=0.85, chance=0.1, open=True,
    ),
    Meaning(
        "ip_address", "IP addresses", "IPv4 (four numbers below 256) or IPv6",
        lambda text: checks.ipv4(text) or checks.ipv6(text),
        "ip_address",
        given=lambda look: look.some(".") or look.some(":"), weight=0.98,
    ),
    Meaning(
        "ip_network", "IP networks", "an IP address with a prefix length (10.0.0.0/8)",
        lambda text: bool(re.fullmatch(r"[0-9a-fA-F.:]+/\d{1,3}", text))
        and (checks.ipv4(text.split("/")[0]) or checks.ipv6(text.split("/")[0])),
        "ip_network", given=lambda look: look.some("/"),
    ),
    Meaning(
        "mac_address", "Hardware addresses", "six pairs of hexadecimal digits",
        like(r"(?i)[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}"),
        "mac_address", weight=0.98,
    ),
    Meaning(
        "user_agent", "Browsers as they name themselves", "product/version (...), as browsers and crawlers say",
        like(r"(?:Mozilla|Opera|Dalvik|curl|python-requests|okhttp|PostmanRuntime|Wget|Java|Go-http-client|axios"
             r"|Googlebot|facebookexternalhit)/.+"),
        "user_agent", given=lambda look: look.some("/"), weight=0.97, open=True,
    ),
    Meaning(
        "http_method", "HTTP methods", "one of HTTP's methods",
        lambda text: text in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"},
        "http_method", chance=0.2,
    ),
    Meaning(
        "http_status", "HTTP status codes", "100 to 599", like(r"[1-5]\d\d"),
        "http_status",
        types=frozenset({"string", "integer"}), alone=None, named=0.95,
    ),
    Meaning(
        "social_handle", "Handles in social networks", "@ and a name", like(r"@[A-Za-z0-9_.]{2,30}"),
        "social_handle", given=lambda look: look.some("@"),
        personal=True, open=True, weight=0.9,
    ),
    Meaning(
        "username", "Names that users log in with", "one word of letters, digits and signs",
        like(r"[A-Za-z0-9][\w.@+-]{1,60}"),
        "username",
        alone=None, named=0.85, weight=0.5, personal=True, open=True,
    ),
)  # fmt: skip
