"""The `[capture]` section: one agent on one host."""

import os
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from schemas.topics import topics

TOPIC = "packets"


def _default_data() -> Path:
    if os.geteuid() == 0:  # Not root's home: the process does not stay root.
        return Path("/var/lib/sidetap/capture")
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "sidetap" / "capture"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetRule:
    """Packets from or to a subnet, kept or left out before they are sent, counted by name."""

    name: str
    action: Literal["include", "exclude"]
    cidr: str

    def __post_init__(self) -> None:
        try:
            ip_network(self.cidr)
        except ValueError as error:
            raise ValueError(f"rule {self.name}: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an agent captures and how it sends it.

    `site` separates networks whose addresses may be equal. `agent` names this agent: empty, a
    file goes by its name and an interface by host and interface. `filter` is a tcpdump
    expression. `partitions` is the width of the topic: 0 asks Kafka. `data` holds progress, state
    and spool. `spool_bytes` bounds the disk that each interface may use while Kafka is away;
    with `spool_fsync` what is spooled survives a power cut too. `user` is who the process
    continues as once its sockets are open (empty: who called sudo, else nobody; root: no change).
    `key_log` is a TLS key log to follow beside an interface; `user` must be allowed to read it.
    Listeners for tunnels take `listen_address` (empty: all), as large a socket buffer as the
    kernel grants of `listen_buffer_bytes`, and of networks only `vnis` (empty: all).
    """

    site: str = "default"
    agent: str = ""
    filter: str = ""
    subnets: tuple[SubnetRule, ...] = ()
    vlan_in_flow: bool = False
    partitions: int = 0
    block_bytes: int = 262_144
    linger_us: int = 20_000
    data: Path = field(default_factory=_default_data)
    spool_bytes: int = 1_073_741_824
    spool_fsync: bool = False
    user: str = ""
    ring_block_bytes: int = 1_048_576
    ring_blocks: int = 64
    key_log: str = ""
    listen_address: str = ""
    listen_buffer_bytes: int = 67_108_864
    vnis: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.site or "/" in self.site:
            raise ValueError("site must be a name without a slash")
        if self.partitions < 0:
            raise ValueError("partitions must not be negative")
        if not all(0 <= vni < 1 << 24 for vni in self.vnis):
            raise ValueError("vnis are network ids between 0 and 16777215")
        if not 4_096 <= self.block_bytes <= topics()[TOPIC].record_bytes // 2:
            raise ValueError("block_bytes must be between 4096 and 2097152")

    def shaping(self) -> dict[str, object]:
        """All that decides how a file's packets become blocks, apart from agent and partitions."""
        return {
            "site": self.site,
            "filter": self.filter,
            "subnets": [(rule.name, rule.action, rule.cidr) for rule in self.subnets],
            "vlan_in_flow": self.vlan_in_flow,
            "block_bytes": self.block_bytes,
            "linger_us": self.linger_us,
        }
