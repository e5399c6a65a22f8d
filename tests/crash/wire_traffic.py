"""Seeded traffic as capture files: a shop, people, guessers of paths and attackers.

Every file is one site's five seconds of packets; sites make each file's exchanges its own.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from tests.unit.capture.wire import START_US, Conversation, Frame, write_pcap

FILE_S = 5
EXCHANGES_EACH = 10
WORDS = ("admin", "backup", "config", "db", "dump", "old", "private", "shell", "test", "wp-login")
ENDS = (".php", ".zip", "/", ".bak", ".sql", ".old", ".tar.gz")
ATTACKS = (
    b"/item?id=1%27%20UNION%20SELECT%20name,pass%20FROM%20users--",
    b"/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    b"/download?file=../../../../etc/passwd",
    b"/ping?host=127.0.0.1;cat%20/etc/shadow",
)


def write_file(path: Path, seed: int, per_s: int) -> int:
    """One capture file with so many exchanges a second; how many it holds."""
    dice = random.Random(seed)
    connections = FILE_S * per_s // EXCHANGES_EACH
    frames: list[Frame] = []
    for number in range(connections):
        frames += _connection(dice, number, connections)
    write_pcap(path, sorted(frames, key=lambda frame: frame.at_us))
    return connections * EXCHANGES_EACH


def _connection(dice: random.Random, number: int, connections: int) -> list[Frame]:
    talk = Conversation(
        client=f"198.51.{100 + dice.randrange(4)}.{dice.randrange(1, 250)}",
        client_port=20_000 + number,
        at_us=START_US + number * FILE_S * 1_000_000 // connections,
    ).open()
    for request, response in _visit(dice):
        talk.exchange(request, response)
    return talk.close().frames


def _visit(dice: random.Random) -> Iterator[tuple[bytes, bytes]]:
    """What one connection asks: most look around, some guess, few attack."""
    guesses = dice.random() < 0.1
    for turn in range(EXCHANGES_EACH):
        if guesses:
            target = f"/{dice.choice(WORDS)}{dice.randrange(9)}{dice.choice(ENDS)}".encode()
            yield _pair(target, 404, b"not here")
        elif dice.random() < 0.02:
            yield _pair(dice.choice(ATTACKS), 200, b"ok")
        else:
            number = dice.randrange(10_000)
            body = b'{"id": %d, "name": "thing %d", "price": %d.5}' % (number, turn, number % 90)
            yield _pair(b"/api/items/%d?page=%d" % (number, turn), 200, body)


def _pair(target: bytes, status: int, body: bytes) -> tuple[bytes, bytes]:
    request = b"GET %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: test\r\n\r\n" % target
    kind = b"application/json" if body[:1] == b"{" else b"text/plain"
    head = b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return request, head % (status, kind, len(body)) + body
