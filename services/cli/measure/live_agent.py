"""Made traffic at the rate of the clock, packed and sent as an interface's agent does.

In:     how many exchanges a second and for how long; the wall clock.
Out:    blocks on the topic `packets`, each packet at the time at which it was due.
Keeps:  the made frames in a file; what Kafka has not acknowledged (services/capture/outbox.py).
"""

import random
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from sidetap_native import Block, CaptureFile

from schemas.topics import topics
from services.capture import epoch
from services.capture.destination import connector
from services.capture.letters import Letter
from services.capture.outbox import Outbox
from services.capture.settings import Settings
from services.capture.taps import block_letter, packer
from services.cli.measure import traffic
from services.cli.output import say
from services.cli.refusal import RefusedError

# One in so many exchanges attacks, each at an endpoint of its own: it opens a finding of its own.
ATTACK_EVERY = 50
LENGTH = struct.Struct("<I")
WAIT_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many exchanges a second: first to warm up, then to be measured."""

    per_s: int
    warm_s: int = 5
    steady_s: int = 20

    @property
    def exchanges(self) -> int:
        """In all; whole connections."""
        whole = traffic.EXCHANGES_A_CONNECTION
        return self.per_s * (self.warm_s + self.steady_s) // whole * whole


@dataclass(slots=True)
class Script:
    """The frames of one run, made before it, for making them takes longer than sending them."""

    path: Path
    rate: Rate
    frames: int = 0
    attacks: dict[str, int] = field(default_factory=dict)
    """Endpoint → number of the frame that ends the exchange."""

    @property
    def frame_us(self) -> float:
        """From one frame to the next."""
        return 1_000_000 * self.rate.exchanges / self.rate.per_s / self.frames


def written(path: Path, rate: Rate, seed: int = 1) -> Script:
    """The script of a run; the same rate and seed give the same bytes."""
    chance = random.Random(seed)  # noqa: S311 (traffic, not secrets)
    script, endpoints, asked = Script(path, rate), dict[bytes, str](), 0

    def ask(host: int) -> bytes:
        nonlocal asked
        asked += 1
        if asked % ATTACK_EVERY:
            return traffic.request(chance, host, 0)
        request, endpoint = _attack(asked // ATTACK_EVERY, host)
        endpoints[request] = endpoint
        return request

    with path.open("wb") as file:
        for frame, ends in traffic.frames(rate.exchanges, chance, ask):
            file.write(LENGTH.pack(len(frame)) + frame)
            if ends in endpoints:
                script.attacks[endpoints.pop(ends)] = script.frames
            script.frames += 1
    return script


def _attack(number: int, host: int) -> tuple[bytes, str]:
    value = traffic.ATTACKS[number % len(traffic.ATTACKS)]
    path = f"/probe/{number}"
    lines = [
        f"GET {path}?q={quote(value)} HTTP/1.1",
        f"Host: shop-{host}.example",
        f"User-Agent: {traffic.AGENTS[0]}",
    ]
    return "\r\n".join([*lines, "", ""]).encode(), f"GET {path}"


class LiveAgent:
    """Sends a script from `begin_us` of the wall clock on."""

    def __init__(
        self, script: Script, kafka: Mapping[str, str], folder: Path, begin_us: int
    ) -> None:
        self._script = script
        self._begin_us = begin_us
        self._frames = script.path.open("rb")
        self._due = folder / "due.pcap"
        self._packer = packer(Settings(), "bench", epoch.drawn(), topics()["packets"].partitions)
        self._outbox = Outbox(connector(kafka), settled=_settled, say=say, now_s=time.monotonic)
        self._sent = 0
        self.cpu_s = 0.0
        """Of packing and posting in this thread, without the traffic that a kernel would bring."""

    @property
    def done(self) -> bool:
        """Whether all of it was packed."""
        return self._sent >= self._script.frames

    def at_us(self, frame: int) -> int:
        """When this frame passes the wire."""
        return self._begin_us + int(frame * self._script.frame_us)

    def send_due(self, now_us: int) -> None:
        """Pack what has passed the wire until now; send what was closed."""
        due = self._read(now_us)
        self._due.write_bytes(traffic.GLOBAL_HEADER + b"".join(due))
        source = CaptureFile(str(self._due))
        began_s = time.thread_time()
        while not source.done:
            self._post(self._packer.read(source, len(due) + 1))
        self._post(self._packer.tick(now_us))
        self._outbox.serve(0)
        self.cpu_s += time.thread_time() - began_s

    def close(self) -> None:
        """Stop in the middle or at the end; nothing is waited for."""
        self._frames.close()

    def _read(self, now_us: int) -> list[bytes]:
        due = []
        while not self.done and (at_us := self.at_us(self._sent)) <= now_us:
            (length,) = LENGTH.unpack(self._frames.read(LENGTH.size))
            due.append(traffic.record(self._frames.read(length), at_us))
            self._sent += 1
        return due

    def _post(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            while not self._outbox.room:
                self._outbox.serve(WAIT_S)
            self._outbox.post(block_letter(block))


def _settled(letter: Letter, reason: str | None) -> None:
    if reason is not None:
        raise RefusedError(f"Kafka refused a record of {letter.topic}: {reason}.")
