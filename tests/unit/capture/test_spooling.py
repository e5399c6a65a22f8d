"""Live letters: at once while there is room, by way of the disk when not, never out of order."""

import random
from pathlib import Path

import pytest

from services.capture.letters import Letter
from services.capture.outbox import Outbox
from services.capture.spool import Spool
from services.capture.spooling import SpooledOutbox
from tests.unit.capture.test_outbox import ScriptedClient


class Live:
    """A spooled outbox whose broker is a script. Letters are numbers."""

    def __init__(self, folder: Path, *, window: int = 3, spool_bytes: int = 10_000) -> None:
        self.said: list[str] = []
        self.lost: list[int] = []
        self.arrived: list[int] = []
        spool = Spool(folder, bytes_max=spool_bytes, segment_bytes=50)
        self.sender = SpooledOutbox(
            spool, say=self.said.append, lost=lambda letter: self.lost.append(int(letter.value))
        )
        self.client = ScriptedClient(lambda error: None)
        self.sender.through(
            Outbox(
                lambda on_error, alone: self.client,
                settled=self.sender.settled,
                say=self.said.append,
                now_s=lambda: 0.0,
                window_bytes=window * 3,
            )
        )

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.sender.send(Letter("packets", b"%03d" % number, partition=1))

    def broker_takes(self, letters: int) -> None:
        for _ in range(letters):
            if self.client.held:
                self.arrived.append(int(self.client.held[0][0]))
                self.client.answer()
        self.sender.serve(0)

    def drain(self) -> None:
        for _ in range(1000):
            self.broker_takes(10)
            if self.sender.empty:
                return
        raise AssertionError("it never became empty")


def first_arrivals(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def test_while_there_is_room_nothing_touches_the_disk(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.send(1, 2, 3)
    assert list(tmp_path.iterdir()) == []
    live.drain()
    assert live.arrived == [1, 2, 3]


@pytest.mark.parametrize("seed", range(20))
def test_order_holds_however_the_broker_stutters(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    live = Live(tmp_path)
    for number in range(200):
        live.send(number)
        if dice.random() < 0.5:
            live.broker_takes(dice.randrange(4))
    live.drain()
    assert live.arrived == list(range(200))
    assert live.lost == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_clean_stop_and_a_new_start_keep_the_order(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    arrived: list[int] = []
    number = 0
    for _ in range(5):
        live = Live(tmp_path)
        for _ in range(dice.randrange(30)):
            live.send(number)
            number += 1
            live.broker_takes(dice.choice((0, 0, 1, 2)))
        assert live.sender.close() == 0
        arrived += live.arrived
    last = Live(tmp_path)
    last.drain()
    assert first_arrivals(arrived + last.arrived) == list(range(number))


def test_a_kill_loses_the_window_only(tmp_path: Path) -> None:
    killed = Live(tmp_path, window=3)
    killed.send(*range(10))
    again = Live(tmp_path)
    again.drain()
    assert again.arrived == list(range(3, 10))


def test_a_full_spool_loses_the_newest_counts_them_and_goes_on(tmp_path: Path) -> None:
    live = Live(tmp_path, spool_bytes=100)
    live.send(*range(20))
    assert live.said == [
        "the spool cannot take more: its limit of 100 bytes is reached; "
        "packets are lost and counted"
    ]
    assert live.sender.refusing
    lost = list(live.lost)
    assert lost == list(range(20 - len(lost), 20))
    live.broker_takes(3)
    live.broker_takes(3)
    live.send(20)
    assert not live.sender.refusing
    assert live.said[1:] == [f"the spool is empty again; {len(lost)} records were lost"]
    live.drain()
    assert live.arrived == [n for n in range(21) if n not in lost]


def test_a_letter_as_bytes() -> None:
    for letter in (
        Letter("packets", b"\x00value", partition=0),
        Letter("ledger", b"", key=b""),
        Letter("ledger", b"v", partition=7, key=b"agent"),
    ):
        assert Letter.unpack(letter.pack()) == letter
