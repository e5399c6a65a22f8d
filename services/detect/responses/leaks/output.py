"""The output of commands: what a shell says where a page should be."""

from services.detect.responses.belief import after_attack
from services.detect.responses.rules import BodyRule, never
from services.detect.rules import Detector

RUNNING = frozenset(
    {"rce", "shellshock", "php", "nodejs", "java", "ssti", "sqli", "rfi", "lfi", "scanner"}
)


def _rule(name: str, pattern: str, title: str) -> BodyRule:
    return BodyRule(
        id=f"command_output.{name}",
        pattern=pattern,
        weight=0.95,
        title=title,
        believed=never,
        after=RUNNING,
        proves=after_attack,
    )


RULES = (
    _rule("id", r"\buid=\d{1,6}\([\w.-]{1,32}\) gid=\d{1,6}\([\w.-]{1,32}\)", "the output of id"),
    _rule("uname", r"\b(?:linux|darwin|freebsd) [\w.-]+ \d+\.\d+[\w.-]* [^\r\n<]+(?:x86_64|aarch64|i686|armv7l|arm64|amd64)\b", "the output of uname"),
    _rule("ls", r"(?:^|\n|>|\")total \d+(?:\s|\\n)+[d-](?:[r-][w-][xsS-]){2}[r-][w-][xtT-]", "the output of ls"),
    _rule("ls-line", r"[d-](?:[r-][w-][xs-]){3}[+.]? +\d+ [\w-]{1,32} +[\w-]{1,32} +\d+ \w{3} +\d{1,2} [\d:]{4,5} ", "the output of ls"),
    _rule("dir", r"\bvolume serial number is [0-9a-f]{4}-[0-9a-f]{4}|\n directory of [a-z]:\\", "the output of dir"),
    _rule("windows-version", r"\bmicrosoft windows \[version \d+\.\d+", "the banner of cmd"),
    _rule("whoami", r"^\s{0,4}(?:nt authority\\(?:system|network service|local service)|iis apppool\\\w+|www-data|root|apache|nginx|nobody|tomcat\d?)\s{0,4}$", "the output of whoami"),
    _rule("ps", r"\bpid\s+tty\s+time\s+cmd\b|\buser\s+pid\s+%cpu\s+%mem\b", "the output of ps"),
    _rule("network", r"\binet (?:addr:)?\d{1,3}(?:\.\d{1,3}){3}\b[^<]*(?:netmask|mask:|brd |scope )|\bwindows ip configuration\s", "the output of ifconfig or ipconfig"),
    _rule("ping", r"\bping [\w.-]+ \([\d.]+\):? \d+(?:\(\d+\))? (?:data )?bytes(?: of data)?[^<]*(?:nobody|root|www-data|uid=)", "the output of ping with more behind it"),
    _rule("shell-error", r"\b(?:sh|bash|/bin/sh|/bin/bash|zsh): (?:line )?\d*:? ?[^\r\n<]+: (?:command )?not found\b|\bis not recognized as an internal or external command", "an error of the shell"),
)  # fmt: skip

LEAK = Detector(
    class_="command_output",
    title="Output of a command in an answer",
    advice="Take the host for compromised: keep its disk and logs, then mend what runs commands.",
    severity="critical",
    cwe=("CWE-78",),
    capec=("CAPEC-88",),
    attack=("T1059",),
    owasp=("A03:2021",),
    rules=RULES,
)
