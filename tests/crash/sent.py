"""What the written files hold, compared with the exchanges that are on the topic.

The truth is what the cores make of the files in this process, and how many requests were written:
nothing of it went through an agent's outbox or Kafka, so what got lost there is seen.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from confluent_kafka import Message

from schemas.topics import topics
from services.capture.settings import Settings
from services.runtime.whole import read_whole
from tests.broker.packet_path import PacketPath, direct, letters, plain

BLOCK_BYTES = Settings().block_bytes
# Sites named in the report; the numbers count all of them.
NAMED_MAX = 5


@dataclass(slots=True)
class Sent:
    """The exchanges of each site: digests of key and value, as often as there are."""

    sites: dict[str, Counter[bytes]] = field(default_factory=dict)
    written: int = 0
    """Requests that the generator wrote."""

    def add(self, site: str, path: Path, written: int) -> None:
        """A file of so many requests, to be sent as this site."""
        partitions = topics()["packets"].partitions
        records = plain(direct([path], site, partitions=partitions, block_bytes=BLOCK_BYTES))
        self.sites[site] = Counter(_digest(key, value) for key, value in records)
        self.written += written

    def total(self) -> int:
        """Exchanges that the files hold."""
        return sum(digests.total() for digests in self.sites.values())


def on_topic(kafka: Mapping[str, str]) -> dict[str, Counter[bytes]]:
    """The exchanges on the broker, by site. Watermarks have no key."""
    found: dict[str, Counter[bytes]] = {}

    def each(message: Message) -> None:
        key = message.key()
        if key is not None:
            site = key.partition(b"/")[0].decode()
            found.setdefault(site, Counter())[_digest(key, message.value())] += 1

    read_whole(kafka, [("exchanges", p) for p in range(topics()["exchanges"].partitions)], each)
    return found


def apart(sent: Sent, found: Mapping[str, Counter[bytes]]) -> list[str]:
    """Every way in which they differ, in one sentence each."""
    wrong = []
    if sent.total() != sent.written:
        wrong.append(f"files: {sent.written} requests, but {sent.total()} exchanges in them")
    lost, more = Counter[str](), Counter[str]()
    for site in sent.sites.keys() | found.keys():
        wanted, there = sent.sites.get(site, Counter()), found.get(site, Counter())
        lost[site], more[site] = (wanted - there).total(), (there - wanted).total()
    for what, sites in (("lost or other", +lost), ("twice or other", +more)):
        if sites:
            named = ", ".join(f"{site} {n}" for site, n in sites.most_common(NAMED_MAX))
            wrong.append(
                f"exchanges of the files: {sites.total()} {what}, in {len(sites)} sites: {named}"
            )
    return wrong


def send_without_a_block(bootstrap: str, site: str, path: Path) -> None:
    """What a broken agent would do: all of a file but one block of packets."""
    partitions = topics()["packets"].partitions
    all_letters = letters([path], site, partitions, BLOCK_BYTES)
    blocks = [at for at, letter in enumerate(all_letters) if letter.topic == "packets"]
    # The longest one holds packets; a heartbeat would be missed by nobody.
    longest = max(blocks, key=lambda at: len(all_letters[at].value))
    PacketPath(bootstrap, path.parent).post(all_letters[:longest] + all_letters[longest + 1 :])


def _digest(key: bytes | None, value: bytes | None) -> bytes:
    made = blake2b(key or b"", digest_size=16)
    made.update(b"\0" + (value or b""))
    return made.digest()
