"""`sidetap replay`: the past again, beside the present, and away without a trace."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from schemas.codec import encode
from services.cli.__main__ import run
from services.runtime.kafka_local import LocalKafka
from tests import traffic

ATTACK = "/search?q=1%27%20UNION%20SELECT%20password%20FROM%20users--%20"
CLIENTS = ("198.51.100.1", "198.51.100.2", "198.51.100.3")
HOUR_S = 3_600


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """Three attacks, an hour apart, each followed by its watermark; no worker has seen them."""
    local = LocalKafka()
    local.start()
    try:
        assert run(["topics", "--apply", "--kafka", local.bootstrap]) == 0
        producer = Producer({"bootstrap.servers": local.bootstrap})
        for number, client in enumerate(CLIENTS):
            attack = traffic.exchange(ATTACK, client=client, at_s=number * HOUR_S, serial=number)
            producer.produce("exchanges", encode(attack), f"default/{client}", partition=number)
        ended = traffic.watermark(3 * HOUR_S, released=True)
        for partition in range(12):
            for source in range(12):
                mark = replace(ended, source=f"packets/{source}")
                producer.produce("exchanges", encode(mark), partition=partition)
        assert producer.flush(10) == 0
        yield local.bootstrap
    finally:
        local.stop()


def replayed(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes], name: str, *options: str
) -> list[Any]:
    assert run(["replay", "--run", name, *options, "--kafka", broker]) == 0
    out = capfdbinary.readouterr().out
    return [line for line in map(json.loads, out.splitlines()) if line["kind"] == "finding"]


def topics_of(broker: str, prefix: str) -> set[str]:
    known = AdminClient({"bootstrap.servers": broker}).list_topics(timeout=10).topics
    return {name for name in known if name.startswith(prefix)}


def test_a_replay_finds_what_the_range_holds_and_the_present_stays_untouched(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    everything = replayed(broker, capfdbinary, "all")
    assert {finding["client"] for finding in everything} == set(CLIENTS)
    assert {finding["class"] for finding in everything} == {"sqli"}
    half = ("--from", "2025-11-23T09:30:00Z", "--to", "2025-11-23T10:30:00Z")
    middle = replayed(broker, capfdbinary, "middle", *half)
    ids = {finding["client"]: finding["id"] for finding in everything}
    assert {finding["client"]: finding["id"] for finding in middle} == {CLIENTS[1]: ids[CLIENTS[1]]}
    assert run(["findings", "--kafka", broker]) == 0
    assert capfdbinary.readouterr().out == b""
    again = ["replay", "--run", "middle", "--kafka", broker]
    assert run(again) == 2
    assert b"there is a replay 'middle' already" in capfdbinary.readouterr().err
    assert topics_of(broker, "run.middle.") >= {"run.middle.findings", "run.middle.state.detect"}
    for name in ("middle", "all"):
        assert run(["replay", "--drop", name, "--kafka", broker]) == 0
    assert topics_of(broker, "run.") == set()


def test_a_replay_says_what_it_found_beyond_the_present(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["replay", "--run", "new", "--compare", "--kafka", broker]) == 0
    (change,) = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert (change["kind"], change["class"]) == ("comparison", "sqli")
    assert (change["gained"], change["lost"], change["kept"]) == (3, 0, 0)
    assert run(["replay", "--drop", "new", "--kafka", broker]) == 0


def test_a_replay_needs_a_name(broker: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for name in ("", "a/b", "-x"):
        assert run(["replay", f"--run={name}", "--kafka", broker]) == 2
        (said,) = capfdbinary.readouterr().err.decode().splitlines()
        assert said == "sidetap: a replay needs --run NAME: letters, digits, - and _."
