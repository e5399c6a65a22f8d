"""Exchanges as tests need them: what matters is said, the rest is plain."""

from collections.abc import Sequence
from dataclasses import replace

from schemas.codec import encode
from schemas.ids import digest
from schemas.types import Body, Exchange, Request, Response, Watermark
from services.runtime.core import Changes, Core, Event

START_US = 1_763_888_400_000_000
SECOND_US = 1_000_000
Headers = Sequence[tuple[bytes, bytes]]


def body(kept: bytes, encoding: str | None = None) -> Body:
    """A body that was seen whole."""
    return Body(
        wire_bytes=len(kept), missing_bytes=0, encoding=encoding, complete=True, truncated=False,
        gaps=(), kept=kept,
    )  # fmt: skip


def exchange(
    target: str,
    status: int | None = 200,
    *,
    at_s: float = 0,
    client: str = "198.51.100.23",
    host: str = "shop.example",
    method: str = "GET",
    headers: Headers = (),
    sent: bytes = b"",
    got: bytes = b"",
    got_headers: Headers = (),
    got_encoding: str | None = None,
    site: str = "default",
    serial: int = 0,
) -> Exchange:
    """An answered request; without a status nobody saw the answer."""
    at_us = START_US + round(at_s * SECOND_US)
    response = None
    if status is not None:
        response = Response(
            status=status, reason=b"", version="1.1", headers=tuple(got_headers), trailers=(),
            body=body(got, got_encoding), head_bytes=80, complete=True, at_us=at_us + 5_000,
        )  # fmt: skip
    request = Request(
        method=method.encode(), target=target.encode(), version="1.1",
        headers=((b"Host", host.encode()), *headers), trailers=(), body=body(sent),
        head_bytes=100, complete=True,
    )  # fmt: skip
    return Exchange(
        id=digest(client, method, target, str(at_us), str(serial)), revision=0, site=site,
        source="eth0@edge-1", mode="tcp", protocol="http/1.1", at_us=at_us, client_ip=client,
        client_port=50_312, peer_ip=client, server_ip="192.0.2.10", server_port=80, vlan=None,
        vni=None, community_id="", host=host, application="", pairing="position",
        response_final=response is not None, part=None, stream=None, request_seq=1,
        response_seq=1, missing_bytes=0, latency_us=5_000, anomalies=(), tls=None,
        request=request, response=response,
    )  # fmt: skip


def halves(whole: Exchange, *, repeated: bool = False) -> list[Exchange]:
    """The same in two records: the request first, the response as revision 1.

    Reassembly repeats the request in the second; an access log does not know it whole.
    """
    return [
        replace(whole, response=None, response_final=False, pairing="none"),
        replace(whole, request=whole.request if repeated else None, revision=1),
    ]


def watermark(at_s: float, *, site: str = "default", released: bool = False) -> Watermark:
    """The promise of the only source."""
    at_us = START_US + round(at_s * SECOND_US)
    return Watermark(source="packets/0", sources=1, site=site, at_us=at_us, released=released)


def events(
    records: Sequence[Exchange | Watermark], *, partition: int = 0, first: int = 0
) -> list[Event]:
    """The records as they come from the topic."""
    return [
        Event("exchanges", partition, first + i, _key(record), encode(record))
        for i, record in enumerate(records)
    ]


def _key(record: Exchange | Watermark) -> bytes | None:
    return f"{record.site}/{record.client_ip}".encode() if isinstance(record, Exchange) else None


def run(core: Core, records: Sequence[Exchange | Watermark], *, batch: int = 10_000) -> Changes:
    """Feed all, in batches; what came out in order."""
    everything = events(records)
    total = Changes()
    for start in range(0, len(everything), batch):
        core.feed(everything[start : start + batch])
        changes = core.take()
        total.outputs += changes.outputs
        total.rows += changes.rows
        total.rejected += changes.rejected
        for name, count in changes.counts.items():
            total.counts[name] = total.counts.get(name, 0) + count
    return total
