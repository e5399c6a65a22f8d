"""Mail injection: commands and headers of mail protocols inside values."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="mail.smtp-command",
        pattern=r"[\r\n]+\s*(?:rcpt\s+to\s*:|mail\s+from\s*:|ehlo\s|helo\s|vrfy\s|expn\s|starttls\b|data\s*[\r\n]|\.[\r\n]|rset\b|quit\s*(?:[\r\n]|$)|noop\b)",
        weight=0.65,
        title="A line end, then an SMTP command",
        in_text=0.3,
        only=("query", "body", "cookie", "path"),
    ),
    Rule(
        id="mail.imap-command",
        pattern=r"[\r\n]+\s*(?:(?:[a-z]{0,4}\d{1,5}|\.)\s+(?:capability|login|authenticate|select|examine|create|delete|rename|subscribe|list|lsub|status|append|fetch|store|copy|uid|search|expunge|logout|starttls)\b\s*[\w\"(*/.-]*|v\d{3}\s|(?:user|pass|retr|dele|uidl|top|list)\s+\w+\s*(?:[\r\n]|$)|(?:auth|apop)\s+\w+\s+\S+|stat\s*[\r\n]|uidl\s*[\r\n])|\"\s*[\r\n]+\s*\w+\s+(?:select|fetch|logout|capability)",
        weight=0.55,
        title="A line end, then an IMAP or POP command",
        in_text=0.2,
        only=("query", "body", "cookie", "path"),
    ),
    Rule(
        id="mail.header",
        pattern=r"[\r\n]+\s*(?:b?cc|to|from|subject|reply-to|mime-version|return-path|x-mailer)\s*:\s*[^\r\n]*(?:@|[\r\n]|$)|^(?:b?cc|to|from)\s*:\s*[\w.+-]+@[\w.-]+\s*[\r\n]",
        weight=0.55,
        title="A line end, then a header of a mail",
        in_text=0.2,
        only=("query", "body.form", "body.json", "body.grpc", "cookie", "path"),
    ),
    Rule(
        id="mail.sendmail-argument",
        pattern=r"[\"'\s]-(?:oq|x|c|be|o[a-z]{1,2})\s*/?[\w./]+\s*-x\s*/|\(comment\)@|@\w+\s-be\s|\$\{run\{",
        weight=0.6,
        title="Arguments for sendmail in an address",
        in_text=0.3,
    ),
)

DETECTOR = Detector(
    class_="mail",
    title="Mail injection",
    advice="Refuse line ends in addresses and subjects; use a mail library that builds headers itself.",
    severity="medium",
    cwe=("CWE-93", "CWE-147"),
    capec=("CAPEC-134", "CAPEC-183"),
    attack=("T1190",),
    owasp=("A03:2021",),
    rules=RULES,
)
