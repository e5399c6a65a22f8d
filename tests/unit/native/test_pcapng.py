"""pcapng as the border reads it: sections, clocks, every kind of packet block, statistics."""

import struct
from pathlib import Path

import pytest
from sidetap_native import CaptureFile

from schemas.types import Amount
from tests.unit.native.frames import (
    NOW_US,
    ether,
    ip,
    ledger,
    packer,
    packets,
    records,
    tcp,
)

FRAME = ether(ip(tcp(b"x" * 31)))


class Writer:
    """Blocks of one section, in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.out = self.block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))

    def block(self, kind: int, body: bytes) -> bytes:
        body += b"\0" * (-len(body) % 4)
        length = struct.pack(f"{self.order}I", 12 + len(body))
        return struct.pack(f"{self.order}I", kind) + length + body + length

    def option(self, code: int, value: bytes) -> bytes:
        padded = value + b"\0" * (-len(value) % 4)
        return struct.pack(f"{self.order}HH", code, len(value)) + padded

    def interface(self, link: int = 1, *options: bytes) -> None:
        body = struct.pack(f"{self.order}HHI", link, 0, 0) + b"".join(options)
        self.out += self.block(1, body)

    def enhanced(self, ticks: int, number: int = 0) -> None:
        numbers = (number, ticks >> 32, ticks & 0xFFFFFFFF, len(FRAME), len(FRAME))
        self.out += self.block(6, struct.pack(f"{self.order}IIIII", *numbers) + FRAME)

    def obsolete(self, ticks: int) -> None:
        numbers = (0, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(FRAME), len(FRAME))
        self.out += self.block(2, struct.pack(f"{self.order}HHIIII", *numbers) + FRAME)

    def simple(self) -> None:
        self.out += self.block(3, struct.pack(f"{self.order}I", len(FRAME)) + FRAME)

    def statistics(self, dropped: int) -> None:
        option = self.option(7, struct.pack(f"{self.order}Q", dropped))
        self.out += self.block(5, struct.pack(f"{self.order}III", 0, 0, 0) + option)


def times(data: bytes, folder: Path) -> list[int]:
    """Packet times after the start, in order; each frame must be whole."""
    path = folder / "a.pcapng"
    path.write_bytes(data)
    source, to = CaptureFile(str(path)), packer()
    blocks = records(to.read(source, 1000) + to.end())
    assert source.damage is None
    found = [packet for block in blocks for packet in packets(block)]
    assert all(frame == FRAME for *_, frame in found)
    return [packet[0] - NOW_US for packet in found]


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_kind_of_packet_block_is_read(tmp_path: Path, order: str) -> None:
    writer = Writer(order)
    writer.interface()
    writer.enhanced(NOW_US + 1)
    writer.out += writer.block(10, struct.pack(f"{order}II", 0x544C534B, 5) + b"CLIEN")
    writer.obsolete(NOW_US + 2)
    writer.simple()
    assert times(writer.out, tmp_path) == [1, 2, 2]


def test_each_section_and_interface_has_its_own_clock(tmp_path: Path) -> None:
    first, second = Writer("<"), Writer(">")
    first.interface(1, first.option(9, b"\x09"))
    first.interface(1, first.option(9, b"\x03"), first.option(14, struct.pack("<q", 1_000)))
    first.enhanced((NOW_US + 5) * 1000 + 999, 0)
    first.enhanced(NOW_US // 1000 - 1_000_000 + 1, 1)
    second.interface(1)
    second.enhanced(NOW_US + 2000)
    assert times(first.out + second.out, tmp_path) == [5, 1000, 2000]


def test_an_interface_of_an_unknown_link_is_dropped_and_counted(tmp_path: Path) -> None:
    writer = Writer("<")
    writer.interface(147)
    writer.interface(1)
    writer.enhanced(NOW_US, 0)
    writer.enhanced(NOW_US, 1)
    writer.enhanced(NOW_US, 9)
    path = tmp_path / "a.pcapng"
    path.write_bytes(writer.out)
    source, to = CaptureFile(str(path)), packer()
    to.read(source, 1000)
    to.end()
    assert source.link_type == 147
    entry = ledger(to)["capture"]
    assert (entry.left.packets, entry.dropped["unknown_link"].packets) == (1, 2)


def test_what_the_capturing_kernel_dropped_is_missing(tmp_path: Path) -> None:
    writer = Writer("<")
    writer.interface()
    writer.enhanced(NOW_US)
    writer.statistics(3)
    writer.statistics(10)
    path = tmp_path / "a.pcapng"
    path.write_bytes(writer.out)
    source, to = CaptureFile(str(path)), packer()
    to.read(source, 1000)
    to.end()
    assert ledger(to)["capture"].missing["kernel"] == Amount(packets=10, bytes=0)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda whole: whole[:-3], "inside a block"),
        (lambda whole: whole[: -len(FRAME)], "inside a packet"),
        (lambda whole: whole + b"\6\0\0\0\7\0\0\0\0\0\0\0", "impossible length"),
        (lambda whole: whole + b"\6\0\0\0", "inside a block's head"),
    ],
)
def test_damage_says_what_and_where(tmp_path: Path, spoilt: object, said: str) -> None:
    writer = Writer("<")
    writer.interface()
    writer.enhanced(NOW_US)
    path = tmp_path / "a.pcapng"
    path.write_bytes(spoilt(writer.out))  # type: ignore[operator]
    source, to = CaptureFile(str(path)), packer()
    to.read(source, 1000)
    to.end()
    assert source.damage is not None
    assert said in source.damage
    assert "damage" in ledger(to)["capture"].missing
