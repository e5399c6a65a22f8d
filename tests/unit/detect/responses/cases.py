"""What an answer must and must not prove, beside each kind: how a case is asked."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from urllib.parse import quote

from services.detect.responses.reading import Reading
from services.detect.responses.rules import Proof
from services.detect.verdict import Inspector
from services.detect.view import Bytes, PlainExchange, PlainRequest, PlainResponse

Headers = Sequence[tuple[bytes, bytes]]
TYPES = {
    "html": b"text/html; charset=utf-8", "json": b"application/json", "text": b"text/plain",
    "script": b"application/javascript", "bytes": b"application/octet-stream", "xml": b"text/xml",
}  # fmt: skip
AT_US = 1_763_888_400_000_000

# A page that people wrote to be read: what it quotes is no leak.
PROSE = (
    "<p>If you have been trying to find out why this happens, then you should know that there are"
    " some things which you can check. This is about what the server does when it can not read the"
    " file, and how you would see that in the log. They have written that you need to be careful,"
    " because it is not what you want to use for your own work. Please have a look at the example"
    " below, which is for those who want to know how it will look when you use it.</p>"
)


@cache
def tools() -> tuple[Inspector, Reading]:
    """One for all cases: compiling takes seconds."""
    return Inspector(), Reading()


def exchange(
    body: str | bytes = "",
    *,
    kind: str = "html",
    status: int = 200,
    target: str = "/page",
    method: str = "GET",
    host: str = "shop.example",
    client: str = "198.51.100.23",
    headers: Headers = (),
    got: Headers = (),
    sent: bytes = b"",
    latency_us: int | None = None,
) -> PlainExchange:
    """One exchange; `headers` are the request's, `got` the response's."""
    made = PlainExchange(
        id="1" * 32,
        host=host,
        client_ip=client,
        at_us=AT_US,
        request=PlainRequest(
            method=method.encode(), target=target.encode(), version="1.1",
            headers=[(b"Host", host.encode()), *headers], body=Bytes(sent),
        ),
        response=PlainResponse(
            status=status,
            headers=[(b"Content-Type", TYPES[kind]), *got] if kind else list(got),
            body=Bytes(body if isinstance(body, bytes) else body.encode()),
        ),
    )  # fmt: skip
    return replace(made, latency_us=latency_us)


def proofs(made: PlainExchange) -> list[Proof]:
    """What it proves."""
    inspector, reading = tools()
    assert made.request is not None
    return reading.proofs(made, inspector.inspect(made.request))


def rules(made: PlainExchange) -> list[str]:
    """The rules that spoke."""
    return [proof.rule for proof in proofs(made)]


def classes(made: PlainExchange) -> list[str]:
    """The classes of what it proves."""
    return sorted({proof.weakness.class_ for proof in proofs(made)})


def asked(payload: str, name: str = "q") -> str:
    """A target with the payload as a query value."""
    return f"/page?{name}={quote(payload, safe='')}"


def token(head: str, claims: str, signature: bytes = b"") -> bytes:
    """A JSON web token of these parts."""
    parts = (
        base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head.encode(), claims.encode())
    )
    return b".".join(parts) + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
