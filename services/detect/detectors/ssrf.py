"""Server-side request forgery: addresses that only the server can reach.

A URL in a parameter is common and no attack. What speaks is where it leads: cloud metadata,
loopback and private addresses, odd spellings of addresses, schemes that are not for the web.
"""

import re

from services.detect.rules import Detector, Match, Rule

OWN_PAGE = re.compile(
    rb"(?i)referer|origin|^host$|x-forwarded|forwarded|^via$|real-ip|client-ip|callback|redirect|return|location|url_?base"
)


def asked_to_fetch(match: Match) -> bool:
    """Not in headers that name the page or the client's own address."""
    return not (match.point.place == "header" and OWN_PAGE.search(match.point.name))


def not_where_the_client_goes(match: Match) -> bool:
    """Not in parameters for the browser: developers send themselves to localhost."""
    return asked_to_fetch(match) and not OWN_PAGE.search(match.point.name)


RULES = (
    Rule(
        id="ssrf.metadata",
        pattern=r"\b(?:169\.254\.169\.254|169\.254\.170\.2|100\.100\.100\.200|192\.0\.0\.192|metadata\.google\.internal|metadata\.tencentyun\.com|instance-data\b|fd00:ec2::254|0xa9fea9fe|2852039166|0251\.0376\.0251\.0376|rancher-metadata|kubernetes\.default)\b|/latest/(?:meta-data|user-data|api/token|dynamic)|/computemetadata/v1|/metadata/(?:instance|identity|v1)\b|/opc/v[12]/instance|a9fe:a9fe",
        weight=0.7,
        title="The metadata service of a cloud",
        in_text=0.3,
        check=asked_to_fetch,
    ),
    Rule(
        id="ssrf.loopback",
        pattern=r"(?:https?|ftp|gopher|dict|tcp|ws)s?:(?://|\\\\|/\\|%2f%2f){1,2}(?:[\w.%-]*@)?(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|127\.\d+(?:\.\d+)?|0\.0\.0\.0|0|\[::1?\]|\[(?:0+:){2,7}0*1\]|\[::ffff:[\w.:]+\]|2130706433|0x7f[0-9a-f.x]*|0177\.[0-7.]+|017700000001|spoofed\.burpcollaborator|localtest\.me|[\w.-]+\.(?:nip|xip|sslip)\.io|customer\d?\.app\.localhost)(?:[:/?#\s\"'&]|$)",
        weight=0.5,
        title="A URL of the server itself",
        in_text=0.1,
        only=("query", "body", "cookie"),
        check=not_where_the_client_goes,
    ),
    Rule(
        id="ssrf.odd-address",
        pattern=r"(?:https?|ftp)s?://(?:[\w.%-]*@)?(?:0x[0-9a-f]{8,16}\b|0x[0-9a-f]{1,2}\.(?:0x)?[0-9a-f]{1,3}\.|0\d+\.0?\d+\.0?\d+\.|\d{8,10}(?:[:/?#]|$)|\[[0-9a-f:]*::?ffff:)",
        weight=0.6,
        title="A URL that hides its address",
        in_text=0.3,
        check=asked_to_fetch,
    ),
    Rule(
        id="ssrf.mixed-address",
        pattern=r"https?:(?://)?(?:[^\s/@]+@)?(?:0x[0-9a-f]{1,8}\.[0-9a-fx]|(?:0x[0-9a-f]+|0[0-7]{3,}|\d{1,3})(?:\.(?:0x[0-9a-f]+|0[0-7]+|\d+)){0,2}\.(?:0x[0-9a-f]+|0[0-7]{2,}|\d{4,})|\d{9,10}|\[::(?:ffff:)?\d+\.\d)|https?:[^\s/@]+@(?:\d{1,3}\.|\[)",
        weight=0.55,
        title="An address in hexadecimal, octal or one number",
        in_text=0.3,
        check=asked_to_fetch,
    ),
    Rule(
        id="ssrf.scheme",
        pattern=r"(?:^|[=\"'\s(,])(?:gopher|dict|tftp|ldaps?|sftp|jar|netdoc|rmi|smb|imap|pop3|smtp|telnet|ssh2|expect|local_file|unc)://?[\w.@\[%-]",
        weight=0.6,
        title="A URL of a scheme that is not for the web",
        in_text=0.2,
        only=("query", "body", "cookie", "header", "path"),
    ),
    Rule(
        id="ssrf.private",
        pattern=r"^(?:https?|ftp)s?://(?:[\w.%-]*@)?(?:10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3})(?:[:/?#]|$)",
        weight=0.3,
        title="A URL of a private network",
        in_text=0.2,
        only=("query", "body"),
        check=asked_to_fetch,
    ),
    Rule(
        id="ssrf.call-back",
        pattern=r"\b(?:[\w-]+\.)*(?:burpcollaborator\.net|oastify\.com|oast\.(?:pro|live|site|online|fun|me)|interact\.sh|interactsh\.com|dnslog\.\w{2,3}|ceye\.io|requestbin\.\w{2,4}|webhook\.site|canarytokens\.\w{2,4}|pipedream\.net|r87\.(?:me|com)|bxss\.(?:me|in)|xss\.ht|ngrok\.io|beeceptor\.com|vcap\.me|lvh\.me|acunetix\.com|w3af\.\w{2,3})\b",
        weight=0.55,
        title="A host that waits for call-backs",
        in_text=0.2,
        check=asked_to_fetch,
    ),
    Rule(
        id="ssrf.inside-name",
        pattern=r"^[\s\"']*(?:https?:)?(?://)?(?:localhost(?:4|6)?\.localdomain(?:4|6)?|ip6-(?:localhost|loopback)|(?:host|gateway|kubernetes|vm)\.docker\.internal|[\w.-]*localtest\.me|[\w-]+\.svc\.cluster\.local|metadata\.(?:packet\.net|platformequinix\.com|azure\.internal|nic\.[\w.]+))(?:[:/?#]|$)|^localhost(?::\d+)?/",
        weight=0.55,
        title="A name that leads to the server itself or its neighbours",
        in_text=0.3,
        only=("query", "body", "cookie"),
    ),
    Rule(
        id="ssrf.rare-scheme",
        pattern=r"^[\s\"']*(?:acap|afp|afs|cvs|dns|irc[6s]?|nfs|nntp|redis|rtsp|rsync|ssh|svn|udp|view-source|mms|magnet|mysql|mongodb|memcached?|cap|hdfs|jdbc|tns|z39\.50[rs])(?:\+\w+)?://[^/\s]|^jar:https?://|^data:text/plain\b",
        weight=0.55,
        title="A URL of a scheme that only servers speak",
        in_text=0.3,
        only=("query", "cookie"),
    ),
    Rule(
        id="ssrf.literal-v6",
        pattern=r"^[\s\"']*https?://\[[0-9a-f]*:[0-9a-f:]+(?:%\w+)?\]|^[\s\"']*https?://\\{1,2}\w",
        weight=0.5,
        title="A URL with a bare IPv6 address",
        in_text=0.3,
        only=("query", "body.form", "cookie"),
        check=not_where_the_client_goes,
    ),
)

DETECTOR = Detector(
    class_="ssrf",
    title="Server-side request forgery",
    advice="Fetch from a fixed list of hosts only, resolve the name once and refuse private addresses; ask for"
    " tokens (IMDSv2) at the metadata service.",
    severity="high",
    cwe=("CWE-918",),
    capec=("CAPEC-664",),
    attack=("T1190", "T1552.005"),
    owasp=("A10:2021", "API7:2023"),
    rules=RULES,
)
