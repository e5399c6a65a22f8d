"""Files of the operating system, as traversal, inclusion and external entities have them read."""

import re

from services.detect.responses.answer import Answer
from services.detect.responses.belief import after_attack, whole
from services.detect.responses.rules import Belief, BodyRule, never
from services.detect.rules import Detector, Match

READING = frozenset(
    {"lfi", "rce", "xxe", "ssrf", "php", "rfi", "ssti", "sqli", "nodejs", "java", "shellshock"}
)
ACCOUNT = re.compile(rb"^[a-z_][\w.-]{0,31}:[^:\s]{0,120}:\d{1,10}:\d{1,10}:[^:\n]{0,120}:/", re.M)
# One line of it is what a tutorial shows; a file has them all.
ACCOUNTS_MIN = 3


def accounts(match: Match) -> bool:
    """As many accounts as every system has, one a line."""
    lines = match.point.value[match.start :].replace(b"\\n", b"\n").replace(b"<br>", b"\n")
    return len(ACCOUNT.findall(lines[:8_192])) >= ACCOUNTS_MIN


def the_file(match: Match, answer: Answer) -> bool:
    """Nothing but the file."""
    return whole(match, answer) and accounts(match)


def in_the_answer(match: Match, answer: Answer) -> bool:
    """The file in a page, after an attack that asked for it."""
    return after_attack(match, answer) and (accounts(match) or not answer.prose)


def _rule(
    name: str,
    pattern: str,
    title: str,
    after: frozenset[str] = READING,
    believed: Belief = whole,
) -> BodyRule:
    return BodyRule(
        id=f"system_file.{name}",
        pattern=pattern,
        weight=0.95,
        title=title,
        believed=believed,
        after=after,
        proves=after_attack,
    )


RULES = (
    BodyRule(
        id="system_file.passwd",
        pattern=r"root:[x*!]?:0:0:[^:\r\n]*:/",
        weight=0.95,
        title="the accounts of a Unix system",
        believed=the_file,
        after=READING,
        proves=in_the_answer,
    ),
    BodyRule(
        id="system_file.shadow",
        pattern=r"\broot:(?:\$(?:1|2[aby]|5|6|7|y)\$[^:\r\n]{8,160}|[*!]{1,2}):\d{1,6}:\d{0,6}:\d{0,6}:",
        weight=0.95,
        title="the password hashes of a Unix system",
        believed=whole,
        after=READING,
        proves=after_attack,
        secret=True,
    ),
    _rule("win-ini", r"; for 16-bit app support\s{1,4}\[", "a settings file of Windows"),
    _rule("boot-ini", r"\[boot loader\]\s{1,4}timeout=\d", "the boot settings of Windows"),
    _rule("system-ini", r"\[386enh\]\s{1,4}woafont=", "a settings file of Windows"),
    _rule("hosts", r"127\.0\.0\.1\s+localhost\b[^<]*?\s::1\s", "the host table"),
    _rule("os-release", r"\bPRETTY_NAME=\"[^\"\r\n]+\"\s+(?:NAME|VERSION_ID)=\"", "the system's release file"),
    _rule("kernel", r"\blinux version \d+\.\d+[\w.-]+ \([^()\r\n]+\)", "the kernel's version from /proc"),
    _rule("environment", r"\b(?:PATH|HOME|HOSTNAME|PWD)=[^\0\r\n]+\0\w+=", "a process's environment from /proc"),
    _rule(
        "cloud",
        r"\"accesskeyid\"\s?:\s?\"a[sk]ia[0-9a-z]{16}\"|\bami-id\s+ami-launch-index|\"computemetadata|\"azenvironment\"\s?:",
        "a cloud's metadata",
        frozenset({"ssrf", "lfi", "xxe", "rfi"}),
    ),
    _rule(
        "service-banner",
        r"\Assh-2\.0-\w|\bredis_version:\d|\A220 [\w. -]+(?:smtp|ftp)\b",
        "the words of another service",
        frozenset({"ssrf", "rfi"}),
    ),
    _rule(
        "source",
        r"\bPD9waHA[\w+/=]{20,}|<\?php\s+[\w$/*#]|<web-app\b[^>]*>\s*<|<configuration>\s*<(?:configsections|appsettings|system\.web|connectionstrings)\b",
        "the application's own source or settings",
        frozenset({"lfi", "php", "xxe", "rfi", "rce"}),
        never,
    ),
)  # fmt: skip

LEAK = Detector(
    class_="system_file",
    title="File of the operating system in an answer",
    advice="Find what serves it: a path taken from input, a folder too wide. What the file held is known now.",
    severity="high",
    cwe=("CWE-200", "CWE-538", "CWE-22"),
    capec=("CAPEC-126",),
    attack=("T1083", "T1005"),
    owasp=("A01:2021", "API8:2023"),
    rules=RULES,
)
