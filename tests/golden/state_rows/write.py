"""State rows of this version, kept for those that come: `python -m tests.golden.state_rows.write`.

One connection is cut in the middle of a request's head, one in the middle of a response's body,
one waits behind a hole, one for answers to pipelined requests, one is idle. A row is a line: key
and value in hex. The file's name is the version of its rows; once that version has shipped, its
file stays, and a change of form takes the next number (native/src/snapshot.rs).
"""

import json
from pathlib import Path

import sidetap_native as native

from tests.packet_blocks import SECOND_US, START_US, SYN, Packet, block, segment

FOLDER = Path(__file__).parent
FIRST_PORT = 40_000
STEP_US = 1_000
CLIENT_ISN, SERVER_ISN = 1_000, 5_000
COOKIE = b"Cookie: " + b"c" * 3_000 + b"\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: h\r\n" + COOKIE + b"Content-Length: 5\r\n\r\nhello"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4000\r\n\r\n" + b"p" * 4_000
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\nX-Sum: 11\r\n\r\n"
)


def get(path: bytes) -> bytes:
    """A request without a body."""
    return b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path


class Talk:
    """One connection: `seen` before the cut, `rest` after it."""

    def __init__(self, number: int) -> None:
        self.packets: list[Packet] = []
        self._port = FIRST_PORT + number
        self._at_us = START_US + number * 100 * STEP_US
        self._next = [CLIENT_ISN, SERVER_ISN]
        for to_server in (True, False):
            self._add(b"", to_server=to_server, flags=SYN)
            self._next[not to_server] += 1

    def ask(self, data: bytes) -> None:
        """The client says this."""
        self._say(data, to_server=True)

    def answer(self, data: bytes) -> None:
        """The server does."""
        self._say(data, to_server=False)

    def take(self) -> list[Packet]:
        """What was said since the last call."""
        taken, self.packets = self.packets, []
        return taken

    def _say(self, data: bytes, *, to_server: bool) -> None:
        for at in range(0, len(data), 1_000):
            part = data[at : at + 1_000]
            self._add(part, to_server=to_server)
            self._next[not to_server] += len(part)

    def _add(self, data: bytes, *, to_server: bool, flags: int = 0) -> None:
        seq, ack = self._next[not to_server], self._next[to_server]
        first = flags == SYN and to_server
        self.packets.append(
            segment(data, at_us=self._at_us, to_server=to_server, seq=seq,
                    ack=None if first else ack, flags=flags, port=self._port)
        )  # fmt: skip
        self._at_us += STEP_US


def halves() -> tuple[list[Packet], list[Packet]]:
    """Packets before and after the cut."""
    head, body, hole, pipelined, idle = (Talk(number) for number in range(5))
    head.ask(POST[:1_700])
    body.ask(get(b"/page"))
    body.answer(PAGE[:2_500])
    hole.ask(get(b"/hole"))
    hole.answer(PAGE)
    lost = hole.packets.pop(-3)
    pipelined.ask(get(b"/1") + get(b"/2") + POST)
    pipelined.answer(OK + CHUNKED[:60])
    idle.ask(get(b"/idle"))
    idle.answer(OK)
    seen = [packet for talk in (head, body, hole, pipelined, idle) for packet in talk.take()]
    head.ask(POST[1_700:])
    head.answer(OK)
    body.answer(PAGE[2_500:])
    pipelined.answer(CHUNKED[60:] + OK)
    idle.ask(get(b"/again"))
    idle.answer(OK)
    rest = [lost, *(p for talk in (head, body, pipelined, idle) for p in talk.take())]
    return seen, rest


def records() -> tuple[bytes, list[bytes]]:
    """The block before the cut, and those after it."""
    seen, rest = halves()
    clock_us = max(packet.at_us for packet in seen)
    end_us = max(packet.at_us for packet in rest) + SECOND_US
    after = [block(rest, 1, clock_us), block([], 2, end_us, kind="end")]
    return block(seen, 0, START_US), after


def rows() -> list[tuple[bytes, bytes]]:
    """What a worker has written at the cut."""
    reassembler = native.Reassembler("packets/0")
    assert reassembler.feed([records()[0]]) == []
    return [(key, value) for key, value in reassembler.take().rows if value is not None]


def version(found: list[tuple[bytes, bytes]]) -> int:
    """Of these rows: the first byte of each but the pieces'."""
    (number,) = {value[0] for key, value in found if key[:1] != b"p"}
    return number


def read(path: Path) -> list[tuple[bytes, bytes]]:
    """The rows of a file."""
    lines = (json.loads(line) for line in path.read_text().splitlines())
    return [(bytes.fromhex(line["key"]), bytes.fromhex(line["value"])) for line in lines]


def main() -> None:
    """Write the file of this version."""
    made = rows()
    lines = [json.dumps({"key": key.hex(), "value": value.hex()}) + "\n" for key, value in made]
    (FOLDER / f"v{version(made)}.jsonl").write_text("".join(lines))


if __name__ == "__main__":
    main()
