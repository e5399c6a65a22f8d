"""QUIC: hellos in one packet, over several, out of order, of version 2, behind a Retry, damaged."""

from typing import Any

from tests.golden.conversation import save
from tests.golden.hello import client_hello, padding
from tests.golden.quic_packets import V2, Flow, closed, crypto, initial


def packets() -> list[Any]:
    small = client_hello(b"one.example", b"h3")
    # With a key that resists quantum computers a hello is larger than a packet.
    large = client_hello(b"two.example", b"h3", more=padding(1_500))
    flows = [
        _one(small),
        _several(large),
        _version_2(),
        _retried(large),
        _damaged(small),
        _unseen(),
    ]
    every = [packet for flow in flows for packet in flow.packets]
    return sorted(every, key=lambda packet: packet.time)


def _one(hello: bytes) -> Flow:
    flow = Flow(client_port=50_001)
    flow.send(initial(crypto(0, hello), to=b"first-01") + closed("early", 90, to=b"first-01"))
    flow.send(closed("handshake", 900, to=b"mine"), end=1)
    flow.send(b"\x41" + b"\x5a" * 99)
    flow.send(b"\x41" + b"\x5a" * 1_199, end=1)
    return flow


def _several(hello: bytes) -> Flow:
    """Cut as browsers do it: small frames in any order, over two packets, one of them repeated."""
    flow = Flow(client_port=50_002, start_s=0.0001)
    first = crypto(300, hello[300:900]) + b"\x01" + crypto(0, hello[:40])
    second = crypto(900, hello[900:]) + crypto(40, hello[40:300])
    flow.send(initial(second, to=b"first-02", number=1))
    flow.send(initial(second, to=b"first-02", number=2))
    flow.send(closed("handshake", 50, to=b"mine"), end=1)
    flow.send(initial(first, to=b"server-2", first=b"first-02", number=3))
    return flow


def _version_2() -> Flow:
    flow = Flow(client_port=50_003, start_s=0.0002, server_port=8_443)
    hello = client_hello(b"three.example", b"doq")
    flow.send(initial(crypto(0, hello), to=b"first-03", version=V2))
    flow.send(closed("handshake", 700, to=b"mine", version=V2), end=1)
    return flow


def _retried(hello: bytes) -> Flow:
    """The server has the client come again under another id, of which its keys are made anew."""
    flow = Flow(client_port=50_004, start_s=0.0003)
    flow.send(initial(crypto(0, hello[:1_000]), to=b"first-04"))
    flow.send(b"\xf0\0\0\0\x01\x04mine\x08again-04" + b"token" + bytes(16), end=1)
    flow.send(initial(crypto(0, hello[:1_000]), to=b"again-04", number=1))
    flow.send(initial(crypto(1_000, hello[1_000:]), to=b"again-04", number=2))
    return flow


def _damaged(hello: bytes) -> Flow:
    flow = Flow(client_port=50_005, start_s=0.0004)
    packet = bytearray(initial(crypto(0, hello), to=b"first-05"))
    packet[600] ^= 1
    flow.send(bytes(packet))
    return flow


def _unseen() -> Flow:
    """Short heads of a flow whose beginning nobody saw, and what is no QUIC on its port."""
    flow = Flow(client_port=50_006, start_s=0.0005)
    flow.send(b"\x41" + b"\x5a" * 99)
    flow.send(b"\x80\0\0\0\x01 no fixed bit")
    flow.send(b"\xc0\0\0\0\x09\x04abcd\x00 another version")
    return flow


if __name__ == "__main__":
    save(__file__, packets())
