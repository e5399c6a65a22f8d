"""What goes to Kafka is not captured; all else is, and a filter behind it still decides."""

import struct
from pathlib import Path

import pytest
from sidetap_native import CaptureFile, Packer

from schemas.codec import decode
from services.capture.bpf import ETHERNET, RAW_IP, Instruction, compile_filter
from services.capture.own_traffic import PORTS_MAX, without_ports
from tests.unit.capture.test_bpf import needs_libpcap
from tests.unit.capture.wire import Conversation, write_pcap

ENDS = {
    "to Kafka": (40_000, 9_092),
    "from Kafka": (9_092, 40_000),
    "web": (40_000, 80),
    "elsewhere": (9_093, 443),
}
ADDRESSES = {4: ("10.0.0.1", "10.0.0.2"), 6: ("2001:db8::1", "2001:db8::2")}


def kept(folder: Path, program: tuple[Instruction, ...], version: int, link_type: int) -> set[str]:
    """Which of ENDS pass the program, run natively as the kernel runs it."""
    found = set()
    for name, (client_port, server_port) in ENDS.items():
        client, server = ADDRESSES[version]
        talk = Conversation(client, server, client_port, server_port).open()
        path = write_pcap(folder / "a.pcap", talk.frames, link_type=link_type)
        packer = Packer(site="s", agent="a", epoch="e", partitions=1)
        packer.read(CaptureFile(str(path), bpf=program), 100)
        if len(packer.end()) > 1:  # More than the end block.
            found.add(name)
    return found


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("link_type", [ETHERNET, RAW_IP])
def test_both_directions_are_left_out(tmp_path: Path, version: int, link_type: int) -> None:
    program = without_ports([9_092], (), link_type)
    assert kept(tmp_path, program, version, link_type) == {"web", "elsewhere"}
    several = without_ports([443, 9_092, 9_999], (), link_type)
    assert kept(tmp_path, several, version, link_type) == {"web"}


@needs_libpcap
def test_a_filter_behind_it_still_decides(tmp_path: Path) -> None:
    port_443 = compile_filter("port 443 or port 9092", ETHERNET)
    program = without_ports([9_092], port_443, ETHERNET)
    assert kept(tmp_path, program, 4, ETHERNET) == {"elsewhere"}


def test_without_ports_the_program_stays_and_many_ports_still_jump() -> None:
    assert without_ports([], (), ETHERNET) == ()
    program = without_ports(range(1, 1_000), (), ETHERNET)
    assert all(0 <= jump <= 255 for _, true, false, _ in program for jump in (true, false))
    assert len(program) < 8 * PORTS_MAX


def test_later_fragments_have_no_ports(tmp_path: Path) -> None:
    """Bytes of a fragment that look like Kafka's port are not taken for it."""
    (frame, *_) = Conversation("10.0.0.1", "10.0.0.2", 9_092, 9_092).open().frames
    fragment = frame.data[:20] + struct.pack(">H", 100) + frame.data[22:]
    path = tmp_path / "f.pcap"
    whole = write_pcap(path, []).read_bytes()
    record = struct.pack("<IIII", 1, 0, len(fragment), len(fragment)) + fragment
    path.write_bytes(whole + record)
    packer = Packer(site="s", agent="a", epoch="e", partitions=1)
    packer.read(CaptureFile(str(path), bpf=without_ports([9_092], (), ETHERNET)), 10)
    packer.end()
    dropped = {cause for record in packer.ledger() for cause in decode(record).dropped}
    assert dropped == {"fragments_incomplete"}, "it was taken for Kafka's"
