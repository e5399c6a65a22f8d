"""NoSQL injection: operators where a plain value belongs, and script for the database.

Elasticsearch queries and webhooks are JSON with operators of their own; none begins with $.
MongoDB operators as JSON keys are also sent by honest consoles, so a key alone says little;
in a form or query name, `user[$ne]=x`, it is what an application never sends.
"""

from services.detect.rules import Detector, Rule

OPERATOR = r"\$(?:ne|gte?|lte?|n?in|eq|regex|where|or|and|n?or|not|exists|type|expr|jsonschema|mod|text|all|size|elemmatch|function|accumulator|mapreduce|comment|options|rand|sum)"
RULES = (
    Rule(
        id="nosqli.name",
        pattern=rf"\[\s{{0,2}}[\"']?{OPERATOR}[\"']?\s{{0,2}}\]",
        weight=0.75,
        title="A MongoDB operator in a parameter's name",
        in_text=0.3,
    ),
    Rule(
        id="nosqli.operator-value",
        pattern=rf"[{{,]\s*[\"']?{OPERATOR}[\"']?\s*:\s*(?:[\"'\[{{/\d-]|null|true|false|this|function)",
        weight=0.55,
        title="A MongoDB operator in a value",
        in_text=0.3,
        only=(
            "query",
            "body.form",
            "body.part",
            "cookie",
            "header",
            "path",
            "body.json",
            "body.grpc",
        ),
    ),
    Rule(
        id="nosqli.script",
        pattern=r"[\"']?\$where[\"']?\s*[:=]|[\"'|&;)]\s*(?:\|\||&&|return|;)\s*\(?\s*(?:this\.\w|true\b|1\s*==?\s*1|[\"']\w*[\"']\s*==?\s*[\"'])|\bthis\.(?:password|passwd|username|user|constructor|_id)\b|\bdb\.(?:\w+\.(?:find|insert|drop|update|remove|stats|save|aggregate)|getcollectionnames|version|dropdatabase|injection)\b\s*\(?",
        weight=0.55,
        title="Script for the database",
        in_text=0.2,
    ),
    Rule(
        id="nosqli.sleep-loop",
        pattern=r"\bvar\s+\w+\s*=\s*new\s+date\s*\(\s*\)\s*;\s*do\b|\bdo\s*\{[^}]*new\s+date",
        weight=0.7,
        title="Script that makes the database wait",
        in_text=0.3,
    ),
    Rule(
        id="nosqli.key",
        pattern=r"(?:^|[.\]])\$(?:ne|gte?|lte?|n?in|eq|regex|where|n?or|not|exists|expr|elemmatch|text|function|mod)$",
        weight=0.55,
        title="A MongoDB operator for a key",
        in_text=0.5,
        only=("body.json.name",),
    ),
)

DETECTOR = Detector(
    class_="nosqli",
    title="NoSQL injection",
    advice="Check that values are strings or numbers before they enter a query, and switch server-side script off"
    " in the database.",
    severity="high",
    cwe=("CWE-943",),
    capec=("CAPEC-676",),
    attack=("T1190",),
    owasp=("A03:2021", "API8:2023"),
    rules=RULES,
)
