"""XML external entities and the tricks around them."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="xxe.external-entity",
        pattern=r"<!entity\s+(?:%\s+)?[^>]+\s(?:system|public)\b|<!doctype\s[^>\[]+\[.*<!entity|<!doctype\s+[\w:.-]+\s+(?:system|public)\s+[\"'](?:file|ftp|gopher|https?://(?:[\w.-]+/[\w./-]*\.dtd|\d|localhost)|php|/|expect|jar|netdoc)",
        weight=0.85,
        title="An external entity",
        in_text=0.4,
        only=("document", "query", "body", "header", "cookie", "path"),
    ),
    Rule(
        id="xxe.entity",
        pattern=r"<!entity\s|%\w+;\s*\]>|<!\[%\w+;\[",
        weight=0.5,
        title="A document that declares entities",
        in_text=0.3,
        only=("document", "query", "body", "header", "cookie", "path"),
    ),
    Rule(
        id="xxe.include",
        pattern=r"<xi:include\b|xmlns:xi\s*=\s*[\"']http://www\.w3\.org/2001/xinclude|<xsl:(?:include|import|value-of\s[^>]*(?:system-property|document\())|\bdocument\(\s*[\"'](?:file|http)|<\?xml-stylesheet\s[^>]*href\s*=\s*[\"'](?:http|file)",
        weight=0.6,
        title="Includes another document",
        in_text=0.3,
        only=("document", "query", "body", "header", "cookie", "path"),
    ),
    Rule(
        id="xxe.schema-location",
        pattern=r"xsi:(?:nonamespace)?schemalocation\s*=\s*[\"'][^\"']*https?://",
        weight=0.55,
        title="A parameter whose document names a schema to fetch",
        in_text=0.3,
        only=("query", "body.form", "cookie"),
    ),
)

DETECTOR = Detector(
    class_="xxe",
    title="XML external entity",
    advice="Switch document types and external entities off in the XML parser.",
    severity="high",
    cwe=("CWE-611", "CWE-776"),
    capec=("CAPEC-221", "CAPEC-197"),
    attack=("T1190",),
    owasp=("A05:2021", "API8:2023"),
    rules=RULES,
)
