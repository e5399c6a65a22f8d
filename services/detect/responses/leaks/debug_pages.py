"""Pages for developers: settings, environment, consoles, counters."""

from services.detect.responses.answer import Answer
from services.detect.responses.belief import after_attack, not_quoted
from services.detect.responses.rules import Belief, BodyRule
from services.detect.rules import Detector, Match


def page(match: Match, answer: Answer) -> bool:
    """The page itself: its own markup, which a text about it would have escaped."""
    return answer.kind in ("html", "text") and not answer.prose


def markup(match: Match, answer: Answer) -> bool:
    """Markup of the tool itself; a text about it shows it escaped."""
    return answer.kind == "html"


def of_actuator(match: Match, answer: Answer) -> bool:
    """JSON of Spring's own form, from the beginning on."""
    return answer.kind == "json" and answer.status == 200 and len(match.before) < 64


def counters(match: Match, answer: Answer) -> bool:
    """Nothing but the counters."""
    return answer.kind == "text" and len(match.before.strip()) == 0


def _rule(
    name: str, pattern: str, title: str, believed: Belief = page, weight: float = 0.9
) -> BodyRule:
    return BodyRule(id=f"debug_page.{name}", pattern=pattern, weight=weight, title=title, believed=believed)  # fmt: skip


RULES = (
    BodyRule(
        id="debug_page.phpinfo",
        pattern=r"<title>(?:php [\d.]+[\w.+~-]* - )?phpinfo\(\)</title>|<h1 class=\"p\">php version ",
        weight=0.95,
        title="the page of phpinfo()",
        believed=not_quoted,
        after=frozenset({"php", "rce", "lfi", "rfi", "ssti"}),
        proves=after_attack,
    ),
    _rule("django", r"you're seeing this error because you have <code>debug = true</code>|you’re seeing this error because you have <code>debug = true</code>", "Django's page for developers", markup),
    _rule("werkzeug", r"<title>[^<]*// werkzeug debugger</title>|\bevalex = (?:true|false),\s", "Werkzeug's debugger", markup),
    _rule("ignition", r"\bwindow\.ignite\(|\bwindow\.data = \{\"report\":\{\"notifier\":|<title>[^<]{0,30}🧨", "Laravel's page for developers", markup),
    _rule("whoops", r"<div class=\"whoops container\"|<title>whoops! there was an error\.?</title>", "Whoops' page for developers", markup),
    _rule("symfony", r"<title>symfony profiler</title>|<div id=\"sfwdt[0-9a-f]{6}\"|class=\"sf-toolbar\b", "Symfony's profiler", markup),
    _rule("rails", r"<title>action controller: exception caught</title>|<h1>routing error</h1>", "Rails' page for developers", markup),
    _rule("aspnet", r"<title>application trace</title>|<h1>server error in '[^'<]*' application\.<hr|<i>runtime error</i>|<b>source file:</b> [^<]+<b>", "ASP.NET's page for developers", markup),
    _rule("elmah", r"<title>error log for [^<]+</title>|\bpowered by <a href=\"https?://elmah", "ELMAH's log", markup),
    _rule("actuator", r"\"propertysources\"\s?:\s?\[|\{\"_links\":\{\"self\":\{\"href\":\"[^\"]+/actuator\"", "Spring's actuator", of_actuator),
    _rule("server-status", r"<title>apache status</title>|<h1>apache server status for ", "Apache's status page", markup),
    _rule("stub-status", r"active connections: \d+\s+server accepts handled requests\s", "nginx' counters", counters, 0.7),
    _rule("pprof", r"<title>/debug/pprof/</title>", "Go's profiler", markup),
    _rule("adminer", r"<title>login - adminer</title>|<title>phpmyadmin</title>", "a database console", markup, 0.6),
)  # fmt: skip

LEAK = Detector(
    class_="debug_page",
    title="Page for developers in the open",
    advice="Switch debugging off in production, and let such pages be reached from the inside only.",
    severity="medium",
    cwe=("CWE-489", "CWE-215", "CWE-497"),
    capec=("CAPEC-121", "CAPEC-54"),
    attack=("T1592",),
    owasp=("A05:2021", "API8:2023"),
    rules=RULES,
)
