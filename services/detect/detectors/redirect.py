"""Open redirect: addresses written so that a check passes and a browser leaves.

A full URL in a parameter is how sites log people in and count clicks; only odd spellings speak.
"""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="redirect.odd-address",
        pattern=r"^[\s\"']*(?:[/\\]{3,}|/\\|\\/|/{1,2}https?:[/\\]+|(?:https?:)?/{2,}[\t\r\n]+/?|/?\xe3(?:\x80\xb1|\x83\xbc|\x82\x9d)|[/\\]{2}(?:https?|[\w.-]+[/\\]{2}|\\)|/https?:|https?:\[|/[\t\r\n\x0b]/|/\\/|\\/\\/|//;@|https?:(?:/[^/%]|[^/%]|///|\\)|https?:/*\\|//%0[9ad]|/%0[9ad]/|\.\.?//|/\.//|//\x00|/[/\\]?%2f|\xe3\x80\xb1)[\w.%@:\\-]*(?:[\w-]+\.[a-z]{2,}|\d{1,3}\.\d|localhost|google|evil|example)(?:[/?#\\%;@:&]|$)",
        weight=0.5,
        title="An address that a browser reads otherwise than a check",
        in_text=0.3,
        only=("query", "body.form", "body.json", "body.grpc"),
    ),
    Rule(
        id="redirect.other-dot",
        # IDNA takes these for full stops (UTS 46), a check for letters.
        pattern=r"^[\s\"']*(?:https?:)?[/\\]{1,}[\w.%@:-]*\w(?:。|．|｡)\w{2,}|^//[\w-]+(?:\.[\w-]+)*//(?:\.\.)?$|^https?://:?@",
        weight=0.5,
        title="An address whose host a browser spells otherwise",
        in_text=0.3,
        only=("query", "body.form", "body.json", "body.grpc"),
    ),
    Rule(
        id="redirect.userinfo",
        pattern=r"^[\s\"']*(?:https?:)?[/\\]+[\w.:%-]+\.[\w:%-]+(?:@|%40|\\@|%5c@|#@|\?@|;@)[\w.%/-]{3}",
        weight=0.5,
        title="An address with another host before the @",
        in_text=0.3,
        only=("query", "body.form", "body.json", "body.grpc"),
    ),
    Rule(
        id="redirect.path",
        pattern=r"^(?:/|\\){2,}(?:[\w-]+\.)+(?:com|net|org|io|ru|cn|info|tk|xyz)(?:[/%?#\\]|$)|^/(?:%09|%5c|%2f|\\|<>//|;@|\.)+/?(?:[\w-]+\.)+[a-z]{2,6}(?:[/%?#]|$)|^/+(?:redirect|login|logout|cgi-bin/redirect\.cgi)[?/]+(?:https?:)?//",
        weight=0.55,
        title="A path that a browser reads as another host",
        only=("path",),
    ),
)

DETECTOR = Detector(
    class_="redirect",
    title="Open redirect",
    advice="Redirect to paths of your own or to a fixed list of hosts only.",
    severity="low",
    cwe=("CWE-601",),
    capec=("CAPEC-194",),
    attack=("T1566.002",),
    owasp=("A01:2021",),
    rules=RULES,
)
