"""Lists and limits said, `sidetap report limits` and `denylist`, against a real Kafka."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.codec import encode
from services.cli.__main__ import run
from services.runtime.kafka_local import LocalKafka
from tests.findings import finding
from tests.traffic import START_US, exchange

SINCE = "2020-01-01T00:00:00Z"
PEOPLE = [
    exchange("/login", at_s=60 * n + i, client=f"198.51.100.{n}", method="POST", serial=i)
    for n in range(30)
    for i in range(2)
]
GUESSES = [
    exchange("/login", 401, at_s=i / 2, client="203.0.113.9", method="POST") for i in range(100)
]
FOUND = finding(
    "a", client="203.0.113.9", opened_us=START_US, at_us=START_US + 60_000_000, would_deny=True
)
Said = pytest.CaptureFixture[bytes]


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker with every topic, exchanges in two partitions and a finding."""
    local = LocalKafka()
    local.start()
    try:
        assert run(["topics", "--apply", "--kafka", local.bootstrap]) == 0
        producer = Producer({"bootstrap.servers": local.bootstrap})
        for partition, records in enumerate((PEOPLE, GUESSES)):
            for record in records:
                producer.produce("exchanges", encode(record), partition=partition)
        producer.produce("findings", encode(FOUND))
        assert producer.flush(10) == 0
        yield local.bootstrap
    finally:
        local.stop()


def lines(broker: str, said: Said, *arguments: str) -> list[dict[str, Any]]:
    said.readouterr()
    command = [*arguments, "--kafka", broker, "--format", "jsonl"]
    assert run(command) == 0
    return [json.loads(line) for line in said.readouterr().out.splitlines()]


def test_limits_said_and_proposed(broker: str, capfdbinary: Said) -> None:
    said = ["limit", "login", "--rate", "5/60s", "--path", "/login", "--kafka", broker]
    assert run(["policy", *said]) == 0
    (held, proposed) = lines(broker, capfdbinary, "report", "limits", "--since", SINCE)
    assert (held["id"], held["requests"], held["good"]) == ("limit/login", 160, 60)
    # Five at once and one more each 12 s, of 100 in 50 s; nobody else is beyond it.
    assert (held["would_refuse"], held["would_refuse_good"]) == (91, 0)
    assert (proposed["operation"], proposed["requests"]) == ("POST /login", 2)
    assert (proposed["would_refuse_good"], proposed["would_refuse_not_good"]) == (0, 98)


def test_lists_said_and_a_denylist_on_trial(broker: str, capfdbinary: Said, tmp_path: Path) -> None:
    file = tmp_path / "addresses.txt"
    file.write_text("203.0.113.0/24\n")
    said = ["deny", "feed", "--from", str(file), "--kafka", broker]
    assert run(["policy", *said]) == 0
    (one, by_list) = lines(broker, capfdbinary, "report", "denylist", "--since", SINCE)
    assert (one["client"], one["would_deny"], one["good"]) == ("203.0.113.9", 100, 0)
    assert (by_list["action"], by_list["requests"], by_list["clients"]) == ("deny", 100, 1)
    assert {each["id"] for each in lines(broker, capfdbinary, "policy")} >= {"list/feed"}


def test_people_get_tables_and_mistakes_are_one_sentence(broker: str, capfdbinary: Said) -> None:
    for what in ("limits", "denylist", "inline"):
        command = ["report", what, "--since", SINCE, "--kafka", broker, "--format", "table"]
        assert run(command) == 0
    assert b"203.0.113.9" in capfdbinary.readouterr().out
    assert run(["report", "limits", "--by", "shoe", "--kafka", broker]) == 2
    assert b"is no key" in capfdbinary.readouterr().err
    assert run(["policy", "deny", "everyone", "--kafka", broker]) == 2
