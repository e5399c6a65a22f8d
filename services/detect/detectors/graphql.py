"""GraphQL abuse: questions about the schema itself. What documents cost: graphql_abuse.py."""

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
    title="GraphQL abuse",
    advice="Switch introspection off in production, or accept it and exclude that rule for the host. Limit depth,"
    " aliases, batches and cost where documents are parsed, before they are run.",
    severity="low",
    cwe=("CWE-200", "CWE-770", "CWE-799"),
    capec=("CAPEC-169", "CAPEC-130"),
    attack=("T1595", "T1499.003"),
    owasp=("API9:2023", "API4:2023", "A05:2021"),
    rules=RULES,
)
