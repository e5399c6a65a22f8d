"""Stack traces and error messages of languages and frameworks."""

import re

from services.detect.responses.answer import Answer
from services.detect.responses.belief import SHORT_BYTES_MAX, after_attack, as_error
from services.detect.responses.markup import in_tag, quoted
from services.detect.responses.rules import Belief, BodyRule
from services.detect.rules import Detector, Match

INJECTED = frozenset({"ssti", "php", "nodejs", "java", "rce", "sqli", "nosqli", "xxe", "lfi"})


def is_the_answer(match: Match, answer: Answer) -> bool:
    """A short answer that is the error's own words and begins with them."""
    return (
        answer.kind in ("text", "html")
        and len(match.point.value) < SHORT_BYTES_MAX
        and not re.sub(rb"<[^<>]*>|\s|[\w.:]*\Z", b"", match.before)
        and not answer.prose
        and (answer.failed or not quoted(match.point.value, match.start))
    )


def printed_by_php(match: Match, answer: Answer) -> bool:
    """PHP puts its warnings into the page as it comes, marked in bold or in plain text."""
    if answer.prose and b"<b>" not in match.text.lower():
        return False
    if answer.kind == "html" and b"<b>" in match.text.lower():
        return in_tag(match.point.value, match.start) is None
    return as_error(match, answer)


def _rule(
    name: str, pattern: str, title: str, believed: Belief = as_error, weight: float = 0.7
) -> BodyRule:  # fmt: skip
    return BodyRule(
        id=f"stack_trace.{name}", pattern=pattern, weight=weight, title=title, believed=believed,
        proves=after_attack,
    )  # fmt: skip


RULES = (
    _rule(
        "python",
        r"traceback \(most recent call last\):(?:\s|\\n|<br ?/?>|&nbsp;)+file (?:\"|&quot;|&#34;|\\\"|&#x27;)",
        "A trace of Python",
        weight=0.9,
    ),
    _rule(
        "java",
        r"(?:\bat |\\tat |&nbsp;at )(?:[\w$<>]+[./]){2,12}[\w$<>]+\((?:[\w$]+\.(?:java|kt|scala|groovy):\d+|native method|unknown source)\)",
        "A trace of Java",
        weight=0.9,
    ),
    _rule(
        "dotnet",
        r"\s{2,8}at (?:[\w`<>]+\.){1,10}[\w`<>.]+\([^()\r\n]*\) in [a-z/][^\r\n]+:line \d+|\[\w*exception(?: \(0x[0-9a-f]{8}\))?: [^\]\r\n]+\]\s{0,8}(?:<br>)?\s{0,8}(?:\w+\.){2,}",
        "A trace of .NET",
        weight=0.9,
    ),
    _rule(
        "php",
        r"(?:<b>)?(?:fatal error|parse error|warning|notice|deprecated|uncaught \w+)(?:</b>)?: .+? in (?:<b>)?(?:/|[a-z]:\\)[^<\r\n]+(?:</b>)? on line (?:<b>)?\d+"
        r"|#\d+ (?:/|[a-z]:\\)[^\s()]+\.php\(\d+\): [\w\\]+",
        "An error of PHP with the path of its script",
        printed_by_php,
        weight=0.9,
    ),
    _rule(
        "nodejs",
        r"\bat (?:async )?(?:[\w.$<>\[\] ]+ \()?(?:file://)?(?:/|[a-z]:\\|node:|internal/)[^\s()<>\"]+:\d+:\d+\)?(?:\s|\\n|<br ?/?>|&nbsp;)+at ",
        "A trace of Node.js",
        weight=0.9,
    ),
    _rule(
        "ruby",
        r"/[\w./-]+\.rb:\d+:in (?:`|'|&#39;|&#x27;)\w|\b(?:actioncontroller|actionview|activerecord|activemodel|actiondispatch)::\w+ (?:in|\()",
        "A trace of Ruby",
    ),
    _rule("go", r"\bgoroutine \d+ \[running\]:|\bpanic: runtime error: ", "A trace of Go"),
    _rule("rust", r"\bthread '[\w-]+' (?:\(\d+\) )?panicked at ", "A panic of Rust"),
    _rule("perl", r"\bat /[\w./-]+\.(?:p[lm]|cgi) line \d+\.", "An error of Perl"),
    _rule(
        "asp",
        r"\bmicrosoft vbscript (?:runtime|compilation) (?:error|\()|\bactive server pages error 'asp 0|\badodb\.\w+ error '[0-9a-f]{8}'",
        "An error of ASP",
    ),
    _rule(
        "coldfusion",
        r"\bthe error occurred in [\w/:\\.-]+\.cf[mc]: line \d+|\bcoldfusion\.runtime\.\w+exception",
        "An error of ColdFusion",
    ),
    _rule(
        "exception",
        r"(?:[a-z_]\w*(?:\.|::)){2,8}[a-z]\w*(?:exception|error)\b[^\w.]|\b(?:actioncontroller|activerecord|activemodel|actionview)::\w+"
        r"|\b(?:type|argument|nomethod|name|attribute|value|key|index|reference|range)error: \w|\b(?:viewstate|httprequestvalidation|nullreference|argumentnull|http(?:unhandled|parse)?)exception: ",
        "The name and words of an exception",
        is_the_answer,
        weight=0.6,
    ),
)  # fmt: skip

LEAK = Detector(
    class_="stack_trace",
    title="Stack trace in an answer",
    advice="Show an error page with a number, and log the trace under it: it tells paths, versions and"
    " what the code does with input.",
    severity="low",
    cwe=("CWE-209", "CWE-497"),
    capec=("CAPEC-54",),
    attack=("T1592",),
    owasp=("A05:2021", "API8:2023"),
    rules=RULES,
)
