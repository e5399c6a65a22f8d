"""How every part of sidetap talks to Kafka: one place for client settings and for names.

What a deployment says under [kafka] (TLS, SASL, compression) wins over the defaults here, but
not over what exactness rests on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Config = dict[str, str | int | float | bool]

# Larger than any topic's record_bytes with its head (schemas/topics.toml).
RECORD_BYTES_MAX = 5_308_416
# A batch of exchanges compresses to a third; lz4 costs a fifth of zstd (reference measurement:
# 165 against 61 MB/s).
PRODUCING: Config = {
    "compression.type": "lz4",
    "batch.size": 1_000_000,
    "linger.ms": 5,
    "queue.buffering.max.kbytes": 131_072,
    "message.max.bytes": RECORD_BYTES_MAX,
}
PRODUCING_ALWAYS: Config = {
    "acks": "all",
    "enable.idempotence": True,
    # As the Java clients do, so that foreign producers choose the same partition for a key.
    "partitioner": "murmur2_random",
}
CONSUMING: Config = {
    "fetch.message.max.bytes": RECORD_BYTES_MAX,
    "fetch.wait.max.ms": 50,
    # What waits in the client, in all: two batches.
    "queued.max.messages.kbytes": 32_768,
    "auto.offset.reset": "earliest",
}
CONSUMING_ALWAYS: Config = {
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
}
ALL: Config = {
    "client.id": "sidetap",
    # librdkafka's own lines: what matters comes back as an error.
    "log_level": 3,
    # A leader that moved is found again within a second, not after five minutes.
    "topic.metadata.refresh.interval.ms": 30_000,
    "reconnect.backoff.max.ms": 2_000,
}


def producing(kafka: Mapping[str, str], **more: str | int) -> Config:
    """Settings of a producer; names in `more` have _ for a dot."""
    return {**ALL, **PRODUCING, **_of_clients(kafka), **PRODUCING_ALWAYS, **_dotted(more)}


def consuming(kafka: Mapping[str, str], **more: str | int) -> Config:
    """Settings of a consumer; names in `more` have _ for a dot."""
    return {**ALL, **CONSUMING, **_of_consumers(kafka), **CONSUMING_ALWAYS, **_dotted(more)}


def administering(kafka: Mapping[str, str]) -> Config:
    """Settings of an admin client."""
    return {**ALL, **{k: v for k, v in kafka.items() if k not in (*PRODUCING, *CONSUMING)}}


def _of_clients(kafka: Mapping[str, str]) -> Config:
    return {name: value for name, value in kafka.items() if name not in CONSUMING}


def _of_consumers(kafka: Mapping[str, str]) -> Config:
    return {name: value for name, value in kafka.items() if name not in PRODUCING}


def _dotted(more: Mapping[str, str | int]) -> Config:
    return {name.replace("_", "."): value for name, value in more.items()}


@dataclass(frozen=True, slots=True)
class Run:
    """The deployment itself, or a replay beside it (design §4.12).

    A replay has a name, which stands before every topic it writes, its groups, its transactional
    ids and its state. It reads its own topics, but for `policy` and those in `reads`, and these
    only up to `ends`: next offsets by (topic, partition).
    """

    name: str = ""
    reads: frozenset[str] = frozenset()
    ends: Mapping[tuple[str, int], int] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """ "" or "run.NAME."."""
        return f"run.{self.name}." if self.name else ""

    def written(self, topic: str) -> str:
        """Name on the broker of a topic to write or of a group."""
        return self.prefix + topic

    def read(self, topic: str) -> str:
        """Name on the broker of a topic to read."""
        return topic if topic == "policy" or topic in self.reads else self.prefix + topic
