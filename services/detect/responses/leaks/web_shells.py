"""Pages of known web shells: somebody is in already."""

from services.detect.responses.answer import Answer
from services.detect.responses.markup import inside
from services.detect.responses.rules import BodyRule
from services.detect.rules import Detector, Match

QUOTES = frozenset(b"pre code textarea blockquote samp".split())


def the_shell(match: Match, answer: Answer) -> bool:
    """Its own page: no article that names it, no code that is shown."""
    quoted = inside(match.point.value, match.start, QUOTES)
    return answer.status == 200 and not answer.prose and not quoted and answer.kind == "html"


def _rule(name: str, pattern: str, title: str, weight: float = 0.9) -> BodyRule:
    return BodyRule(
        id=f"web_shell.{name}", pattern=pattern, weight=weight, title=title, believed=the_shell
    )


RULES = (
    _rule(
        "title",
        r"<title>[^<]*\b(?:wso \d|c99(?:shell|madshell)|r57 ?shell|b374k|ru24postwebshell|p0wny@shell|indoxploit|alfa ?team shell|webshellorb|safe0ver|locus7shell|antichat shell"
        r"|simattacker|php webshell|mini ?shell|nstview|predator shell|zaco|gfs web-?shell|k-?shell|crystalshell|aspxspy|jsp ?file ?browser|cmd\.jsp|phpspy|devilz0?shell|g-security)",
        "a page with the title of a web shell",
    ),
    _rule(
        "heading",
        r"<h1>\.:ncc:\. shell v|<!-- simple php backdoor by|<b>safe_?mode:? ?(?:off|on)</b>.*\buname\b|<h1>(?:uname -a|server info)[^<]{0,40}</h1>.*\bsafe mode\b",
        "a page with the heading of a web shell",
    ),
    _rule(
        "form",
        r"name=['\"]?a['\"]? value=['\"]?filesman|\bfilesman['\"],|<input[^>]*name=['\"]?(?:cmd|command|execmd)['\"]?[^>]*>.*<input[^>]*value=['\"]?(?:execute|exec|run)['\"]?[^>]*>.*<pre>\s{0,8}(?:uid=|total \d|linux )",
        "a form that runs commands",
    ),
)  # fmt: skip

LEAK = Detector(
    class_="web_shell",
    title="Web shell",
    advice="Take the host off the net and keep its disk: somebody runs commands on it. Find how the file came there.",
    severity="critical",
    cwe=("CWE-506", "CWE-434"),
    capec=("CAPEC-650",),
    attack=("T1505.003",),
    owasp=("A03:2021", "A08:2021"),
    rules=RULES,
)
