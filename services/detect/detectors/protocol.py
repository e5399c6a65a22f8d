"""Attacks on how requests are told apart. What headers say of their framing: smuggling.py."""

from services.detect.rules import Detector, Match, Rule

WHOLE_BODIES = ("body", "body.form", "body.form.name")


def is_the_body(match: Match) -> bool:
    """The request stands where the body begins; a part of a batch is a request by its type."""
    return match.point.place in WHOLE_BODIES


RULES = (
    Rule(
        id="protocol.lookalike-header",
        # CGI and WSGI take _ for -, others drop what is no letter: RFC 9110, 5.1 allows neither.
        pattern=r"^transfer[_.\x00-\x20]+encoding\W*$|^[^\w-]+(?:transfer-encoding|content-length)\W*$|^(?:transfer-encoding|content-length)[^\w -]+$",
        weight=0.6,
        title="A header that only some servers take for Transfer-Encoding or Content-Length",
        in_text=1.0,
        only=("header.name",),
    ),
    Rule(
        id="protocol.request-in-body",
        pattern=r"^\s{0,4}(?:0\r?\n\r?\n)?(?:get|post|put|delete|head|options|patch|trace|connect)\s+/\S*\s+http/1\.[01]\s*[\r\n]",
        weight=0.6,
        title="A body that begins with another request",
        in_text=1.0,
        only=("body",),
        check=is_the_body,
        line_end=True,
    ),
)

DETECTOR = Detector(
    class_="protocol",
    title="Request smuggling",
    advice="Have proxy and server refuse such requests (RFC 9112, 6.3), speak HTTP/2 all the way, or never reuse"
    " a connection to the server for two clients.",
    severity="high",
    cwe=("CWE-444",),
    capec=("CAPEC-33", "CAPEC-105"),
    attack=("T1190",),
    owasp=("A04:2021", "API8:2023"),
    rules=RULES,
)
