"""Seeded traffic as capture files: a shop, people, guessers of paths and passwords, attackers.

Every file is one site's five seconds of packets; sites make each file's exchanges its own. Some
attacks are answered with what they were after, and passwords of one user are guessed from many
addresses, so that partial findings and counters are added up under kills too.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from tests.unit.capture.wire import START_US, Conversation, Frame, write_pcap

FILE_S = 5
EXCHANGES_EACH = 10
WORDS = ("admin", "backup", "config", "db", "dump", "old", "private", "shell", "test", "wp-login")
ENDS = (".php", ".zip", "/", ".bak", ".sql", ".old", ".tar.gz")
PASSWD = b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
SQL_ERROR = b"You have an error in your SQL syntax; check the manual that corresponds to your MySQL"
ATTACKS = (
    (b"/item?id=1%27%20UNION%20SELECT%20name,pass%20FROM%20users--", 500, SQL_ERROR),
    (b"/search?q=%3Cscript%3Ealert(1)%3C/script%3E", 200, b"ok"),
    (b"/download?file=../../../../etc/passwd", 200, PASSWD),
    (b"/ping?host=127.0.0.1;cat%20/etc/shadow", 200, b"ok"),
)
LOG_IN = b"user=%s&password=%s%d"
USERS = (b"admin", b"root", b"shop")


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
    guesses, logs_in = dice.random() < 0.1, dice.random() < 0.1
    for turn in range(EXCHANGES_EACH):
        if logs_in:
            form = LOG_IN % (dice.choice(USERS), dice.choice(WORDS).encode(), dice.randrange(99))
            yield _pair(b"/login", 401, b"wrong password", form)
        elif guesses:
            target = f"/{dice.choice(WORDS)}{dice.randrange(9)}{dice.choice(ENDS)}".encode()
            yield _pair(target, 404, b"not here")
        elif dice.random() < 0.02:
            yield _pair(*dice.choice(ATTACKS))
        else:
            number = dice.randrange(10_000)
            body = b'{"id": %d, "name": "thing %d", "price": %d.5}' % (number, turn, number % 90)
            yield _pair(b"/api/items/%d?page=%d" % (number, turn), 200, body)


def _pair(target: bytes, status: int, body: bytes, form: bytes = b"") -> tuple[bytes, bytes]:
    request = b"%s %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: test\r\n" % (
        b"POST" if form else b"GET", target,
    )  # fmt: skip
    if form:
        kind = b"application/x-www-form-urlencoded"
        request += b"Content-Type: %s\r\nContent-Length: %d\r\n" % (kind, len(form))
    request += b"\r\n" + form
    kind = b"application/json" if body[:1] == b"{" else b"text/plain"
    head = b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return request, head % (status, kind, len(body)) + body
