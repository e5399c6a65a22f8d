"""topics.toml as values. Unknown or missing keys are refused, so the table cannot have a typo."""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "topics.toml"
# The segment that is written to is never compacted; by default that is 1 GiB to read at a restore.
COMPACTED_SEGMENT_BYTES = 67_108_864
COMPACTED_AFTER_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic; the keys are explained at the head of topics.toml."""

    name: str
    schema: tuple[str, ...]
    key: str
    partitions: int
    cleanup: str
    retention_h: int
    retention_bytes: int
    record_bytes: int
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    sensitive: bool
    doc: str

    def settings(self) -> dict[str, str]:
        """Topic settings for the broker.

        Delete topics are stamped by the broker (LogAppendTime), so that retention does not
        depend on the time inside a replayed capture.
        """
        retention_ms = self.retention_h * 3_600_000 if self.retention_h >= 0 else -1
        settings = {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": str(self.record_bytes + 65_536),
            "message.timestamp.type": "LogAppendTime",
        }
        if self.cleanup == "compact":
            # docs/decisions/0012: begin early, but keep what a restart may still ask for.
            settings["segment.bytes"] = str(COMPACTED_SEGMENT_BYTES)
            settings["min.compaction.lag.ms"] = str(COMPACTED_AFTER_MS)
        if self.cleanup == "delete":
            settings["retention.ms"] = str(retention_ms)
            settings["retention.bytes"] = str(self.retention_bytes)
        elif retention_ms >= 0:
            settings["cleanup.policy"] = "compact,delete"
            settings["retention.ms"] = str(retention_ms)
        return settings


@cache
def topics() -> dict[str, Topic]:
    """Every topic by name, in the order of the table."""
    return {name: _topic(name, row) for name, row in tomllib.loads(TABLE.read_text()).items()}


def _topic(name: str, row: dict[str, object]) -> Topic:
    wanted = {field.name for field in fields(Topic)} - {"name"}
    if row.keys() != wanted:
        wrong = ", ".join(sorted(row.keys() ^ wanted))
        raise ValueError(f"topics.toml, [{name}]: missing or unknown: {wrong}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return Topic(name=name, **values)  # type: ignore[arg-type]  # the test checks each type
