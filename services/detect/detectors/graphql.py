"""GraphQL abuse: questions about the schema itself. (Depth, aliases and batches: issue 5.)"""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="graphql.introspection",
        pattern=r"\b__schema\b\s*(?:\(|\{)|\b__type\b\s*\(\s*name\s*:",
        weight=0.55,
        title="Asks for the whole schema",
        in_text=1.0,
        only=("query", "body"),
    ),
)

DETECTOR = Detector(
    class_="graphql",
    title="GraphQL introspection",
    advice="Switch introspection off in production, or accept it and exclude this rule for the host.",
    severity="low",
    cwe=("CWE-200",),
    capec=("CAPEC-169",),
    attack=("T1595",),
    owasp=("API9:2023", "A05:2021"),
    rules=RULES,
)
