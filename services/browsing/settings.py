"""Settings of browsing: what counts as missing, how much is too much."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

# Beyond so many clients a path is "several clients' path" anyway; a row has no place for more.
CLIENTS_MAX = 16
# A walk keeps so many distinct missing paths exactly: with some 11 bytes each, and an open
# finding beside it, a client stays under 2 KiB. No threshold can ask for more.
MISSES_MAX = 64
# Of attempts at doors a client keeps so many distinct ones, some 22 bytes each.
TRIES_MAX = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Thresholds in packet time.

    `statuses` are the answers of a server for what is not there or not for everyone. `burst_*`
    and `slow_*`: that many distinct missing paths in the window, when they are at least that
    share of the distinct paths asked for. A path that `shared_clients` clients missed is broken,
    not hunted. A finding is closed after `*_quiet_s` without a miss and told again at each
    doubling or after `*_update_s`. `login_*`: so many distinct passwords for one user, or users,
    refused in the window; `login_slow_*` the same for patient ones. `objects`: that many of one
    operation in the window. `flood_busy`: so many requests' worth of servers kept busy by a
    session, on average over the window. `payloads`: that many distinct ones of one client, of
    three kinds of attack, in the window. `crowd_*`: that many clients, in the window, that act as
    one; so many users refused. Clients in `trusted` networks (own monitoring and scanners) are
    never flagged. `mask_key_file`: see services/runtime/mask_key.py.
    """

    statuses: tuple[int, ...] = (403, 404, 410, 444)
    burst_paths: int = 30
    burst_window_s: int = 30
    burst_share: float = 0.5
    burst_quiet_s: int = 300
    burst_update_s: int = 60
    slow_paths: int = 60
    slow_window_s: int = 86_400
    slow_share: float = 0.8
    slow_quiet_s: int = 21_600
    slow_update_s: int = 3_600
    shared_clients: int = 4
    login_tries: int = 15
    login_window_s: int = 600
    login_slow_tries: int = 30
    login_slow_window_s: int = 86_400
    objects: int = 50
    objects_window_s: int = 600
    flood_busy: float = 8.0
    flood_window_s: int = 60
    payloads: int = 6
    payloads_window_s: int = 3_600
    crowd_clients: int = 8
    crowd_users: int = 50
    crowd_window_s: int = 21_600
    advice_s: int = 3_600
    trusted: tuple[str, ...] = ()
    mask_key_file: Path | None = None

    def __post_init__(self) -> None:
        for name in ("burst_paths", "slow_paths"):
            if not 1 <= getattr(self, name) <= MISSES_MAX:
                raise ValueError(f"{name} must be between 1 and {MISSES_MAX}")
        for name in ("login_tries", "login_slow_tries"):
            if not 5 <= getattr(self, name) <= TRIES_MAX:
                raise ValueError(f"{name} must be between 5 and {TRIES_MAX}")
        for name in (
            "login_window_s",
            "login_slow_window_s",
            "crowd_window_s",
            "objects_window_s",
            "flood_window_s",
            "payloads_window_s",
            "burst_window_s",
            "slow_window_s",
            "burst_update_s",
            "slow_update_s",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("burst_share", "slow_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a share: 0.5 is half")
        if not 2 <= self.shared_clients <= CLIENTS_MAX:
            # One client alone would excuse every path that it misses.
            raise ValueError(f"shared_clients must be between 2 and {CLIENTS_MAX}")
        for name, most in (
            ("objects", 32_768),
            ("payloads", MISSES_MAX),
            ("crowd_clients", MISSES_MAX),
            ("crowd_users", 1_000_000),
        ):
            if not 2 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between 2 and {most}")
        if not self.flood_busy >= 1:
            raise ValueError("flood_busy must be at least 1: who waits for answers costs as much")
        if self.advice_s < 1:
            raise ValueError("advice_s must be at least 1")
        for name in ("burst_quiet_s", "slow_quiet_s"):
            # A finding's id holds the minute of its opening: the next one must be in another.
            if getattr(self, name) < 60:
                raise ValueError(f"{name} must be at least 60")
        for network in self.trusted:
            ipaddress.ip_network(network)
