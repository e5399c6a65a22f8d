"""`sidetap sessions` against a real Kafka: who was there, and what one of them did."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.codec import encode
from services.cli.__main__ import run
from services.runtime.kafka_local import LocalKafka
from tests.traffic import exchange, watermark

SECRET = "s3ss10n-of-ann"
ANN = [(b"Cookie", f"PHPSESSID={SECRET}".encode())]
SINCE = "2020-01-01T00:00:00Z"
# In two partitions, out of order of time, with what is no exchange among them.
RECORDS = (
    (0, exchange("/login", 302, method="POST", client="192.0.2.1", at_s=0,
                 got_headers=[(b"Set-Cookie", ANN[0][1])])),
    (0, exchange("/cart?token=abc", 200, client="192.0.2.1", at_s=5, headers=ANN)),
    (0, watermark(9)),
    (1, exchange("/orders", 403, client="198.51.100.7", at_s=3, headers=ANN)),
    (1, exchange("/feed", 200, client="198.51.100.8", at_s=4, host="other.example")),
)  # fmt: skip


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker with every topic and a few exchanges."""
    local = LocalKafka()
    local.start()
    try:
        assert run(["topics", "--apply", "--kafka", local.bootstrap]) == 0
        producer = Producer({"bootstrap.servers": local.bootstrap})
        for partition, record in RECORDS:
            producer.produce("exchanges", encode(record), partition=partition)
        producer.produce("exchanges", b"no exchange at all", partition=1)
        assert producer.flush(10) == 0
        yield local.bootstrap
    finally:
        local.stop()


Said = pytest.CaptureFixture[bytes]


def lines(broker: str, said: Said, *arguments: str) -> list[dict[str, Any]]:
    said.readouterr()
    command = ["sessions", *arguments, "--since", SINCE, "--kafka", broker, "--format", "jsonl"]
    assert run(command) == 0
    return [json.loads(line) for line in said.readouterr().out.splitlines()]


def test_who_was_there(broker: str, capfdbinary: Said) -> None:
    told = lines(broker, capfdbinary)
    assert [(one["kind"], one["by"], one["requests"], one["refused"]) for one in told] == [
        ("session", "client", 1, 0), ("session", "session", 3, 1),
    ]  # fmt: skip
    assert told[1]["clients"] == ["192.0.2.1", "198.51.100.7"]
    assert SECRET not in str(told)


def test_what_one_did_in_order(broker: str, capfdbinary: Said) -> None:
    ann = lines(broker, capfdbinary)[1]["id"]
    steps = lines(broker, capfdbinary, ann[:6])
    assert [(one["kind"], one["method"], one["status"]) for one in steps] == [
        ("step", "POST", 302), ("step", "GET", 403), ("step", "GET", 200),
    ]  # fmt: skip
    assert "abc" not in steps[2]["target"]


def test_it_can_be_narrowed_down(broker: str, capfdbinary: Said) -> None:
    assert len(lines(broker, capfdbinary, "--host", "other.example")) == 1
    (one,) = lines(broker, capfdbinary, "--client", "198.51.100.7")
    assert (one["requests"], one["clients"]) == (1, ["198.51.100.7"])


def test_people_get_a_table(broker: str, capfdbinary: Said) -> None:
    assert run(["sessions", "--since", SINCE, "--kafka", broker, "--format", "table"]) == 0
    assert b"2 sessions" in capfdbinary.readouterr().out


def test_a_session_that_is_not_there_is_one_sentence(broker: str, capfdbinary: Said) -> None:
    assert run(["sessions", "none", "--since", SINCE, "--kafka", broker]) == 2
    assert b"there is no session" in capfdbinary.readouterr().err
