"""`sidetap read`: the contract's lines, from captures made here."""

import gzip
import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from services.cli.__main__ import run
from services.cli.demo import packets
from services.cli.demo.http_words import Answer
from services.cli.demo.packets import Line, response_bytes
from services.cli.measure import traffic
from tests.golden.lines import FOLDER
from tests.tls_pair import Contexts, Pair, Terms, write_pcapng

BODY = b'{"items":[1,2,3]}' * 20
EXCHANGE_FIELDS = {
    "kind", "id", "source", "at", "protocol", "mode", "client", "server", "community_id", "host",
    "request", "response", "revision", "pairing", "anomalies", "missing_bytes", "latency_us", "tls",
    "request_seq", "response_seq",
}  # fmt: skip
BODY_FIELDS = {"wire_bytes", "bytes", "sha256", "complete", "truncated", "encoding"}


def write(path: Path, pairs: Sequence[tuple[bytes, bytes]], begin_s: float = 1_000.0) -> Path:
    """A capture with a connection for each request and response."""
    from scapy.utils import PcapWriter

    at_s = begin_s
    with PcapWriter(str(path), linktype=1, sync=False) as out:
        for number, (request, response) in enumerate(pairs):
            for packet in Line("10.0.0.9", 30_000 + number, number).carry(request, response):
                packet.time = at_s
                at_s += 0.001
                out.write(packet)
    return path


def packed(status: int = 200, body: bytes = BODY) -> bytes:
    small = gzip.compress(body, mtime=0)
    headers = (("Content-Encoding", "gzip"), ("Content-Length", str(len(small))))
    return response_bytes(Answer(status, headers, small))


def request(target: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: Shop.Example:8080\r\nX-Raw: \xff\x00\r\n\r\n"


def lines(capfdbinary: pytest.CaptureFixture[bytes]) -> list[Any]:
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return write(tmp_path / "a.pcap", [(request(b"/a?b=\xff&c=d"), packed())])


def test_an_exchange_has_every_field_of_the_contract(
    capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["read", str(capture), "--emit", "exchanges"]) == 0
    (exchange,) = lines(capfdbinary)
    assert exchange.keys() >= EXCHANGE_FIELDS
    assert exchange["kind"] == "exchange"
    assert exchange["source"] == "a.pcap"
    assert exchange["at"] == "1970-01-01T00:16:40.003000Z"
    assert exchange["client"] == {"ip": "10.0.0.9", "port": 30_000}
    assert exchange["server"]["port"] == packets.SHOP_PORT
    assert exchange["host"] == "shop.example"
    assert exchange["community_id"].startswith("1:")
    assert exchange["pairing"] in {"position", "order"}
    assert exchange["tls"] is None
    assert exchange["request"]["method"] == "GET"
    assert exchange["request"]["version"] == "1.1"
    assert exchange["response"]["status"] == 200
    assert exchange["response"]["reason"] == "OK"


def test_bytes_that_are_no_utf8_are_percent_encoded(
    capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["read", str(capture), "--emit", "exchanges"]) == 0
    (exchange,) = lines(capfdbinary)
    assert exchange["request"]["target"] == "/a?b=%FF&c=d"
    assert ["X-Raw", "%FF\x00"] in exchange["request"]["headers"]


def test_bytes_and_digest_are_of_the_decoded_body(
    capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["read", str(capture), "--emit", "exchanges", "--bodies"]) == 0
    (exchange,) = lines(capfdbinary)
    body = exchange["response"]["body"]
    assert body.keys() >= BODY_FIELDS
    assert body["bytes"] == len(BODY)
    assert body["wire_bytes"] == len(gzip.compress(BODY, mtime=0))
    assert body["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert body["encoding"] == "gzip"
    assert (body["complete"], body["truncated"]) == (True, False)
    nothing = exchange["request"]["body"]
    assert (nothing["wire_bytes"], nothing["bytes"], nothing["sha256"]) == (0, 0, None)


def test_the_ledger_balances_at_every_layer(
    capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["read", str(capture), "--emit", "ledger"]) == 0
    entries = lines(capfdbinary)
    assert {entry["layer"] for entry in entries} >= {"capture", "packing", "reassembly"}
    assert all(entry["residual"] == 0 for entry in entries)
    assert sum(e["in"]["bytes"] for e in entries if e["layer"] == "capture") > 0


def test_what_stays_closed_is_listed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    quic = str(FOLDER / "quic_initials/capture.pcap")
    assert run(["read", quic, "--emit", "encrypted"]) == 0
    found = lines(capfdbinary)
    assert {line["kind"] for line in found} == {"encrypted"}
    assert {line["tls"]["sni"] for line in found} == {
        "one.example", "two.example", "three.example", None,
    }  # fmt: skip
    assert run(["read", quic, "--emit", "encrypted", "--format", "table"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert "4 servers spoken to where nothing can be read" in out
    assert "three.example" in out


def test_standard_input_and_a_file_give_the_same(
    capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["read", str(capture)]) == 0
    from_file = lines(capfdbinary)
    piped = subprocess.run(
        [sys.executable, "-m", "services.cli", "read", "-"],
        input=capture.read_bytes(), capture_output=True, check=True,
    )  # fmt: skip
    from_pipe = [json.loads(line) for line in piped.stdout.splitlines()]
    assert from_pipe[0].pop("source") == "stdin"
    assert from_file[0].pop("source") == "a.pcap"
    assert from_pipe[0] == from_file[0]


def test_two_taps_that_saw_one_direction_each_are_one_exchange(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from scapy.layers.inet import TCP
    from scapy.utils import rdpcap, wrpcap

    whole = write(tmp_path / "whole.pcap", [(request(b"/"), packed())])
    seen = rdpcap(str(whole))
    halves = [tmp_path / "up.pcap", tmp_path / "down.pcap"]
    wrpcap(str(halves[0]), [p for p in seen if p[TCP].dport == packets.SHOP_PORT])
    wrpcap(str(halves[1]), [p for p in seen if p[TCP].sport == packets.SHOP_PORT])
    assert run(["read", *map(str, halves), "--emit", "exchanges"]) == 0
    (exchange,) = lines(capfdbinary)
    assert exchange["request"]
    assert exchange["response"]
    assert exchange["source"] == "up.pcap"


def test_separate_files_are_separate_sites(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pair = (request(b"/same"), packed())
    first, second = (write(tmp_path / name, [pair]) for name in ("1.pcap", "2.pcap"))
    assert run(["read", str(first), str(second), "--separate", "--emit", "exchanges"]) == 0
    found = lines(capfdbinary)
    assert [exchange["source"] for exchange in found] == ["1.pcap", "2.pcap"]
    assert len({exchange["id"] for exchange in found}) == 2


def test_a_file_named_twice_is_read_once_and_said(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = str(write(tmp_path / "1.pcap", [(request(b"/same"), packed())]))
    assert run(["read", file, file, "--emit", "exchanges"]) == 0
    out, err = capfdbinary.readouterr()
    assert len(out.splitlines()) == 1
    assert b"is named 2 times; it is read once." in err


def test_one_bad_site_does_not_keep_the_others_from_being_read(
    tmp_path: Path, capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    bad = tmp_path / "bad.pcap"
    bad.write_bytes(b"no capture")
    assert run(["read", "--separate", "--emit", "exchanges", str(bad), str(capture)]) == 2
    said = capfdbinary.readouterr()
    assert json.loads(said.out)["source"] == "a.pcap"
    first, last = said.err.decode().splitlines()
    assert str(bad) in first
    assert last == "sidetap: 1 of 2 files could not be read."


def test_a_slow_answer_is_said_once_or_as_on_the_topic(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from scapy.utils import rdpcap, wrpcap

    path = write(tmp_path / "slow.pcap", [(request(b"/slow"), packed()), (request(b"/"), packed())])
    seen = rdpcap(str(path))
    slow = [p for p in seen if 30_000 in (p.sport, p.dport)]
    other = [p for p in seen if 30_001 in (p.sport, p.dport)]
    for packet in slow[5:]:
        packet.time += 20
    for packet in other:
        packet.time += 10
    wrpcap(str(path), sorted([*slow, *other], key=lambda packet: packet.time))
    assert run(["read", str(path), "--emit", "exchanges"]) == 0
    once = [e for e in lines(capfdbinary) if e["request"]["target"] == "/slow"]
    assert [(e["revision"], e["response"]["status"]) for e in once] == [(1, 200)]
    assert run(["read", str(path), "--emit", "exchanges", "--revisions"]) == 0
    both = [e for e in lines(capfdbinary) if e["request"]["target"] == "/slow"]
    assert [e["revision"] for e in both] == [0, 1]
    assert both[0]["id"] == both[1]["id"] == once[0]["id"]


def test_a_table_for_people_has_exchanges_and_the_ledger(
    capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["read", str(capture), "--format", "table", "--emit", "exchanges,ledger"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert "GET shop.example/a?b=%FF&c=d" in out
    assert "reassembly" in out


def test_the_demos_story_is_found_in_its_packets(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "story.pcap"
    packets.write_story(path, 1_795_550_400.0)
    assert run(["read", str(path), "--emit", "findings,endpoints,ledger"]) == 0
    found = lines(capfdbinary)
    classes = {line["class"] for line in found if line["kind"] == "finding"}
    assert classes >= {"sqli", "xss", "lfi", "rce"}
    walks = [line for line in found if line["kind"] == "finding" and line["client"] == "10.83.0.77"]
    assert walks, "forced browsing is not found"
    templates = {(e["method"], e["template"]) for e in found if e["kind"] == "endpoint"}
    assert {("GET", "/api/products/{id}"), ("POST", "/api/orders")} <= {
        (method, template.replace("{product_id}", "{id}")) for method, template in templates
    }
    assert all(line["residual"] == 0 for line in found if line["kind"] == "ledger")


PCAP_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.pcap", b""),
        ("text.pcap", b"GET / HTTP/1.1\r\nHost: this is no capture\r\n\r\n"),
        ("short.pcap", PCAP_HEAD[:10]),
        ("random.pcap", bytes(range(256)) * 4),
        ("gz.pcap.gz", gzip.compress(b"not a capture at all, only text")),
    ],
)
def test_what_is_no_capture_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert run(["read", str(path)]) == 2
    said = capfdbinary.readouterr()
    assert said.out == b""
    (sentence,) = said.err.decode().splitlines()
    assert sentence.startswith(f"sidetap: {path}")
    assert sentence.endswith(".")


def test_a_missing_file_and_a_folder_are_refused_in_one_sentence(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for path, reason in ((tmp_path / "none.pcap", "No such file"), (tmp_path, "directory")):
        assert run(["read", str(path)]) == 2
        (sentence,) = capfdbinary.readouterr().err.decode().splitlines()
        assert sentence.startswith(f"sidetap: {path}: ")
        assert reason.lower() in sentence.lower()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(
    capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    capture.chmod(0)
    assert run(["read", str(capture)]) == 2
    assert b"Permission denied" in capfdbinary.readouterr().err


def test_a_file_cut_in_the_middle_is_read_to_the_cut(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = write(
        tmp_path / "cut.pcap", [(request(b"/first"), packed()), (request(b"/x"), packed())]
    )
    path.write_bytes(path.read_bytes()[:-500])
    assert run(["read", str(path), "--emit", "exchanges"]) == 0
    said = capfdbinary.readouterr()
    targets = [json.loads(line)["request"]["target"] for line in said.out.splitlines()]
    assert targets[0] == "/first"
    (warning,) = said.err.decode().splitlines()
    assert warning.startswith("sidetap: cut.pcap: ")
    assert warning.endswith("read up to there.")


def test_tls_is_read_with_a_key_log(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    contexts = Contexts(Terms(), tmp_path / "keys")
    pair = Pair(contexts)
    pair.ask(request(b"/sealed"))
    pair.answer(packed())
    path = write_pcapng(tmp_path / "sealed.pcapng", pair.packets)
    asked = ["read", str(path), "--emit", "exchanges"]
    assert run(asked) == 0
    assert lines(capfdbinary) == []
    assert run([*asked, "--keylog", str(tmp_path / "keys")]) == 0
    given = lines(capfdbinary)
    write_pcapng(path, pair.packets, contexts.key_log.read_bytes())
    assert run(asked) == 0
    assert lines(capfdbinary) == given
    (exchange,) = given
    assert exchange["request"]["target"] == "/sealed"
    assert exchange["response"]["body"]["bytes"] == len(BODY)
    assert exchange["tls"].items() >= {"sni": "shop.example", "version": "1.3"}.items()


def test_a_key_log_without_keys_is_said_to_be_none(
    tmp_path: Path, capture: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("CLIENT_RANDOM half a line")
    assert run(["read", str(capture), "--keylog", str(keys), "--emit", "exchanges"]) == 0
    said = capfdbinary.readouterr()
    assert len(said.out.splitlines()) == 1
    assert b"no line of it is a TLS secret" in said.err
    assert b"half" not in said.err


def test_nobody_reading_on_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "many.pcap"
    traffic.write(path, 2_000)
    code = (
        f"{sys.executable} -m services.cli read {path} --emit exchanges | head -n 1 >/dev/null; "
        "exit ${PIPESTATUS[0]}"
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_made_traffic_is_the_same_again_and_holds_what_it_says(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    traffic.write(first, 640)
    traffic.write(second, 640)
    assert first.read_bytes() == second.read_bytes()
    assert run(["read", str(first), "--emit", "exchanges"]) == 0
    assert len(lines(capfdbinary)) == 640
