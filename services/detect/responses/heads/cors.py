"""Answers that other sites may read with the user's cookies (the Fetch standard's CORS)."""

import re
from collections.abc import Iterator

from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.rules import Detector

ORIGIN = re.compile(rb"(https?)://([\w.\[\]:-]{1,255}?)(?::\d{1,5})?\Z", re.I)
ADDRESS = re.compile(r"[\d.]+\Z|.*:.*")

WEAKNESS = Detector(
    class_="cors",
    title="Other sites may read with the user's cookies",
    advice="Allow credentials to a fixed list of origins, compared whole; never echo the Origin,"
    " and never allow null.",
    severity="medium",
    cwe=("CWE-942", "CWE-346"),
    capec=("CAPEC-111",),
    attack=("T1189",),
    owasp=("A05:2021", "API8:2023"),
    rules=(),
)


def check(answer: Answer) -> Iterator[Proof]:
    """Credentials allowed to an origin that no list would hold."""
    if answer.header(b"access-control-allow-credentials").strip().lower() != b"true":
        return
    allowed = answer.header(b"access-control-allow-origin").strip()
    asked = next((v.strip() for n, v in answer.asked if n.lower() == b"origin"), b"")
    if not asked or allowed != asked:
        return
    why = strange(asked, answer.exchange.host)
    if why:
        yield Proof(
            weakness=WEAKNESS,
            rule="cors.reflected",
            says=f"the answer lets {why} read it with the user's cookies",
            weight=0.9,
            where="response.header.access-control-allow-origin",
            value=allowed,
        )


def strange(origin: bytes, host: str) -> str:
    """Why nobody would have put this origin on a list; empty: somebody may have."""
    if origin == b"null":
        return "any sandboxed frame (origin null)"
    found = ORIGIN.match(origin)
    if found is None:
        return ""
    other = found[2].decode("ascii").lower()
    if other == host or ADDRESS.match(other) or ADDRESS.match(host) or not host:
        return ""
    site = registrable(host)
    if registrable(other) == site or other.endswith("." + site):
        return ""
    # Made of the host's own name, as tests of a sloppy comparison are.
    if host in other or other.endswith(site) or other.startswith(site + "."):
        return f"the foreign site {other}"
    return ""


def registrable(host: str) -> str:
    """The last two labels, three below a short second level: near enough to tell sites apart."""
    labels = host.split(".")
    short = len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2
    return ".".join(labels[-3:] if short else labels[-2:])
