"""Remote file inclusion: a URL where a path belongs, shaped so that the server runs it."""

import re

from services.detect.rules import Detector, Match, Rule

PAGE_NAME = re.compile(
    rb"(?i)referer|ur[il]?$|ur[il]|^[dr][lrfu]$|ref|page|link|href|website|redirect|return|callback|next|image|img|src|avatar|origin|share"
)


def where_a_path_belongs(match: Match) -> bool:
    """Not in a parameter that says by its name that it holds a URL."""
    return not PAGE_NAME.search(match.point.name)


RULES = (
    Rule(
        id="rfi.script-url",
        pattern=r"^[\"'\s]*(?:https?|ftps?|ogg|\\\\|//)[:/\\]{1,3}[^\s\"'<>?]+(?:\.(?:txt|php\d?|inc|gif|jpe?g|png|dat|log|bak|tmp)|/\w+)\?{1,4}(?:\x00|%00|#|cmd=?.*|c=?|exec=?)?$",
        weight=0.55,
        title="A URL of a file that ends in a question mark",
        in_text=0.4,
        only=("query", "body.form", "cookie", "body.part"),
        check=where_a_path_belongs,
    ),
    Rule(
        id="rfi.address-url",
        pattern=r"^[\"'\s]{0,2}(?:https?|ftps?)://(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/[^\s]*",
        weight=0.4,
        title="A URL with a bare address",
        in_text=0.2,
        only=("query", "body.form"),
        check=where_a_path_belongs,
    ),
    Rule(
        id="rfi.runnable-url",
        pattern=r"^[\"'\s]*(?:https?|ftps?)://[^\s\"'<>?]+/[\w.%-]+\.(?:txt|inc|phtml|dat|sh|pl|exe|php\d)[?\x00]{0,2}(?:cmd|c|exec)?=?\w*$",
        weight=0.5,
        title="A URL of a file that a server could run",
        in_text=0.2,
        only=("query", "body.form", "cookie", "body.part", "path"),
        check=where_a_path_belongs,
    ),
    Rule(
        id="rfi.shell-url",
        pattern=r"(?:https?|ftps?)://[^\s\"'<>]+/(?:c99|r57|c100|shell\d?|cmd|b374k|webshell|backdoor|rfi|inject\w*|phpshell|evil)\.(?:txt|php\d?|gif|jpg|png|inc|dat)\b",
        weight=0.6,
        title="A URL of a web shell",
        in_text=0.3,
    ),
    Rule(
        id="rfi.include-parameter",
        pattern=r"[=\[](?:https?|ftps?|\\\\)[:/\\]{1,3}[^\s&]{3,}(?:\.(?:txt|php\d?|inc|gif|jpg)\?{1,3}$|/\w+\.(?:txt|inc)(?:\?|$)|\?\?$)|(?:_config\[|absolute_path|mosconfig|root_path|_path\b|basepath|include_path|inc_dir|globals\[)\w*\]?\s{0,2}=\s*(?:https?|ftp)",
        weight=0.6,
        title="A URL given for a folder that code is read from",
        in_text=0.2,
        only=("query", "path", "body"),
    ),
)

DETECTOR = Detector(
    class_="rfi",
    title="Remote file inclusion",
    advice="Include files from a fixed list only, and switch the inclusion of URLs off (allow_url_include).",
    severity="high",
    cwe=("CWE-98", "CWE-829"),
    capec=("CAPEC-193",),
    attack=("T1190", "T1105"),
    owasp=("A03:2021", "API8:2023"),
    rules=RULES,
)
