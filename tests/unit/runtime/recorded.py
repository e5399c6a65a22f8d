"""What reaches every core of every service in the pipeline: seeded traffic, worked through once."""

import importlib
import random
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from schemas.codec import encode
from services.runtime.core import Event, Output, Service
from services.runtime.inline import Pipeline
from services.runtime.run import make_service
from services.runtime.settings import Deployment
from tests.traffic import exchange, halves, watermark
from tests.unit.capture.wire import shop, write_pcap

TREE = Path(__file__).parent.parent.parent.parent
SERVICES = sorted(path.parent.name for path in TREE.glob("services/*/worker.py"))
SERVICES.remove("runtime")
# Enough that tables have rows to restore and windows close; all services in a few seconds.
EXCHANGES = 150
# Paths that one client guesses in a quarter of a minute.
WORDS = ("admin", "backup", "config", "db", "dump", "old", "phpinfo", "shell", "test")
WALK = [f"/{word}{end}" for end in (".php", ".zip", "/", ".bak", ".sql") for word in WORDS]
CHUNK = 25
# Passwords that one client guesses, and then many: as many as a chunk, so that the rest is cut as
# without them.
GUESSES = CHUNK
# An object that browsing follows a walk from: its CRC-32 is a multiple of sixteen.
FOLLOWED = "/users/28"
PATHS = ("/", "/login?user=a'%20OR%20'1'='1", FOLLOWED, "/users/18/orders/5", "/search?q=shoes")
# Of every answer, so that there are vulnerabilities to add up.
LEAKING = (
    (b"Content-Type", b"application/json"),
    (b"Server", b"Apache/2.4.49"),
    (b"Set-Cookie", b"PHPSESSID=kD83hfLq02Zx; path=/"),
)
# Of the last guess of one client, which is right: it begins a session.
LET_IN = ((b"Location", b"/account"), (b"Set-Cookie", b"PHPSESSID=Jw81mdPzX0rt; path=/"))


@cache
def made(name: str) -> Service:
    """A real service, with the settings of a deployment that says nothing."""
    return make_service(name, Deployment({}, {}))


def traffic() -> Iterator[Output]:
    """Clients that look around, guess paths and passwords and attack, in the order of time."""
    dice = random.Random(3)
    for serial, path in enumerate(WALK):
        record = exchange(path, 404, at_s=serial * 0.3, client="203.0.113.9")
        yield Output("exchanges", record.client_ip.encode(), encode(record))
    for serial in range(2 * GUESSES):
        alone = serial < GUESSES
        form = b"user=%s&password=guess-%d" % (b"eve" if alone else b"joe", serial)
        client = "203.0.113.8" if alone else f"192.0.2.{serial % 10}"
        guessed = serial == GUESSES - 1
        record = exchange(
            "/login", 302 if guessed else 401, got_headers=LET_IN if guessed else (),
            at_s=len(WALK) * 0.3 + serial * 0.1, client=client,
            method="POST", sent=form, serial=serial,
        )  # fmt: skip
        yield Output("exchanges", record.client_ip.encode(), encode(record))
    for serial in range(CHUNK):
        record = exchange(
            f"/dump{serial % 3}.sql", 200, at_s=len(WALK) * 0.5 + serial * 0.1, serial=serial,
            client="203.0.113.7", got=b"<h1>Sorry</h1>",
            got_headers=((b"Content-Type", b"text/html"),),
        )  # fmt: skip
        yield Output("exchanges", record.client_ip.encode(), encode(record))
    for serial in range(EXCHANGES):
        at_s = len(WALK) + serial * 4
        guess = dice.random() < 0.4
        path = f"/backup-{dice.randrange(60)}.zip" if guess else dice.choice(PATHS)
        whole = exchange(
            path,
            404 if guess else 200,
            at_s=at_s,
            client=f"198.51.100.{dice.randrange(4)}",
            got=b'{"id": %d, "name": "x"}' % serial,
            got_headers=LEAKING,
            serial=serial,
        )
        for record in halves(whole) if dice.random() < 0.2 else [whole]:
            yield Output("exchanges", record.client_ip.encode(), encode(record))
        if serial % 10 == 9:
            yield Output("exchanges", None, encode(watermark(at_s - 1)))
    end = watermark(len(WALK) + EXCHANGES * 4, released=True)
    yield Output("exchanges", None, encode(end))


def blocks(folder: Path) -> list[Output]:
    """What an agent makes of a capture file."""
    native = importlib.import_module("sidetap_native")
    file = native.CaptureFile(str(write_pcap(folder / "shop.pcap", shop(5, 6))))
    packer = native.Packer(site="s", agent="a", epoch="e", partitions=1, block_bytes=2_000)
    packed = []
    while not file.done:
        packed += packer.read(file, 100)
    packed += packer.end()
    return [Output("packets", None, block.record) for block in packed]


def record_all(folder: Path) -> dict[str, list[Event]]:
    """Every record of every topic when all services run on the traffic."""
    services = [made(name) for name in SERVICES]
    topics = {topic for service in services for topic in service.inputs} | {"findings"}
    pipeline, events = Pipeline(services, topics), defaultdict[str, list[Event]](list)
    records = [*traffic(), *blocks(folder)]
    for first in range(0, len(records), CHUNK):
        for output in pipeline.feed(records[first : first + CHUNK]):
            known = events[output.topic]
            known.append(Event(output.topic, 0, len(known), output.key, output.value))
    return events


def cores() -> Iterator[tuple[str, str]]:
    """(service, input topic) of every core there is."""
    for name in SERVICES:
        yield from ((name, topic) for topic in made(name).inputs)
