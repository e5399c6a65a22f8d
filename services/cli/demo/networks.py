"""Two network namespaces and a mirror between them, as a switch's mirror port would give it.

    shop namespace                visitors' namespace
    shop0 ─────────── veth ─────────── visit0 (all visitors' addresses)
      │ tc mirred, both directions
    copy0 ─────────── veth ─────────── the tap: in our own namespace, where the agent listens

Names carry our process id, so what a killed demo left behind is found and removed by the next.
"""

import contextlib
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.cli.demo.story import BROWSER, CUSTOMERS, INJECTOR, MONITOR, SCANNER, SHOP
from services.cli.refusal import RefusedError

PREFIX = "sidetap"
NAMESPACES = Path("/run/netns")
ANSWER_S_MAX = 20


@dataclass(frozen=True, slots=True)
class Networks:
    """The names of one demo's namespaces and tap."""

    owner_pid: int

    @property
    def shop(self) -> str:
        """Namespace of the shop."""
        return f"{PREFIX}-shop-{self.owner_pid}"

    @property
    def visitors(self) -> str:
        """Namespace of customers and attackers."""
        return f"{PREFIX}-visit-{self.owner_pid}"

    @property
    def tap(self) -> str:
        """The interface that receives the mirror; at most 15 characters (IFNAMSIZ)."""
        return f"stap{self.owner_pid}"

    def inside(self, namespace: str, *command: str) -> list[str]:
        """A command that runs inside a namespace."""
        return ["ip", "netns", "exec", namespace, *command]

    def make(self) -> None:
        """Make everything; what is half made is removed before the refusal."""
        try:
            for command in self._commands():
                _run(command)
        except RefusedError:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove what is there; nothing there is fine. Devices go with their namespaces."""
        for namespace in (self.shop, self.visitors):
            if (NAMESPACES / namespace).exists():
                _end_processes(namespace)
                _run(["ip", "netns", "delete", namespace])
        if Path("/sys/class/net", self.tap).exists():
            subprocess.run(
                ["ip", "link", "delete", self.tap],
                check=False, capture_output=True, timeout=ANSWER_S_MAX,
            )  # fmt: skip

    def _commands(self) -> list[list[str]]:
        shop, visit, tap = self.shop, self.visitors, self.tap
        # Tools that choose no address of their own get the first.
        visitors = (SCANNER, *CUSTOMERS, INJECTOR, BROWSER, MONITOR)
        lines = [
            f"ip netns add {shop}",
            f"ip netns add {visit}",
            f"ip link add shop0 netns {shop} type veth peer name visit0 netns {visit}",
            f"ip link add copy0 netns {shop} type veth peer name {tap}",
            *(f"ip -n {visit} address add {address}/24 dev visit0" for address in visitors),
            f"ip -n {shop} address add {SHOP}/24 dev shop0",
            # Only what is mirrored shall arrive at the tap: no router solicitations of its own.
            f"ip link set {tap} addrgenmode none",
            f"ip -n {shop} link set copy0 addrgenmode none",
            *(f"ip -n {space} link set {device} up" for space, device in (
                (shop, "lo"), (shop, "shop0"), (shop, "copy0"), (visit, "lo"), (visit, "visit0"),
            )),
            f"ip link set {tap} up",
            f"tc -n {shop} qdisc add dev shop0 clsact",
            *(
                f"tc -n {shop} filter add dev shop0 {side} protocol all prio 1 u32 match u32 0 0 "
                "action mirred egress mirror dev copy0"
                for side in ("ingress", "egress")
            ),
        ]  # fmt: skip
        return [line.split() for line in lines]


def sweep() -> list[str]:
    """Remove what demos left behind whose process is gone; the names of what was removed."""
    found = [p.name for folder in (NAMESPACES, Path("/sys/class/net")) if folder.exists()
             for p in folder.iterdir()]  # fmt: skip
    pattern = re.compile(rf"(?:{PREFIX}-(?:shop|visit)-|stap)(\d+)")
    owners = {int(match[1]) for name in found if (match := pattern.fullmatch(name))}
    stale = sorted(pid for pid in owners if not _alive(pid))
    for pid in stale:
        Networks(pid).remove()
    return [Networks(pid).shop for pid in stale]


def _end_processes(namespace: str) -> None:
    """A namespace lives as long as a process in it; those in ours are ours."""
    listed = subprocess.run(
        ["ip", "netns", "pids", namespace],
        check=False, capture_output=True, text=True, timeout=ANSWER_S_MAX,
    )  # fmt: skip
    for pid in listed.stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=ANSWER_S_MAX, check=False
    )
    if done.returncode:
        why = (done.stderr or done.stdout).strip().splitlines()
        raise RefusedError(
            f"the demo's network could not be made: `{' '.join(command)}` said "
            f"{why[0] if why else 'nothing'!r}."
        )
