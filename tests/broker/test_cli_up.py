"""`sidetap up`: starts everything, restarts what dies, stops in order and leaves nothing."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.cli.demo import packets
from services.cli.doctor import may_make_networks

STARTED_S_MAX = 90
STOP_S_MAX = 40
NO_CAPABILITIES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


class Up:
    """One `sidetap up` and what it says."""

    def __init__(self, state: Path, *arguments: str, before: list[str] | None = None) -> None:
        command = [sys.executable, "-m", "services.cli", "up", *arguments]
        self.process = subprocess.Popen(
            [*(before or []), *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            env={**os.environ, "XDG_STATE_HOME": str(state), "XDG_DATA_HOME": str(state)},
        )  # fmt: skip
        self.said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                self.said.append(line.rstrip())

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def until(self, condition: Callable[[str], object], seconds: float = STARTED_S_MAX) -> None:
        deadline = time.monotonic() + seconds
        while not condition(self.text):
            assert time.monotonic() < deadline, f"it did not happen:\n{self.text}"
            time.sleep(0.1)

    def children(self) -> dict[int, str]:
        """Processes that this one started, by id, with their commands."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = re.search(r"^PPid:\t(\d+)", (folder / "status").read_text(), re.M)
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if parent and int(parent[1]) == self.process.pid:
                found[int(folder.name)] = command
        return found

    def ended(self, seconds: float = STOP_S_MAX) -> int:
        code = self.process.wait(seconds)
        self._listener.join(5)
        return code


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where it keeps what it keeps; an agent that gave up root must reach its folder in it."""
    tmp_path.chmod(0o711)
    return tmp_path


@pytest.fixture
def start(state: Path) -> Iterator[Callable[..., Up]]:
    made: list[Up] = []

    def run(*arguments: str, before: list[str] | None = None) -> Up:
        made.append(Up(state, *arguments, before=before))
        return made[-1]

    yield run
    for up in made:
        if up.process.poll() is None:
            up.process.send_signal(signal.SIGINT)
        up.ended()


def gone(pids: dict[int, str]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_file_is_worked_off_deaths_are_mended_and_ctrl_c_leaves_nothing(
    start: Callable[..., Up], tmp_path: Path
) -> None:
    story = tmp_path / "story.pcap"
    packets.write_story(story, time.time() - 120)
    up = start("--pcap", str(story), "--port", "0", "--data", str(tmp_path / "data"))
    up.until(lambda said: "found sqli" in said and "found forced_browsing" in said)
    children = up.children()
    detect = next(pid for pid, command in children.items() if "services.detect" in command)
    os.kill(detect, signal.SIGKILL)
    up.until(lambda said: "detect-0 ended (SIGKILL), again in 0.5 s" in said)
    up.until(lambda _: any("services.detect" in command for command in up.children().values()))
    children |= up.children()
    up.process.send_signal(signal.SIGINT)
    assert up.ended() == 0
    assert up.said[-2:] == ["stopping …", "stopped"]
    assert gone(children)
    assert not (tmp_path / "sidetap" / "running.json").exists()


def test_all_end_with_a_supervisor_that_is_killed(start: Callable[..., Up], tmp_path: Path) -> None:
    up = start("--port", "0", "--data", str(tmp_path / "data"))
    up.until(lambda said: "Ctrl-C stops all of it" in said)
    children = up.children()
    assert len(children) == 7
    assert any("kafka.Kafka" in command for command in children.values())
    up.process.kill()
    up.process.wait()
    # Kafka flushes and closes its partitions first.
    deadline = time.monotonic() + 30
    while not gone(children):
        assert time.monotonic() < deadline, "a child outlived its supervisor"
        time.sleep(0.1)


def test_a_closed_terminal_stops_it_in_order_too(start: Callable[..., Up], tmp_path: Path) -> None:
    up = start("--port", "0", "--data", str(tmp_path / "data"))
    up.until(lambda said: "Ctrl-C stops all of it" in said)
    children = up.children()
    up.process.send_signal(signal.SIGHUP)
    assert up.ended() == 0
    assert gone(children)


def test_a_taken_port_is_one_sentence(start: Callable[..., Up], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = start("--port", str(port), "--data", str(tmp_path / "data"))
        assert up.ended() == 2
    assert up.said[-1].startswith(f"sidetap: port {port} is taken: choose another with --port")
    assert "Traceback" not in up.text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--interface", "none0"], "sidetap: there is no interface 'none0'; there are "),
        (["--pcap", "/none.pcap"], "sidetap: /none.pcap: No such file or directory."),
        (["--demo", "--pcap", "x"], "sidetap: give --interface, --pcap or --demo, one of them."),
        (["x.pcap"], "sidetap: 'x.pcap' belongs to no option: "),
        (
            ["--kafka", "127.0.0.1:1"],
            "sidetap: no Kafka answers at 127.0.0.1:1 within 5 s: is it up,",
        ),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(
    start: Callable[..., Up], arguments: list[str], sentence: str
) -> None:
    up = start(*arguments)
    assert up.ended() == 2
    (said,) = up.said
    assert said.startswith(sentence)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up capabilities to show this")
def test_without_the_right_to_capture_it_says_what_to_do(start: Callable[..., Up]) -> None:
    up = start("--interface", "lo", before=NO_CAPABILITIES)
    assert up.ended() == 2
    (said,) = up.said
    assert said.startswith("sidetap: capturing from an interface needs root (or CAP_NET_RAW)")


def demo_is_found(up: Up) -> None:
    assert up.ended(200) == 0, up.text
    classes = set(re.findall(r"^found (\w+) \(", up.text, re.M))
    assert classes >= {"sqli", "xss", "lfi", "rce", "forced_browsing"}
    operations = re.search(r"(\d+) findings and (\d+) API operations", up.text)
    assert operations, up.text
    assert int(operations[2]) >= 5
    assert not list(Path("/run/netns").glob(f"sidetap-*-{up.process.pid}"))
    assert not Path("/sys/class/net", f"stap{up.process.pid}").exists()


@pytest.mark.skipif(not may_make_networks(), reason="a real mirror needs root")
def test_the_demo_finds_attacks_over_a_real_mirror(start: Callable[..., Up]) -> None:
    up = start("--demo", "--port", "0", "--seconds", "70")
    up.until(lambda said: "capturing from stap" in said)
    demo_is_found(up)
    assert "light traffic goes on" in up.text


def test_the_demo_finds_attacks_in_made_packets(start: Callable[..., Up]) -> None:
    before = NO_CAPABILITIES if os.geteuid() == 0 else None
    up = start("--demo", "--port", "0", "--seconds", "40", before=before)
    demo_is_found(up)
    assert "not root, so no real network" in up.text
