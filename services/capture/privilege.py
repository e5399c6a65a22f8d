"""What an agent may do: little, and after its sockets are open, nothing that others may not.

The right to open packet sockets (CAP_NET_RAW) is needed once; the socket stays open without it.
A parser of hostile packets must not run as root.
"""

import ctypes
import errno
import os
import pwd
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Linux capabilities, version 3: a header and two triples of 32-bit sets.
_CAPABILITY_VERSION_3 = 0x2008_0522
_PR_SET_NO_NEW_PRIVS = 38
FALLBACK_USER = "nobody"


@dataclass(frozen=True, slots=True)
class User:
    """Whom the process becomes."""

    name: str
    uid: int
    gid: int


def chosen_user(wanted: str, environment: Mapping[str, str] = os.environ) -> User:
    """The user of the settings, else who called sudo, else nobody.

    Raises ValueError when there is no such user.
    """
    try:
        if wanted:
            entry = pwd.getpwnam(wanted)
        elif environment.get("SUDO_UID", "0") not in ("", "0"):
            entry = pwd.getpwuid(int(environment["SUDO_UID"]))
        else:
            entry = pwd.getpwnam(FALLBACK_USER)
    except (KeyError, ValueError):
        who = wanted or environment.get("SUDO_UID", FALLBACK_USER)
        raise ValueError(f"there is no user {who} to continue as") from None
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


def hand_over(folder: Path, user: User) -> None:
    """Make a folder and what is in it the user's, so that it stays writable after `drop`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def drop(user: User) -> None:
    """Become the user for good and give up every capability. There is no way back."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
    _give_up_capabilities()
    if user.uid != 0 and os.geteuid() == 0:
        raise OSError(errno.EPERM, "the process is still root")
    # Capabilities belong to threads: one that was started before would keep its own.
    if effective_capabilities() != 0:
        raise OSError(errno.EPERM, "a thread has kept capabilities")


def _give_up_capabilities() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capabilities could not be given up")
    # A set-uid program started later must not give back what was given up.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs could not be set")


def effective_capabilities() -> int:
    """Those of all threads of this process together, as Linux shows them; 0: none."""
    found = 0
    for thread in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # A thread that has just ended.
            for line in (thread / "status").read_text().splitlines():
                if line.startswith("CapEff:"):
                    found |= int(line.split()[1], 16)
    return found
