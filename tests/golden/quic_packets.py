"""QUIC packets sealed by another's cryptography (RFC 9001 §5, RFC 9369 §3.3)."""

import hmac
import struct
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from tests.golden.conversation import START_S, STEP_S

V1, V2 = 1, 0x6B3343CF
SALTS = {
    V1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    V2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
PREFIXES = {V1: b"quic ", V2: b"quicv2 "}
KINDS = {V1: {"initial": 0, "early": 1, "handshake": 2}, V2: {"initial": 1, "handshake": 3}}
DATAGRAM_BYTES = 1_200
TAG_BYTES = 16


class Flow:
    """Datagrams between two ends; `packets` is what a tap between them sees."""

    def __init__(self, *, client_port: int, start_s: float = 0.0, server_port: int = 443) -> None:
        self.packets: list[Any] = []
        self._ends = (("10.0.0.1", client_port), ("10.0.0.2", server_port))
        self._now_s = START_S + start_s

    def send(self, payload: bytes, *, end: int = 0) -> None:
        """One datagram: 0 from the client, 1 from the server."""
        (ip, port), (other_ip, other_port) = self._ends[end], self._ends[1 - end]
        macs = ("02:00:00:00:00:01", "02:00:00:00:00:02")
        frame = Ether(src=macs[end], dst=macs[1 - end]) / IP(src=ip, dst=other_ip, id=1)
        packet = frame / UDP(sport=port, dport=other_port) / payload
        packet.time = self._now_s
        self._now_s += STEP_S
        self.packets.append(packet)

    def wait(self, seconds: float) -> None:
        """Nothing happens for so long."""
        self._now_s += seconds


def crypto(offset: int, data: bytes) -> bytes:
    """A CRYPTO frame."""
    return b"\x06" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(data)) + data


def initial(
    frames: bytes, *, to: bytes, first: bytes | None = None, number: int = 0, version: int = V1
) -> bytes:
    """A client's Initial packet, padded to a whole datagram; keys are made of `first`."""
    head = _head("initial", version, to) + b"\0"
    room = DATAGRAM_BYTES - len(head) - 2 - 4 - TAG_BYTES
    text = frames + bytes(max(room - len(frames), 0))
    head += struct.pack(">H", 0x4000 | (4 + len(text) + TAG_BYTES))
    number_at = len(head)
    head = bytes([head[0] | 3]) + head[1:] + struct.pack(">I", number)
    key, iv, head_key = _keys(first or to, version)
    nonce = iv[:-4] + bytes(a ^ b for a, b in zip(iv[-4:], head[number_at:], strict=True))
    packet = bytearray(head + AESGCM(key).encrypt(nonce, text, head))
    sample = bytes(packet[number_at + 4 : number_at + 20])
    mask = Cipher(AES128(head_key), ECB()).encryptor().update(sample)
    packet[0] ^= mask[0] & 0x0F
    for i in range(4):
        packet[number_at + i] ^= mask[1 + i]
    return bytes(packet)


def closed(kind: str, size: int, *, to: bytes, version: int = V1) -> bytes:
    """A packet with a long head that nobody opens."""
    return _head(kind, version, to) + struct.pack(">H", 0x4000 | size) + b"\x5a" * size


def _head(kind: str, version: int, to: bytes) -> bytes:
    first = 0xC0 | KINDS[version][kind] << 4
    return struct.pack(">BIB", first, version, len(to)) + to + b"\x04from"


def _keys(first: bytes, version: int) -> Sequence[bytes]:
    client = _expand(hmac.digest(SALTS[version], first, "sha256"), b"client in", 32)
    sizes = ((b"key", 16), (b"iv", 12), (b"hp", 16))
    return [_expand(client, PREFIXES[version] + label, size) for label, size in sizes]


def _expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label, of one block at most."""
    label = b"tls13 " + label
    info = struct.pack(">HB", size, len(label)) + label + b"\0\x01"
    return hmac.digest(secret, info, "sha256")[:size]
