"""Settings of discovery: what is called an operation."""

from dataclasses import dataclass

from services.discovery.wildcards import PATTERN

# Changes are remembered for a little longer than this.
GONE_S_MAX = 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Admission: so many successful requests, the last at least so long after the first.

    What is not admitted stays in the inventory and says so. A parameter is told when more than
    this share of the successful requests had it. Names under one path prefix are values when
    that many look alike (`siblings_min`).

    Hosts that a pattern of `wildcard_hosts` fits (*.shop.example) are one host of that name.

    Changes are told of what has been known for longer than `baseline_s`: before, everything is
    new. An operation or parameter is unused after `unused_s` without a request, an operation is
    gone after `gone_s`.

    `store` is the URL of a database that a process beside the workers keeps the inventory in:
    sqlite:///PATH or postgresql://USER@HOST/NAME.
    """

    min_count: int = 2
    min_time_s: int = 300
    parameter_share: float = 0.01
    siblings_min: int = 20
    baseline_s: int = 86_400
    unused_s: int = 604_800
    gone_s: int = 2_592_000
    methods_ignored: tuple[str, ...] = ("HEAD", "OPTIONS")
    wildcard_hosts: tuple[str, ...] = ()
    store: str | None = None

    def __post_init__(self) -> None:
        if self.min_count < 1 or self.min_time_s < 0:
            raise ValueError("min_count must be at least 1, min_time_s at least 0")
        if not 0 <= self.parameter_share < 1:
            raise ValueError("parameter_share must be a share: 0.01 is one in a hundred")
        if self.baseline_s < 0 or not 86_400 <= self.unused_s < self.gone_s <= GONE_S_MAX:
            raise ValueError("unused_s must be a day or more, and less than gone_s: at most a year")
        if not all(map(PATTERN.fullmatch, self.wildcard_hosts)):
            raise ValueError("wildcard_hosts are like *.shop.example, in small letters")
        if self.siblings_min < 2:
            raise ValueError("siblings_min must be at least 2")
