"""Settings of detection: when a finding is told again and closed, what a gate would have done."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Times are packet time.

    A finding is told again at each doubling of its count or after `update_s`, and closed after
    `quiet_s` without another attack. `block_score`: the score, 0 to 1, from which an inline gate
    would have blocked. A vulnerability is closed when it was not seen for
    `vulnerability_quiet_s`, a day. `mask_key_file`: see services/runtime/mask_key.py. `model`: of
    a replay, the model that decides whatever `policy` says: a file, or "rules".
    """

    quiet_s: int = 900
    update_s: int = 60
    block_score: float = 0.6
    vulnerability_quiet_s: int = 86_400
    mask_key_file: Path | None = None
    model: str = ""

    def __post_init__(self) -> None:
        # A finding's id holds the minute of its opening: the next one must be in another.
        if self.quiet_s < 60:
            raise ValueError("quiet_s must be at least 60")
        if self.vulnerability_quiet_s < 3_600:
            raise ValueError("vulnerability_quiet_s must be at least 3600")
        if self.update_s < 1:
            raise ValueError("update_s must be at least 1")
        if not 0.5 <= self.block_score <= 1:
            raise ValueError("block_score must be between 0.5, from which it is an attack, and 1")
