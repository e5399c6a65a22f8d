"""A real TLS client and server in this process, and the packets that a tap would see of them.

Each run draws new keys, so what they send is another every time; what is read must not be.
`tls_certificate.pem` is a certificate with its key, of nobody and for nothing else.
"""

import ssl
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sidetap_native import Reassembler, key_log_line

from tests.packet_blocks import START_US, SYN, Packet, segment

CERTIFICATE = Path(__file__).with_name("tls_certificate.pem")
CLIENT_ISN, SERVER_ISN = 1_000, 5_000
STEP_US = 1_000
NO_ENCRYPT_THEN_MAC = 1 << 19  # SSL_OP_NO_ENCRYPT_THEN_MAC, which Python does not name


@dataclass(kw_only=True)
class Terms:
    """What both ends agree on."""

    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    suites: str | None = None
    mac_last: bool = True
    protocol: str = "http/1.1"


@dataclass
class Contexts:
    """Both ends' settings; sessions are resumed between connections of the same ones."""

    terms: Terms
    key_log: Path
    client: ssl.SSLContext = field(init=False)
    server: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        self.client = self._context(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname = False
        self.client.verify_mode = ssl.CERT_NONE
        self.client.keylog_filename = str(self.key_log)
        self.server = self._context(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(CERTIFICATE)

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = context.maximum_version = self.terms.version
        if self.terms.suites:
            context.set_ciphers(f"{self.terms.suites}:@SECLEVEL=0")
        if not self.terms.mac_last:
            context.options |= NO_ENCRYPT_THEN_MAC
        context.set_alpn_protocols([self.terms.protocol])
        return context

    def secrets(self) -> list[tuple[bytes, str, bytes]]:
        """What the client wrote down."""
        found = map(key_log_line, self.key_log.read_text().splitlines())
        return [line for line in found if line]


class Pair:
    """One connection. `packets` is what a tap between the ends sees."""

    def __init__(
        self,
        contexts: Contexts,
        *,
        mss: int = 1_400,
        resumed: ssl.SSLSession | None = None,
        port: int = 40_000,
    ) -> None:
        self.packets: list[Packet] = []
        self._mss, self._port = mss, port
        self._wires = [ssl.MemoryBIO() for _ in range(4)]
        to_client, from_client, to_server, from_server = self._wires
        self.client = contexts.client.wrap_bio(
            to_client, from_client, server_hostname="shop.example", session=resumed
        )
        self._server = contexts.server.wrap_bio(to_server, from_server, server_side=True)
        self._next = [CLIENT_ISN, SERVER_ISN]
        self._at_us = START_US
        for to_the_server in (True, False):
            self._packet(b"", to_server=to_the_server, flags=SYN)
            self._next[not to_the_server] += 1
        self._shake_hands()

    def ask(self, data: bytes) -> None:
        """The client says this."""
        self.client.write(data)
        self._carry(to_server=True)

    def answer(self, data: bytes) -> None:
        """The server does."""
        self._server.write(data)
        self._carry(to_server=False)

    def wait(self, us: int) -> None:
        """Nothing is said for so long."""
        self._at_us += us

    def _shake_hands(self) -> None:
        left: list[ssl.SSLObject] = [self.client, self._server]
        while left:
            for end in list(left):
                with suppress(ssl.SSLWantReadError):
                    end.do_handshake()
                    left.remove(end)
                self._carry(to_server=end is self.client)
        # Tickets of TLS 1.3 come behind the handshake.
        with suppress(ssl.SSLWantReadError):
            self.client.read(1)

    def _carry(self, *, to_server: bool) -> None:
        to_client, from_client, to_the_server, from_server = self._wires
        source, target = (from_client, to_the_server) if to_server else (from_server, to_client)
        data = source.read()
        target.write(data)
        for at in range(0, len(data), self._mss):
            part = data[at : at + self._mss]
            self._packet(part, to_server=to_server)
            self._next[not to_server] += len(part)

    def _packet(self, data: bytes, *, to_server: bool, flags: int = 0) -> None:
        first = flags == SYN and to_server
        self.packets.append(
            segment(data, at_us=self._at_us, to_server=to_server, seq=self._next[not to_server],
                    ack=None if first else self._next[to_server], flags=flags, port=self._port)
        )  # fmt: skip
        self._at_us += STEP_US


def teach(reassembler: Reassembler, contexts: Contexts) -> None:
    """Give it what the client wrote down."""
    for secret in contexts.secrets():
        reassembler.learn(*secret)


def write_pcapng(path: Path, packets: Sequence[Packet], key_log: bytes = b"") -> Path:
    """Packets in a capture file, behind a key log in a Decryption Secrets Block."""
    blocks = [_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    blocks.append(_block(1, struct.pack("<HHI", 1, 0, 0)))
    if key_log:
        blocks.append(_block(10, struct.pack("<4sI", b"KSLT", len(key_log)) + key_log))
    for packet in packets:
        times = (packet.at_us >> 32, packet.at_us & 0xFFFFFFFF)
        head = struct.pack("<5I", 0, *times, len(packet.frame), packet.wire_bytes)
        blocks.append(_block(6, head + packet.frame))
    path.write_bytes(b"".join(blocks))
    return path


def _block(kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length
