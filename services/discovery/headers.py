"""What request headers say: who asks, which parameters they carry, the type of the body.

In:     headers of a request, names in its query.
Out:    kinds of authentication, content type, header and cookie parameters.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

Headers = list[tuple[bytes, bytes]]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Headers of HTTP itself, of browsers, of proxies and of tracing: none is a parameter of an API.
STANDARD = _words(
    """
    a-im accept accept-charset accept-datetime accept-encoding accept-language
    access-control-request-headers access-control-request-method alt-used baggage cache-control
    cdn-loop cf-connecting-ip cf-ew-via cf-ipcountry cf-ray cf-visitor connection content-encoding
    content-length content-md5 content-type cookie date dnt downlink early-data ect expect
    fastly-client-ip forwarded from grpc-accept-encoding grpc-encoding grpc-timeout host
    http2-settings if-match if-modified-since if-none-match if-range if-unmodified-since
    keep-alive max-forwards origin pragma priority proxy-authorization proxy-connection purpose
    range referer rtt save-data sec-gpc sec-purpose soapaction te trailer transfer-encoding
    traceparent tracestate true-client-ip upgrade upgrade-insecure-requests user-agent via
    viewport-width warning x-amz-cf-id x-amzn-trace-id x-att-deviceid x-b3-flags
    x-b3-parentspanid x-b3-sampled x-b3-spanid x-b3-traceid x-client-ip x-cluster-client-ip
    x-correlation-id x-datadog-origin x-datadog-parent-id x-datadog-sampling-priority
    x-datadog-tags x-datadog-trace-id x-envoy-attempt-count x-forwarded x-forwarded-by
    x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-proto
    x-forwarded-scheme x-forwarded-server x-forwarded-ssl x-forwarded-uri
    x-http-method-override x-newrelic-id x-newrelic-transaction x-original-forwarded-for
    x-original-host x-original-uri x-original-url x-powered-by x-purpose x-real-ip x-request-id
    x-request-start x-requested-with x-rewrite-url x-scheme x-trace-id x-wap-profile
    """
)
STANDARD_PREFIXES = ("sec-ch-", "sec-fetch-", "sec-websocket-", ":")
KEY_HEADERS = _words(
    "api-key apikey x-access-token x-api-key x-api-token x-apikey x-app-key x-auth-key"
    " x-auth-token x-authentication-token x-functions-key x-gitlab-token x-goog-api-key"
    " private-token ocp-apim-subscription-key x-token x-vault-token"
)
KEY_PARAMETERS = _words(
    "access_token api-key api_key apikey api_token auth_token authtoken subscription-key"
)
SCHEMES = {
    "basic": "basic", "bearer": "bearer", "digest": "digest", "negotiate": "negotiate",
    "ntlm": "ntlm", "hawk": "hawk", "aws4-hmac-sha256": "aws_sigv4", "token": "api_key",
    "apikey": "api_key", "api-key": "api_key", "hmac": "hmac", "signature": "hmac",
    "scram-sha-256": "scram", "dpop": "bearer",
}  # fmt: skip
# Cookies by which servers know who it is.
SESSION_COOKIE = re.compile(r"sess|sid$|^sid|auth|token|jwt|login|remember|identity|\.asp", re.I)
# Cookies of audience measurement: they come with every request and mean nothing to the API.
TRACKING_COOKIE = re.compile(
    r"_ga|_gid|_gat|_gcl|_fbp|_fbc|_hj|_pk_|_uet|_clck|_clsk|__utm|__cf|__hs|ajs_|amplitude|mp_"
    r"|intercom|optimizely|hubspot|OptanonConsent|CookieConsent|_dd_s"
)
JWT = re.compile(rb"eyJ[\w-]+\.[\w-]+\.[\w-]*")
NAME = re.compile(r"[A-Za-z_$@.-][\w.\-\[\]:$@]{0,63}")
NAMES_REMEMBERED_MAX = 16_384
COOKIES_MAX = 64
COOKIE, CONTENT_TYPE = "cookie", "content-type"


@dataclass(slots=True)
class Carried:
    """What the headers of a request carry."""

    auth: tuple[str, ...] = ("none",)
    """Kinds of authentication."""
    content_type: bytes | None = None
    parameters: list[tuple[str, str]] = field(default_factory=list)
    """("header name" or "cookie name", value)."""


@lru_cache(NAMES_REMEMBERED_MAX)
def parameter_name(name: str) -> bool:
    """Whether a name is one that a programmer gave."""
    return NAME.fullmatch(name) is not None


@lru_cache(NAMES_REMEMBERED_MAX)
def header_name(raw: bytes) -> str:
    """The name of a header that matters here, in small letters; empty: it does not."""
    name = raw.decode("latin-1").lower()
    if name in (COOKIE, CONTENT_TYPE):
        return name
    if name in STANDARD or name.startswith(STANDARD_PREFIXES) or not parameter_name(name):
        return ""
    return name


def carried(headers: Headers, query: Iterable[str]) -> Carried:
    """What the headers say, with the names in the query for keys that stand there."""
    found = Carried()
    kinds: set[str] = set()
    for raw, value in headers:
        name = header_name(raw)
        if not name:
            continue
        if name == COOKIE:
            _add_cookies(found, kinds, value)
        elif name == CONTENT_TYPE:
            found.content_type = found.content_type or value
        else:
            found.parameters.append((f"header {name}", value.decode("latin-1")))
            if name == "authorization":
                kinds.add(_scheme(value))
            elif name in KEY_HEADERS:
                kinds.add("api_key")
    if not KEY_PARAMETERS.isdisjoint(query):
        kinds.add("api_key")
    if kinds:
        found.auth = tuple(sorted(kinds))
    return found


def _add_cookies(found: Carried, kinds: set[str], value: bytes) -> None:
    for crumb in value.decode("latin-1").split(";", COOKIES_MAX)[:COOKIES_MAX]:
        name, _, text = crumb.partition("=")
        parameter, identifies = _cookie(name)
        if parameter:
            found.parameters.append((parameter, text.strip()))
            if identifies:
                kinds.add("cookie")


@lru_cache(NAMES_REMEMBERED_MAX)
def _cookie(raw: str) -> tuple[str, bool]:
    """A cookie as a parameter (empty: it is none), and whether servers know by it who it is."""
    name = raw.strip()
    if not parameter_name(name) or TRACKING_COOKIE.match(name):
        return "", False
    return f"cookie {name}", SESSION_COOKIE.search(name) is not None


def _scheme(value: bytes) -> str:
    scheme, _, rest = value.partition(b" ")
    kind = SCHEMES.get(scheme.decode("latin-1").lower(), "other")
    return "jwt" if kind == "bearer" and JWT.match(rest) else kind
