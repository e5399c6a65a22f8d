"""Reassembly killed in the middle of heads and bodies: the exchanges of a calm run, each once."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.faults import POINTS
from services.runtime.kafka_local import LocalKafka
from tests.broker.packet_path import (
    PacketPath,
    direct,
    letters,
    make_topics,
    plain,
    residual,
    sums,
    wait_for,
)
from tests.unit.capture.wire import Conversation, Frame, write_pcap

# Kills at each point; each finds some 100 more blocks that nobody has worked through.
ROUNDS = 2


@pytest.fixture
def path(tmp_path: Path) -> Iterator[PacketPath]:
    """A broker of its own: its topics and groups are empty."""
    local = LocalKafka().start()
    make_topics(local.bootstrap)
    running = PacketPath(local.bootstrap, tmp_path / "data")
    yield running
    running.stop()
    local.stop()


def long_messages(connections: int) -> list[Frame]:
    """Heads of 20 KB and bodies of 40 KB, interleaved: hardly a block ends between messages."""
    frames: list[Frame] = []
    for number in range(connections):
        talk = Conversation(client_port=30_000 + number).open()
        for turn in range(3):
            cookie = b"%d.%d;" % (number, turn) * 4_000
            body = b"%d/%d " % (number, turn) * 8_000
            talk.exchange(
                b"POST /%d HTTP/1.1\r\nHost: a\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n%s"
                % (turn, cookie[:20_000], len(body), body),
                b"HTTP/1.1 200 OK\r\nSet-Cookie: %s\r\nContent-Length: %d\r\n\r\n%s"
                % (cookie[:20_000], len(body), body),
            )
        frames += talk.close().frames
    return sorted(frames, key=lambda frame: frame.at_us)


@pytest.mark.timeout(600)
def test_kills_at_every_point_change_nothing(path: PacketPath, tmp_path: Path) -> None:
    file = write_pcap(tmp_path / "long.pcap", long_messages(12))
    sent = letters([file], "kills")
    kills = [point for point in POINTS for _ in range(ROUNDS)]
    random.Random(7).shuffle(kills)
    kills.insert(0, "after_commit")  # Something must be stored before it can be restored.
    portion = len(sent) // (len(kills) + 1)
    for number, point in enumerate(kills):
        path.post(sent[number * portion : (number + 1) * portion])
        path.work(fault=f"{point}:1:KILL")
        worker = path.workers[-1]
        assert worker.wait(60) == -signal.SIGKILL, point
    path.post(sent[len(kills) * portion :])
    path.work()
    wait_for("the rest", path.drained)
    held = {row.key for row in path.records("state.reassembly") if row.value}
    assert len(held) > 12, "no message was ever held over a commit"
    assert plain(path.exchanges("kills")) == plain(direct([file], "kills"))
    by_layer = sums(path.ledger("kills"))
    assert {name: residual(layer) for name, layer in by_layer.items()} == dict.fromkeys(
        ("capture", "packing", "reassembly", "exchanges"), 0
    )
