"""Commands against a real Kafka: topics, findings, show, label, endpoints, status."""

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.codec import Record, decode_as, encode
from schemas.types import AuthUse, Endpoint, Evidence, Finding, Label, PolicyEntry, ResponseShape
from services.cli.__main__ import run
from services.cli.broker import client, records
from services.detect.model import Model, canonical
from services.detect.models import Models, shipped
from services.runtime.kafka_local import LocalKafka
from tests import traffic

SECRET = "hunter2-hunter2"
EXCHANGE = traffic.exchange(
    f"/search?q=1%27%20OR%201%3D1&password={SECRET}",
    headers=[(b"Cookie", b"sid=" + SECRET.encode())],
)
FINDING = Finding(
    id="f1" + "0" * 30, revision=0, state="open", kind="attack", class_="sqli", rule="sqli.or",
    title="SQL injection", summary="A client sent SQL.", advice="Look at it.", severity="high",
    confidence=0.9, site="default", application="", client="198.51.100.23", peer="198.51.100.23",
    host="shop.example", endpoint="GET /search", subject="198.51.100.23", opened_us=EXCHANGE.at_us,
    at_us=EXCHANGE.at_us, count=1, would_block=True,
    evidence=(
        Evidence(exchange=EXCHANGE.id, at_us=EXCHANGE.at_us, where="query.q", value="1' OR 1=1",
                 raw="1%27%20OR%201%3D1", rule="sqli.tautology", weight=0.9),
    ),
    cwe=("CWE-89",), capec=(), attack=("T1190",), owasp=(), policy_offset=0,
)  # fmt: skip
XSS = replace(
    FINDING, id="e7" + "0" * 30, class_="xss", endpoint="\x1b[2J[red]", at_us=FINDING.at_us + 5,
    host="other.example", evidence=(),
)  # fmt: skip
ENDPOINT = Endpoint(
    site="default", host="shop.example", method="GET", template="/=1+1/{id}", protocol="rest",
    operation=None, application="", admitted=True, first_us=0, last_us=1, count=3, parameters=(),
    request_bodies=(), responses=(ResponseShape(status=200, content_type="", schema="", count=3),),
    auth=(AuthUse(kind="bearer", coverage=0.5),), sensitive=(), risk=None, tags=(),
)  # fmt: skip


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker with every topic and a few records."""
    local = LocalKafka()
    local.start()
    try:
        assert run(["topics", "--apply", "--kafka", local.bootstrap]) == 0
        producer = Producer({"bootstrap.servers": local.bootstrap})
        updated = replace(FINDING, revision=1, state="updated", count=7)
        sent: list[tuple[str, Record]] = [
            ("findings", updated), ("findings", FINDING), ("findings", XSS),
            ("endpoints", ENDPOINT), ("exchanges", EXCHANGE),
            ("endpoints", replace(ENDPOINT, template="/gone", removed=True)),
        ]  # fmt: skip
        for number, (topic, record) in enumerate(sent):
            producer.produce(topic, encode(record), str(number))
        producer.produce("findings", b"no finding at all", "x")
        assert producer.flush(10) == 0
        yield local.bootstrap
    finally:
        local.stop()


def said(capfdbinary: pytest.CaptureFixture[bytes]) -> list[Any]:
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def test_topics_are_as_the_table_says_and_say_so(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["topics", "--kafka", broker]) == 0
    lines = said(capfdbinary)
    assert {line["name"] for line in lines} >= {"packets", "exchanges", "findings"}
    assert all(line["ok"] for line in lines)


def test_findings_are_the_highest_revision_of_each(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["findings", "--kafka", broker]) == 0
    lines = said(capfdbinary)
    assert [(line["class"], line["revision"], line["count"]) for line in lines] == [
        ("sqli", 1, 7),
        ("xss", 0, 1),
    ]


def test_an_unreadable_record_is_said_and_passed_over(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["findings", "--kafka", broker]) == 0
    assert b"is unreadable: no Avro single-object marker" in capfdbinary.readouterr().err


@pytest.mark.parametrize(
    ("options", "classes"),
    [
        (["--class", "xss"], ["xss"]),
        (["--host", "SHOP.example"], ["sqli"]),
        (["--client", "203.0.113.1"], []),
        (["--since", "2026-01-01"], []),
        (["--since", "2025-11-23"], ["sqli", "xss"]),
    ],
)
def test_filters_choose(
    broker: str, options: list[str], classes: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["findings", "--kafka", broker, *options]) == 0
    assert [line["class"] for line in said(capfdbinary)] == classes


def test_a_table_shows_markup_and_escapes_as_text(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["findings", "--kafka", broker, "--format", "table"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert "\x1b" not in out
    assert "\\x1b[2J[red]" in out


def test_show_gives_the_finding_and_its_exchange_without_secrets(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["show", "f1", "--kafka", broker]) == 0
    finding, exchange = said(capfdbinary)
    assert finding["kind"] == "finding"
    assert exchange["id"] == EXCHANGE.id
    assert SECRET not in json.dumps(exchange)
    assert "%27%20OR%20" in exchange["request"]["target"]


def test_show_for_people_marks_the_payload_and_masks_too(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["show", "f1", "--kafka", broker, "--format", "table"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert "1' OR 1=1" in out
    assert "GET /search?q=1%27" in out
    assert SECRET not in out


def test_show_finds_an_exchange_by_its_id(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["show", EXCHANGE.id, "--kafka", broker]) == 0
    (exchange,) = said(capfdbinary)
    assert exchange["kind"] == "exchange"


def test_show_refuses_what_is_not_there(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["show", "nothing", "--kafka", broker]) == 2
    error = capfdbinary.readouterr().err.decode().splitlines()[-1]
    assert error == "sidetap: there is no finding or exchange 'nothing' (any more)."


def test_a_label_is_kept_under_the_findings_id(broker: str) -> None:
    assert run(["label", "e7", "false", "--note", "a test", "--kafka", broker]) == 0
    *_, message = records(client(broker), "labels")
    label = decode_as(Label, message.value() or b"")
    assert (label.id, label.verdict, label.note) == (f"finding/{XSS.id}", False, "a test")
    assert (message.key() or b"").decode() == label.id


def test_the_inventory_leaves_out_what_was_removed(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["endpoints", "--kafka", broker]) == 0
    assert [line["template"] for line in said(capfdbinary)] == ["/=1+1/{id}"]


def test_the_inventory_as_openapi_and_as_csv(
    broker: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["endpoints", "--export", "openapi", "--kafka", broker]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["openapi"] == "3.1.0"
    assert list(document["paths"]) == ["/=1+1/{id}"]
    assert run(["endpoints", "--export", "csv", "--kafka", broker]) == 0
    (row,) = csv.DictReader(io.StringIO(capfd.readouterr().out))
    assert row["auth"] == "bearer"
    assert row["count"] == "3"


def test_status_adds_up_findings_and_names_every_lag(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["status", "--json", "--kafka", broker]) == 0
    lines = said(capfdbinary)
    assert {line["class"]: line["count"] for line in lines if line["kind"] == "findings"} == {
        "sqli": 1,
        "xss": 1,
    }


def test_one_word_names_a_kafka_that_is_not_there(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path))
    assert run(["status"]) == 2
    error = capfdbinary.readouterr().err.decode()
    assert error.startswith("sidetap: no Kafka is known: start `sidetap up` first")


def test_a_label_shows_in_what_a_gate_would_have_done(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["label", XSS.id, "false", "--kafka", broker]) == 0
    assert run(["report", "inline", "--kafka", broker]) == 0
    gates = {line["host"]: line for line in said(capfdbinary)}
    assert gates["shop.example"]["would_block"] == {"findings": 1, "requests": 7}
    assert gates["other.example"]["labelled_false"] == {"findings": 1, "requests": 1}
    assert gates["other.example"]["wrong"] == [XSS.id]


def test_an_exclusion_is_shown_saved_once_and_taken_back(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    scope = ["--rule", "sqli.tautology", "--host", "shop.example", "--path", "/search"]
    exclude = ["policy", "exclude", *scope, "--kafka", broker]
    assert run(exclude) == 2
    told = capfdbinary.readouterr().err.decode()
    assert "1 of 2 past findings would not have been" in told
    assert "say --yes" in told
    for _ in range(2):
        assert run([*exclude, "--yes"]) == 0
    capfdbinary.readouterr()
    assert run(["policy", "--kafka", broker]) == 0
    (entry,) = said(capfdbinary)
    assert (entry["policy"], entry["body"]) == ("exclusion", '{"rule":"sqli.tautology"}')
    assert run(["policy", "remove", entry["id"], "--kafka", broker]) == 0
    assert run(["policy", "--kafka", broker]) == 0
    assert said(capfdbinary) == []
    assert run(["policy", "remove", entry["id"], "--kafka", broker]) == 2
    assert run(["policy", "exclude", "--kafka", broker]) == 2


def test_a_model_is_tried_activated_and_taken_back_by_its_hash(
    broker: str, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    first = shipped()
    assert first is not None
    form = {**json.loads(first.text), "threshold": 99.0}
    other, file = Model(form), tmp_path / "model.json"
    file.write_bytes(canonical(form))

    def told(*words: str) -> str:
        assert run(["policy", *words, "--kafka", broker]) == 0
        return capfdbinary.readouterr().err.decode()

    assert f"active: rules, shadow: {other.hash}" in told("activate", str(file), "--shadow")
    assert f"active: {other.hash}, shadow: none, before: rules" in told("activate", other.hash)
    assert f"active: rules, shadow: none, before: {other.hash}" in told("rollback")
    models = Models()
    for message in records(client(broker), "policy"):
        models.learn(decode_as(PolicyEntry, message.value() or b""))
    assert (models.active, models.shadowed) == (None, False)
    for id_ in ("model", f"model/{other.hash}"):
        told("remove", id_)
