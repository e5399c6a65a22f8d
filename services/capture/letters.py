"""One record on its way to a topic, also as bytes for the spool."""

import struct
from dataclasses import dataclass

# Partition (-1: by key), length of the topic's name, length of the key (65535: none).
_HEAD = struct.Struct("<iHH")
_NO_KEY = 0xFFFF


@dataclass(frozen=True, slots=True)
class Letter:
    """One record for a topic. `lane` and `sequence` name it to who wants to know of its arrival."""

    topic: str
    value: bytes
    partition: int | None = None
    key: bytes | None = None
    lane: str = ""
    sequence: int = 0

    def pack(self) -> bytes:
        """As bytes, without lane and sequence."""
        topic, key = self.topic.encode(), self.key or b""
        partition = -1 if self.partition is None else self.partition
        key_bytes = _NO_KEY if self.key is None else len(key)
        return _HEAD.pack(partition, len(topic), key_bytes) + topic + key + self.value

    @classmethod
    def unpack(cls, data: bytes) -> "Letter":
        """From `pack`."""
        partition, topic_bytes, key_bytes = _HEAD.unpack_from(data)
        key_at = _HEAD.size + topic_bytes
        value_at = key_at + (0 if key_bytes == _NO_KEY else key_bytes)
        return cls(
            topic=data[_HEAD.size : key_at].decode(),
            value=data[value_at:],
            partition=None if partition < 0 else partition,
            key=None if key_bytes == _NO_KEY else data[key_at:value_at],
        )
