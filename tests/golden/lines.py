"""What the native path makes of a capture, as JSON lines: the form of expected.jsonl."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sidetap_native as native

from schemas import codec
from schemas.types import EncryptedFlow, LedgerEntry

FOLDER = Path(__file__).parent
CASES = sorted(make.parent.name for make in FOLDER.glob("*/make.py"))
READ_PACKETS = 10_000


@dataclass(slots=True)
class Made:
    """All that a reassembler gave."""

    exchanges: list[bytes] = field(default_factory=list)
    encrypted: list[bytes] = field(default_factory=list)
    watermarks: list[bytes] = field(default_factory=list)
    ledger: list[bytes] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, batch: native.Batch) -> None:
        """One more batch."""
        for key, record in batch.outputs:
            (self.watermarks if key is None else self.exchanges).append(record)
        self.encrypted += [record for _, record in batch.encrypted]
        self.ledger += batch.ledger
        for name, count in batch.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count


def blocks_of(capture: Path, *, block_bytes: int = 262_144, agent: str = "tap") -> list[bytes]:
    """PacketBlock records of a capture, all in one partition."""
    source = native.CaptureFile(str(capture))
    packer = native.Packer(
        site="golden", agent=agent, epoch="e", partitions=1, block_bytes=block_bytes
    )
    blocks = []
    while not source.done:
        blocks += packer.read(source, READ_PACKETS)
    return [block.record for block in [*blocks, *packer.end()]]


def reassemble(records: Sequence[bytes]) -> Made:
    """Blocks through one reassembler, taken once."""
    reassembler = native.Reassembler("packets/0")
    assert reassembler.feed(records) == []
    made = Made()
    made.add(reassembler.take())
    return made


def lines_of(capture: Path) -> Iterator[str]:
    """Exchanges and encrypted flows in the order in which they went out, then the ledger's sums."""
    made = reassemble(blocks_of(capture))
    for record in made.exchanges:
        yield json.dumps(plain(native.Exchange(record)), sort_keys=True)
    for record in made.encrypted:
        flow = asdict(codec.decode_as(EncryptedFlow, record))
        yield json.dumps({"kind": "encrypted", **flow}, sort_keys=True)
    for sums in ledger_sums(made.ledger).values():
        yield json.dumps(sums, sort_keys=True)


def ledger_sums(entries: Iterable[bytes]) -> dict[str, dict[str, Any]]:
    """Bytes by layer; `residual` is what the balance does not explain."""
    layers: dict[str, dict[str, Any]] = {}
    for entry in (codec.decode_as(LedgerEntry, record) for record in entries):
        sums = layers.setdefault(
            entry.layer,
            {"kind": "ledger", "layer": entry.layer, "entered": 0, "left": 0, "held": 0}
            | {"dropped": {}, "missing": {}, "parts": {}},
        )
        for name in ("entered", "left", "held"):
            sums[name] += getattr(entry, name).bytes
        for name in ("dropped", "missing", "parts"):
            for cause, amount in getattr(entry, name).items():
                sums[name][cause] = sums[name].get(cause, 0) + amount.bytes
    for sums in layers.values():
        explained = sums["left"] + sums["held"] + sum(sums["dropped"].values())
        sums["residual"] = sums["entered"] - explained
    return layers


def plain(exchange: native.Exchange) -> dict[str, Any]:
    """An exchange as people compare it."""
    request, response = exchange.request, exchange.response
    return {
        "kind": "exchange",
        "id": exchange.id,
        "revision": exchange.revision,
        "at_us": exchange.at_us,
        "protocol": exchange.protocol,
        "client": f"{exchange.client_ip}:{exchange.client_port}",
        "server": f"{exchange.server_ip}:{exchange.server_port}",
        "community_id": exchange.community_id,
        "host": exchange.host,
        "pairing": exchange.pairing,
        "response_final": exchange.response_final,
        "request_seq": exchange.request_seq,
        "response_seq": exchange.response_seq,
        "missing_bytes": exchange.missing_bytes,
        "latency_us": exchange.latency_us,
        "anomalies": exchange.anomalies,
        "request": request
        and {"method": text(request.method), "target": text(request.target), **_message(request)},
        "response": response
        and {"status": response.status, "reason": text(response.reason), **_message(response)},
        **({} if exchange.part is None else _part(exchange)),
    }


def _part(exchange: native.Exchange) -> dict[str, Any]:
    return {
        "part": exchange.part,
        "messages": [
            {
                "at_us": message.at_us,
                "from_client": message.from_client,
                "opcode": message.opcode,
                "payload": text(message.payload[:80]),
                "payload_bytes": len(message.payload),
                "wire_bytes": message.wire_bytes,
                "missing_bytes": message.missing_bytes,
                "complete": message.complete,
                "truncated": message.truncated,
                "compressed": message.compressed,
            }
            for message in exchange.messages
        ],
    }


def _message(message: native.Request | native.Response) -> dict[str, Any]:
    body = message.body
    return {
        "version": message.version,
        "headers": [[text(name), text(value)] for name, value in message.headers],
        "trailers": [[text(name), text(value)] for name, value in message.trailers],
        "head_bytes": message.head_bytes,
        "complete": message.complete,
        "body": {
            "wire_bytes": body.wire_bytes,
            "missing_bytes": body.missing_bytes,
            "gaps": body.gaps,
            "encoding": body.encoding,
            "decoding": body.decoding,
            "decoded": text(body.decoded()[:80]),
            "sha256": body.sha256(),
        },
    }


def text(data: bytes) -> str:
    """Bytes as JSON can show them, without loss."""
    return data.decode("latin-1")
