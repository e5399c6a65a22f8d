"""Packets through a real Kafka: the same exchanges, byte for byte, as without one."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.types import Exchange
from services.reassembly.settings import Filter, Proxy, Settings
from services.runtime.kafka_local import LocalKafka
from tests.broker.packet_path import (
    PARTITIONS,
    PacketPath,
    decoded,
    direct,
    entries_of,
    make_topics,
    plain,
    residual,
    sums,
    wait_for,
)
from tests.tls_pair import Contexts, Pair, Terms, write_pcapng
from tests.unit.capture.wire import Conversation, Frame, shop, write_pcap

RULES = """
[reassembly]
tls_keys = true
[[reassembly.proxies]]
name = "balancer"
peers = ["198.51.100.200/32"]
[[reassembly.filters]]
name = "health"
hosts = ["proxied.test"]
paths = ["/health"]
"""
RULES_AS_VALUES = Settings(
    proxies=(Proxy(name="balancer", peers=("198.51.100.200/32",)),),
    filters=(Filter(name="health", hosts=("proxied.test",), paths=("/health",)),),
)
CLIENTS = 40


@pytest.fixture(scope="module")
def broker() -> Iterator[LocalKafka]:
    """Its own: the topics have their real names."""
    local = LocalKafka().start()
    make_topics(local.bootstrap)
    yield local
    local.stop()


@pytest.fixture(scope="module")
def path(broker: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PacketPath]:
    """Two reassembly workers with rules that touch one host only."""
    folder = tmp_path_factory.mktemp("path")
    settings = folder / "sidetap.toml"
    settings.write_text(RULES)
    running = PacketPath(broker.bootstrap, folder / "data")
    for slot in range(2):
        running.work(slot, settings=settings)
    yield running
    running.stop()


def through_kafka(path: PacketPath, site: str, *files: Path) -> None:
    path.capture(site, *files)
    wait_for(f"all of {site}", path.drained)


def test_the_same_records_and_the_same_ledger_as_the_direct_path(
    path: PacketPath, tmp_path: Path
) -> None:
    file = write_pcap(tmp_path / "shop.pcap", shop(60, 15, body_bytes=2_000))
    through_kafka(path, "same", file)
    wanted = direct([file], "same", RULES_AS_VALUES)
    found = path.exchanges("same")
    assert plain(found) == plain(wanted)
    assert len(found) == 60 * 15
    by_layer = sums(path.ledger("same"))
    assert by_layer == sums(entries_of(wanted))
    assert set(by_layer) == {"capture", "packing", "reassembly", "exchanges"}
    assert [residual(layer) for layer in by_layer.values()] == [0, 0, 0, 0]


def test_a_client_has_one_partition(path: PacketPath, tmp_path: Path) -> None:
    file = write_pcap(tmp_path / "shop.pcap", shop(60, 2, clients=30))
    through_kafka(path, "clients", file)
    partitions: dict[bytes, set[int | None]] = {}
    for output in path.exchanges("clients"):
        partitions.setdefault(output.key or b"", set()).add(output.partition)
    assert len(partitions) == 30
    assert all(len(where) == 1 for where in partitions.values())


def slow(number: int) -> list[Frame]:
    """Through the proxy: one exchange is answered so late that it has two records."""
    client = f"203.0.113.{number + 1}"
    talk = Conversation(client="198.51.100.200", client_port=20_000 + number).open()

    def request(target: str) -> bytes:
        return (
            f"GET {target} HTTP/1.1\r\nHost: proxied.test\r\nX-Forwarded-For: 6.6.6.6, {client}"
            "\r\n\r\n"
        ).encode()

    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    talk.exchange(request("/quick"), answer).exchange(request("/health"), answer)
    talk.send(request("/slow"), from_client=True)
    talk.at_us += 8_000_000
    return talk.send(answer, from_client=False).close().frames


def test_clients_behind_one_proxy_are_told_apart(path: PacketPath, tmp_path: Path) -> None:
    frames = [frame for number in range(CLIENTS) for frame in slow(number)]
    file = write_pcap(tmp_path / "p.pcap", sorted(frames, key=lambda frame: frame.at_us))
    through_kafka(path, "proxied", file)
    found = path.exchanges("proxied")
    assert plain(found) == plain(direct([file], "proxied", RULES_AS_VALUES))
    assert {output.partition for output in found} == {0, 1, 2, 3}
    by_key: dict[bytes, list[Exchange]] = {}
    where: dict[str, set[int | None]] = {}
    for output in found:
        (exchange,) = decoded([output])
        by_key.setdefault(output.key or b"", []).append(exchange)
        where.setdefault(exchange.id, set()).add(output.partition)
        assert exchange.peer_ip == "198.51.100.200"
        assert output.key == f"proxied/{exchange.client_ip}".encode()
    assert set(by_key) == {f"proxied/203.0.113.{n + 1}".encode() for n in range(CLIENTS)}
    for exchanges in by_key.values():
        targets = sorted((e.request.target, e.revision) for e in exchanges if e.request)
        assert targets == [(b"/quick", 0), (b"/slow", 0), (b"/slow", 1)]
    assert all(len(partitions) == 1 for partitions in where.values())


def test_what_a_filter_leaves_out_is_in_the_ledger(path: PacketPath, tmp_path: Path) -> None:
    file = write_pcap(tmp_path / "p.pcap", [frame for n in range(5) for frame in slow(n)])
    through_kafka(path, "filtered", file)
    assert not [e for e in decoded(path.exchanges("filtered")) if _target(e) == b"/health"]
    layer = sums(path.ledger("filtered"))["exchanges"]
    one = len(
        b"GET /health HTTP/1.1\r\nHost: proxied.test\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.1"
    )
    one += len(b"\r\n\r\n") + len(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert layer["dropped filtered:health"] == 5 * one
    assert residual(layer) == 0


def _target(exchange: Exchange) -> bytes:
    return exchange.request.target if exchange.request else b""


@pytest.mark.parametrize("skew_us", [-1_900_000, 1_900_000])
def test_two_taps_of_one_direction_each_equal_one_tap_of_both(
    path: PacketPath, tmp_path: Path, skew_us: int
) -> None:
    frames = shop(60, 15, body_bytes=2_000)
    both = write_pcap(tmp_path / "both.pcap", frames)
    client = write_pcap(tmp_path / "client.pcap", [f for f in frames if f.from_client])
    late = [replace(f, at_us=f.at_us + skew_us) for f in frames if not f.from_client]
    server = write_pcap(tmp_path / "server.pcap", late)
    site = f"skew{skew_us}"
    through_kafka(path, site, client, server)
    found = decoded(path.exchanges(site))
    wanted = decoded(direct([both], site))
    assert [timeless(e) for e in found] == [timeless(e) for e in wanted]
    assert len(found) == 60 * 15
    assert residual(sums(path.ledger(site))["reassembly"]) == 0


@pytest.mark.parametrize("skew_us", [-1_900_000, 1_900_000])
def test_one_of_two_taps_dies_and_comes_back(
    path: PacketPath, tmp_path: Path, skew_us: int
) -> None:
    frames = shop(60, 15, body_bytes=12_000)
    both = write_pcap(tmp_path / "both.pcap", frames)
    client = write_pcap(tmp_path / "client.pcap", [f for f in frames if f.from_client])
    late = [replace(f, at_us=f.at_us + skew_us) for f in frames if not f.from_client]
    server = write_pcap(tmp_path / "server.pcap", late)
    site = f"returns{skew_us}"
    dying = path.agent(site, server, slowly=True)
    # It has spoken on every partition: from now on the others' halves wait for its own.
    wait_for("first blocks", lambda: len(path.sent(site, "server.pcap")) == PARTITIONS)
    dying.send_signal(signal.SIGSTOP)
    assert path.agent(site, client).wait(120) == 0
    dying.kill()
    assert dying.wait() == -signal.SIGKILL, "it was killed too late"
    assert path.agent(site, server).wait(120) == 0
    wait_for(f"all of {site}", path.drained)
    found = [timeless(exchange) for exchange in decoded(path.exchanges(site))]
    # A tap that begins behind the other's clock is marked as late, and nothing else.
    found = [replace(e, anomalies=tuple(a for a in e.anomalies if a != "late")) for e in found]
    assert found == [timeless(exchange) for exchange in decoded(direct([both], site))]


def timeless(exchange: Exchange) -> Exchange:
    """Without what two clocks and two names must say differently."""
    response = exchange.response
    return replace(
        exchange,
        source="",
        latency_us=None,
        response=replace(response, at_us=0) if response else None,
    )


def test_keys_inside_a_file_open_what_is_encrypted_in_it(path: PacketPath, tmp_path: Path) -> None:
    contexts = Contexts(Terms(), tmp_path / "keys")
    pair = Pair(contexts)
    pair.ask(b"GET /sealed HTTP/1.1\r\nHost: h\r\n\r\n")
    pair.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    file = write_pcapng(tmp_path / "sealed.pcapng", pair.packets, contexts.key_log.read_bytes())
    through_kafka(path, "sealed", file)
    # Keys and packets are topics of their own: a key may come after what it opens.
    wait_for("the exchange", lambda: bool(path.exchanges("sealed")))
    (exchange,) = decoded(path.exchanges("sealed"))
    assert _target(exchange) == b"/sealed"
    assert exchange.tls
    assert exchange.tls.sni == "shop.example"
