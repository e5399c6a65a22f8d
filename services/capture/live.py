"""Captures one network interface or UDP port: packets never wait, whatever becomes of Kafka.

In:     a ring or socket of packets.
Out:    blocks, heartbeats, an end block at a clean stop, ledger records each second.
Keeps:  AGENT/state.json: until when everything was sent, for the next start to tell what a kill
        lost; AGENT/spool: what could not be sent yet.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sidetap_native import Block, Interface, Listener

from schemas.types import Amount
from services.capture import epoch, keeping
from services.capture.destination import connector
from services.capture.key_log import KEYS, Followed, letters
from services.capture.letters import Letter
from services.capture.losses import LEDGER, NOTHING, Losses, content_of, missing
from services.capture.outbox import Outbox
from services.capture.settings import Settings
from services.capture.spool import Spool
from services.capture.spooling import SPOOL, SpooledOutbox
from services.capture.taps import block_letter, packer

# Enough to keep a core busy, few enough that the clock is looked at every few milliseconds.
PACKETS_PER_READ = 4_096
TICK_US = 10_000
ACCOUNT_US = 1_000_000
# At a clean stop: how long to wait for Kafka before the rest goes to the spool.
FLUSH_S = 5.0


LiveSource = Interface | Listener


class BusyError(RuntimeError):
    """Another process uses this agent's folder."""


def agent_folder(settings: Settings, agent: str) -> Path:
    """Where an agent keeps its state and spool."""
    return settings.data / "agents" / agent.replace("/", "_")


class LiveAgent:
    """One source's capture, from its start to its stop."""

    def __init__(
        self,
        source: LiveSource,
        agent: str,
        settings: Settings,
        kafka: Mapping[str, str],
        partitions: int,
        say: Callable[[str], None],
    ) -> None:
        self._source = source
        self._agent = agent
        self._site = settings.site
        self._say = say
        self._epoch = epoch.drawn()
        self._packer = packer(settings, agent, self._epoch, partitions)
        self._losses = Losses()
        self._key_log = Followed(Path(settings.key_log)) if settings.key_log else None
        self._key_fault: str | None = None
        self._entries = 0
        self._save_failed = False
        self._damaged_bytes = 0
        self._untold: list[bytes] = []
        folder = agent_folder(settings, agent)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _locked(folder)
        self._state_path = folder / "state.json"
        spool = Spool(folder / "spool", bytes_max=settings.spool_bytes, fsync=settings.spool_fsync)
        self._spool = spool
        self._sender = SpooledOutbox(spool, say=say, lost=self._lost)
        self._sender.through(
            Outbox(connector(kafka), settled=self._sender.settled, say=say, now_s=time.monotonic)
        )

    def run(self, stopping: Callable[[], bool]) -> None:
        """Capture until `stopping`. Raises OSError when the interface goes away."""
        self._tell_restart()
        ticked_us = accounted_us = 0
        try:
            while not stopping():
                self._send(self._packer.read(self._source, PACKETS_PER_READ))
                now_us = _now_us()
                if now_us - ticked_us >= TICK_US:
                    ticked_us = now_us
                    self._send_keys(now_us)
                    self._send(self._packer.tick(now_us))
                self._sender.serve(0)
                if now_us - accounted_us >= ACCOUNT_US:
                    accounted_us = now_us
                    self._account()
        finally:
            self._stop()

    def _stop(self) -> None:
        self._send(self._packer.end())
        self._account()
        deadline_s = time.monotonic() + FLUSH_S
        while not self._sender.empty and time.monotonic() < deadline_s:
            self._sender.serve(0.1)
        if not self._sender.empty:
            self._say("Kafka did not take everything: the rest waits in the spool")
        if self._untold or self._sender.refusing:
            self._say("the spool is full: what the last seconds lost is not in the ledger")
        lost = self._sender.close()
        self._save(closed=not lost)
        if self._key_log:
            self._key_log.close()
        os.close(self._lock)

    def _send(self, blocks: Iterable[Block]) -> None:
        now_us = _now_us()
        for block in blocks:
            letter = block_letter(block)
            # Nobody asks for a live block's number again: the field tells when it was sent.
            self._sender.send(Letter(letter.topic, letter.value, letter.partition, sequence=now_us))

    def _send_keys(self, now_us: int) -> None:
        if self._key_log is None:
            return
        for letter in letters(self._key_log.read(), now_us):
            self._sender.send(replace(letter, sequence=now_us))
        if self._key_log.fault != self._key_fault:
            self._key_fault = self._key_log.fault
            self._say(f"the key log: {self._key_fault or 'it can be read now'}")

    def _account(self) -> None:
        """Count; and tell what was counted, unless that would be lost with the packets."""
        _, dropped = self._source.kernel_counts()
        if dropped:
            self._losses.add("kernel_drop", Amount(packets=dropped, bytes=0))
        if damaged := self._spool.damaged_bytes - self._damaged_bytes:
            self._damaged_bytes += damaged
            self._losses.add("spool_damaged", Amount(packets=0, bytes=damaged))
        if not self._sender.refusing:
            self._tell()
        self._save(closed=False)

    def _tell(self) -> None:
        untold, self._untold = self._untold, []
        for record in (*untold, *self._packer.ledger()):
            self._send_ledger(record)
        if causes := self._losses.take():
            self._entries += 1
            ident = f"capture/{self._agent}/{self._epoch}/missing/{self._entries}"
            self._send_ledger(self._missing(ident, _now_us(), causes))

    def _missing(self, ident: str, at_us: int, causes: dict[str, Amount]) -> bytes:
        return missing(
            ident, site=self._site, agent=self._agent, at_us=at_us, causes=causes, layer="capture"
        )

    def _send_ledger(self, record: bytes) -> None:
        key = self._agent.encode()
        self._sender.send(Letter(LEDGER, record, key=key, sequence=_now_us()))

    def _lost(self, letter: Letter) -> None:
        if letter.topic == LEDGER:
            self._untold.append(letter.value)  # A few: `refusing` stops the next ones.
            return
        if letter.topic == KEYS:
            return  # What it would have opened is counted where it stays closed.
        amount = content_of(letter)
        self._losses.add("spool_full" if letter.lane != SPOOL else "refused", amount)

    def _tell_restart(self) -> None:
        """What an earlier run left: a span in which packets were captured and not sent."""
        if self._spool.unread:
            held = self._spool.disk_bytes
            self._say(f"{held} bytes of an earlier run wait in the spool and go first")
        before = keeping.load(self._state_path)
        if before and not before.get("closed"):
            since_us, until_us = int(before["sent_until_us"]), _now_us()
            ident = f"capture/{self._agent}/{before['epoch']}/agent_restart/{since_us}-{until_us}"
            self._send_ledger(self._missing(ident, since_us, {"agent_restart": NOTHING}))
            span_s = (until_us - since_us) / 1e6
            self._say(f"the last run did not end cleanly: {span_s:.1f} s of packets are missing")

    def _save(self, *, closed: bool) -> None:
        fresh = [letter.sequence for letter in self._sender.outbox.unsettled if not letter.lane]
        state = {
            "epoch": self._epoch,
            "sent_until_us": min(fresh, default=_now_us()),
            "closed": closed,
        }
        try:
            keeping.save(self._state_path, state)
            self._save_failed = False
        except OSError as error:
            if not self._save_failed:
                self._say(f"{self._state_path} cannot be written: {error.strerror}")
            self._save_failed = True


def _now_us() -> int:
    """The host's wall clock, which also stamps the packets."""
    return time.time_ns() // 1_000


def _locked(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BusyError(f"another agent already uses {folder}") from None
    return descriptor
