"""`sidetap read` says a WebSocket once, with its messages, or as on the topic."""

import base64
import json
from typing import Any

import pytest
from sidetap_native import Exchange

from services.cli import sockets
from services.cli.__main__ import run
from services.cli.sockets import Sockets
from services.runtime.core import Output
from tests.golden.lines import FOLDER, blocks_of, reassemble

CASE = str(FOLDER / "websocket_gaps" / "capture.pcap")


def lines(capfdbinary: pytest.CaptureFixture[bytes], *options: str) -> list[Any]:
    assert run(["read", CASE, "--emit", "exchanges", *options]) == 0
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def test_an_exchange_has_the_messages_of_all_its_parts(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    (line,) = lines(capfdbinary, "--bodies")
    assert (line["part"], line["missing_bytes"]) == (None, 149)
    assert line["anomalies"] == ["switched_protocol", "gap_in_body", "incomplete"]
    messages = line["messages"]
    assert [message["from"] for message in messages] == [
        "client", "server", "server", "client", "client", "client",
    ]  # fmt: skip
    assert messages[5]["type"] == "ping"
    assert base64.b64decode(messages[4]["base64"]) == b"found again"
    assert [message["compressed"] for message in messages[:3]] == [False, True, False]


def test_records_of_the_topic_are_shown_when_asked_for(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    told = lines(capfdbinary, "--revisions")
    assert [line["part"] for line in told] == [None, 1, 2]
    assert [len(line["messages"]) for line in told] == [0, 3, 3]
    assert "base64" not in told[1]["messages"][0]


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    records = reassemble(blocks_of(FOLDER / "websocket_gaps" / "capture.pcap")).exchanges
    first, *parts = [Output("exchanges", None, record) for record in records]
    together = Sockets(1)
    assert list(together.of(Exchange(records[0]), first)) == []
    monkeypatch.setattr(sockets, "BYTES_MAX", len(records[0]))
    (gone,) = together.of(Exchange(records[1]), parts[0])
    assert len(Exchange(gone.value or b"").messages) == 3
    assert not together.has(Exchange(records[2]))
    assert list(together.rest()) == []
