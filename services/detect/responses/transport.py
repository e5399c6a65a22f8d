"""Whether the client spoke TLS: what a copy behind a proxy can know of it."""

from services.detect.responses.answer import Answer

SAID = (
    b"x-forwarded-proto",
    b"x-forwarded-scheme",
    b"x-scheme",
    b"x-url-scheme",
    b"cloudfront-forwarded-proto",
)
ON = (b"x-forwarded-ssl", b"front-end-https")


def is_https(answer: Answer) -> bool:
    """TLS was seen, or the proxy in front says so."""
    if answer.exchange.tls is not None:
        return True
    for name, value in answer.asked:
        name = name.lower()
        if (name in SAID and value.strip().lower().startswith(b"https")) or (
            name in ON and value.strip().lower() == b"on"
        ):
            return True
        if name in (b"forwarded", b"cf-visitor") and b"https" in value.lower():
            return True
    return False


def is_clear(answer: Answer) -> bool:
    """The browser itself says that it got the page by plain http from this host."""
    if is_https(answer) or answer.header(b"strict-transport-security"):
        return False
    own = b"http://" + answer.exchange.host.encode("ascii", "replace")
    if len(own) == len(b"http://"):
        return False
    for name, value in answer.asked:
        if name.lower() in (b"origin", b"referer") and value.lower().startswith(own):
            return value[len(own) : len(own) + 1] in (b"", b"/", b":", b"?")
    return False
