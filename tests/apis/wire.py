"""One call of a made operation as an exchange."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from schemas.types import Exchange
from tests.apis.operation import Field, Made, values
from tests.apis.values import VARIABLES, Dice, jwt
from tests.traffic import exchange

VARIABLE = re.compile(r"\{(\w+)\}")
BOUNDARY = "made-of-parts"
TYPES = {
    "json": "application/json", "form": "application/x-www-form-urlencoded",
    "xml": "application/xml", "multipart": f"multipart/form-data; boundary={BOUNDARY}",
    "soap": "text/xml; charset=utf-8", "grpc": "application/grpc",
}  # fmt: skip
ERRORS = (400, 404, 409, 500, 503)
Header = tuple[bytes, bytes]


def credentials(dice: Dice, auth: str) -> list[Header]:
    """Headers by which a client shows who it is."""
    key = f"{dice.getrandbits(128):x}"
    made = {
        "bearer": ("Authorization", f"Bearer {key}"),
        "jwt": ("Authorization", f"Bearer {jwt(dice)}"),
        "basic": ("Authorization", "Basic dTpwYXNz"),
        "digest": ("Authorization", f'Digest username="u", nonce="{key}"'),
        "aws_sigv4": ("Authorization", f"AWS4-HMAC-SHA256 Credential={key}/s3, Signature={key}"),
        "api_key": ("X-Api-Key", key),
        "cookie": ("Cookie", f"sessionid={key}; _ga=GA1.2"),
    }.get(auth)
    return [(made[0].encode(), made[1].encode())] if made else []


def call(dice: Dice, made: Made, *, at_s: float, client: str, serial: int) -> Exchange:
    """A request with its answer, which now and then is an error."""
    target = VARIABLE.sub(lambda found: str(VARIABLES[found[1]][1](dice)), made.template)
    if made.query:
        query = values(dice, made.query)
        target += "?" + "&".join(f"{n}={quote(text(v))}" for n, v in query.items()) if query else ""
    headers = credentials(dice, made.auth)
    headers += [(n.encode(), text(v).encode()) for n, v in values(dice, made.headers).items()]
    sent = b""
    if made.sent:
        sent = body(made.media, _asked(dice, made))
        headers.append((b"Content-Type", TYPES[made.media].encode()))
    host = made.host.replace("*", f"t{dice.randrange(20)}")
    status, got, got_headers = _answer(dice, made)
    return exchange(
        target, status, at_s=at_s, client=client, host=host, method=made.method, headers=headers,
        sent=sent, got=got, got_headers=got_headers, serial=serial,
    )  # fmt: skip


def _asked(dice: Dice, made: Made) -> dict[str, Any]:
    """What is sent, with what names the operation inside the protocol."""
    sent = values(dice, made.sent)
    if made.protocol == "graphql":
        kind, _, root = min(made.selected, key=len).partition(".")
        inner = " ".join(
            sorted(path.rpartition(".")[2] for path in made.selected - {f"{kind}.{root}"})
        )
        sent["query"] = f"{kind} {made.operation} {{ {root}(n: 7) {{ {inner} }} }}"
        sent["operationName"] = made.operation
    elif made.protocol in ("jsonrpc", "mcp"):
        method, _, name = made.operation.partition(" ")
        sent |= {"jsonrpc": "2.0", "method": method}
        if "uri" in sent["params"]:
            sent["params"]["uri"] = name.replace("{id}", str(dice.randrange(999)))
        elif name:
            sent["params"]["name"] = name
    return sent


def _answer(dice: Dice, made: Made) -> tuple[int, bytes, list[Header]]:
    if made.protocol == "websocket":
        return 101, b"", [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade")]
    if made.protocol == "sse":
        return 200, b"data: tick\n\n", [(b"Content-Type", b"text/event-stream")]
    failed = dice.random() < 0.06
    if failed and made.protocol == "rest":
        error = {"error": "not now", "code": dice.randrange(99)}
        return dice.choice(ERRORS), json.dumps(error).encode(), [_type("json")]
    if not made.got:
        return 204, b"", []
    got: Any = values(dice, made.got)
    if made.protocol in ("jsonrpc", "mcp"):
        got["jsonrpc"] = "2.0"
    if made.listed:
        got = [values(dice, made.got) for _ in range(dice.randrange(1, 5))]
    media = made.media if made.media in ("soap", "grpc") else "json"
    headers = [_type(media)]
    if media == "grpc":
        headers.append((b"grpc-status", b"0"))
    return (
        201 if made.method == "POST" and made.protocol == "rest" else 200,
        body(media, got),
        headers,
    )


def _type(media: str) -> Header:
    return b"Content-Type", TYPES[media].encode()


def body(media: str, got: Any) -> bytes:
    """Values in a media type."""
    if media == "json":
        return json.dumps(got).encode()
    if media == "form":
        return "&".join(f"{n}={quote(text(v))}" for n, v in got.items()).encode()
    if media == "multipart":
        return _multipart(got)
    if media == "grpc":
        message = _message(got)
        return b"\0" + len(message).to_bytes(4, "big") + message
    inner = _xml(got)
    if media == "soap":
        return (
            inner.replace("<Envelope>", '<s:Envelope xmlns:s="urn:s">')
            .replace("</Envelope>", "</s:Envelope>")
            .encode()
        )
    return f'<?xml version="1.0"?><root xmlns="urn:made">{inner}</root>'.encode()


def text(value: Any) -> str:
    """A scalar as people write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _xml(got: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_xml(inner) if isinstance(inner, dict) else text(inner)}</{name}>"
        for name, inner in got.items()
    )


def _multipart(got: Mapping[str, Any]) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = [f'{head}{name}"\r\n\r\n{text(value)}\r\n' for name, value in got.items()]
    parts.append(f'{head}upload"; filename="a.bin"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n')
    return "".join(parts).encode("latin-1") + f"--{BOUNDARY}--\r\n".encode()


def _message(got: Mapping[str, Any]) -> bytes:
    """Protocol Buffers, wire types 0 and 2."""
    made = b""
    for name, value in got.items():
        number = int(name.removeprefix("field"))
        if isinstance(value, int):
            made += _varint(number << 3) + _varint(value)
        else:
            inner = _message(value) if isinstance(value, dict) else value.encode()
            made += _varint(number << 3 | 2) + _varint(len(inner)) + inner
    return made


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def wire_fields(made: Made) -> Sequence[Field]:
    """What is sent as a body shows it: XML has a root, a form with a file has the file."""
    if made.media == "xml":
        return (Field("root", "object", below=tuple(made.sent)),)
    return made.sent
