"""Where the demo is played: over a mirror between network namespaces, or in made packets.

In:     nothing but time.
Out:    what there is to capture, and lines for the narrator.
Keeps:  the namespaces, the shop and its visitors, or a folder of capture files.
"""

import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

from services.cli.demo.networks import Networks, sweep
from services.cli.demo.story import SHOP, acts
from services.cli.doctor import may_make_networks
from services.runtime.children import dies_with_us

PORT = 8080
OVER = "light traffic goes on"
LIGHT_EVERY_S = 10.0
# Packets made in advance lie in the past by so much: a clock ahead of the broker's is held back.
PAST_S = 120.0
STOP_S_MAX = 3.0


class Stage(Protocol):
    """A demo that can be captured."""

    over: bool
    """The story has been told; only light traffic follows."""

    def begin(self) -> None:
        """Prepare all that must be there before the agent."""

    def interfaces(self) -> list[str]:
        """What the agent listens on."""

    def play(self) -> None:
        """Let visitors come; the agent is there."""

    def look(self) -> list[str]:
        """What there is to say since the last look."""

    def files(self) -> list[Path]:
        """Capture files made since the last look."""

    def end(self) -> None:
        """Remove everything."""


def stage() -> tuple[Stage, str]:
    """The best stage that this process may set up, and a sentence on it."""
    if may_make_networks():
        return OnNetworks(), (
            "a shop, its customers and its attackers in network namespaces of their own, "
            "with a tc mirror between them"
        )
    return InPackets(), (
        "not root, so no real network: the same traffic as packets made by scapy in this process"
    )


class OnNetworks:
    """Real processes over a real mirror."""

    def __init__(self) -> None:
        self.over = False
        self._networks = Networks(os.getpid())
        self._processes: list[subprocess.Popen[str]] = []
        self._lines: queue.Queue[str] = queue.Queue()

    def begin(self) -> None:
        for name in sweep():
            self._lines.put(f"removed {name}, left behind by a demo that was killed")
        self._networks.make()
        self._inside(self._networks.shop, "shop", SHOP, str(PORT))

    def interfaces(self) -> list[str]:
        return [self._networks.tap]

    def play(self) -> None:
        visitors = self._inside(self._networks.visitors, "visitors", str(PORT))
        assert visitors.stdout is not None
        threading.Thread(target=self._listen, args=(visitors.stdout,), daemon=True).start()

    def look(self) -> list[str]:
        lines = list(_emptied(self._lines))
        self.over = self.over or any(OVER in line for line in lines)
        return lines

    def files(self) -> list[Path]:
        return []

    def end(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._networks.remove()

    def _inside(self, namespace: str, module: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"services.cli.demo.{module}", *arguments]
        process = subprocess.Popen(
            [*dies_with_us(), *self._networks.inside(namespace, *command)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def _listen(self, said: IO[str]) -> None:
        for line in said:
            self._lines.put(line.rstrip())


def _emptied(lines: "queue.Queue[str]") -> Iterator[str]:
    while True:
        try:
            yield lines.get_nowait()
        except queue.Empty:
            return


class InPackets:
    """The same story in capture files, one after the other."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.over = False
        self._clock = clock
        self._folder = tempfile.TemporaryDirectory(prefix="sidetap-demo-")
        self._made: list[Path] = []
        self._lines: list[str] = []
        self._end_s = 0.0
        self._next_s = float("inf")
        self._number = 0

    def begin(self) -> None:
        from services.cli.demo.packets import write_story

        path = Path(self._folder.name) / "story.pcap"
        self._end_s = write_story(path, self._clock() - PAST_S)
        self._made.append(path)

    def interfaces(self) -> list[str]:
        return []

    def play(self) -> None:
        self._lines.append("customers visit the shop: browse, search, log in, order")
        for act in acts():
            self._lines.append(f"{act.title}: {len(act.calls)} requests")
        self._lines.append(f"all of it is in one capture file; {OVER}")
        self._next_s = self._clock() + LIGHT_EVERY_S
        self.over = True

    def look(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines

    def files(self) -> list[Path]:
        if self._clock() >= self._next_s:
            self._make_light()
        made, self._made = self._made, []
        return made

    def _make_light(self) -> None:
        from services.cli.demo.packets import write_light_traffic

        self._number += 1
        path = Path(self._folder.name) / f"light-{self._number}.pcap"
        begin_s = max(self._end_s, self._clock() - LIGHT_EVERY_S)
        self._end_s = write_light_traffic(path, begin_s, self._number)
        self._next_s = self._clock() + LIGHT_EVERY_S
        self._made.append(path)

    def end(self) -> None:
        self._folder.cleanup()
