"""Lists of a folder's files that a server makes by itself."""

from services.detect.responses.answer import Answer
from services.detect.responses.rules import BodyRule
from services.detect.rules import Detector, Match


def a_listing(match: Match, answer: Answer) -> bool:
    """A page that the server made for a folder: of its own, with status 200."""
    return answer.kind == "html" and answer.status == 200 and not answer.prose


def _rule(name: str, pattern: str, title: str) -> BodyRule:
    return BodyRule(
        id=f"directory_listing.{name}",
        pattern=pattern,
        weight=0.9,
        title=title,
        believed=a_listing,
        after=frozenset({"lfi"}),
        proves=a_listing,
    )


RULES = (
    _rule("apache-nginx", r"<title>index of /[^<]*</title>.*<h1>index of /", "a list of files as Apache and nginx make it"),
    _rule("iis", r"<a href=\"[^\"]*\">\[to parent directory\]</a>", "a list of files as IIS makes it"),
    _rule("python", r"<title>directory listing for /[^<]*</title>.*<h[12]>directory listing for ", "a list of files as Python makes it"),
    _rule("tomcat-jetty", r"<title>directory listing for \[?/[^<]*</title>|<title>directory: /[^<]*</title>.*<table\b", "a list of files as Tomcat and Jetty make it"),
    _rule("lighttpd", r"<title>index of /[^<]*</title>.*<div class=\"list\">", "a list of files as lighttpd makes it"),
)  # fmt: skip

LEAK = Detector(
    class_="directory_listing",
    title="List of a folder's files",
    advice="Switch the listing off (Options -Indexes, autoindex off) where the folder is not meant to be browsed.",
    severity="low",
    cwe=("CWE-548",),
    capec=("CAPEC-127",),
    attack=("T1083",),
    owasp=("A01:2021", "A05:2021"),
    rules=RULES,
)
