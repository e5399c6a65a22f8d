"""Header injection and response splitting: line ends where none belong, then a header."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="crlf.header",
        pattern=r"(?:[\r\n]|\xe5\x98[\x8a\x8d]|%0[ad]|\\r\\n|\\n)+[\s%20+]*(?:set-cookie2?|location|content-(?:type|length|disposition|encoding)|refresh|x-[\w-]+|http-equiv|transfer-encoding|host|connection|cache-control|last-modified|etag|server|link|access-control-[\w-]+|crlf[\w-]*|header[\w-]*|\w*inject\w*|test\w*|referer|cookie|user-agent|clear-site-data)\s*:",
        weight=0.65,
        title="A line end, then a header",
        in_text=0.15,
        only=("query", "path", "header", "cookie", "body.form"),
    ),
    Rule(
        id="crlf.status-line",
        pattern=r"[\r\n]+\s*http/[0-9.]{1,3}\s+\d{3}|[\r\n]\s*(?:get|post|put|delete|head|options|patch)\s+[^\s]+\s+http/[0-9]",
        weight=0.75,
        title="A line end, then the first line of a message",
        in_text=0.3,
    ),
    Rule(
        id="crlf.body",
        pattern=r"(?:\r?\n){2}\s*<(?:html|script|svg|img|body|h1|!doctype)",
        weight=0.45,
        title="An empty line, then a page",
        in_text=0.2,
        only=("query", "path", "header", "cookie"),
    ),
    Rule(
        id="crlf.name",
        pattern=r"^[\w\s%-]*[\r\n]+[^\r\n]",
        weight=0.5,
        title="A line end in a parameter's name",
        in_text=0.5,
        only=("query.name",),
        line_end=True,
    ),
    Rule(
        id="crlf.path",
        pattern=r"\w[\r\n]+\w",
        weight=0.5,
        title="A line end in the path",
        in_text=0.5,
        only=("path",),
        line_end=True,
    ),
    Rule(
        id="crlf.line-in-query",
        pattern=r"^[^\r\n]{0,128}[\r\n]+\s*[\w-]{2,32}[\r\s]*[:=]\s*\S{1,64}$|^[\r\n]+$",
        weight=0.5,
        title="A line end, then a name and its value",
        in_text=0.1,
        only=("query",),
        line_end=True,
    ),
    Rule(
        id="crlf.request-line",
        pattern=r"^\s*(?:get|post|put|delete|head|options|trace|connect)\s+\S+\s+http/\d",
        weight=0.55,
        title="A value that is a request's first line",
        in_text=0.3,
        only=("query", "body.form", "cookie"),
    ),
)

DETECTOR = Detector(
    class_="crlf",
    title="Header injection",
    advice="Refuse line ends in values that enter headers.",
    severity="medium",
    cwe=("CWE-93", "CWE-113"),
    capec=("CAPEC-34", "CAPEC-86"),
    attack=("T1190",),
    owasp=("A03:2021",),
    rules=RULES,
)
