"""Servers that are spoken to where nobody here can read, added up."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.types import EncryptedFlow
from services.cli import encrypted_servers as encrypted
from services.cli.encrypted_servers import Servers, server_form

FLOW = EncryptedFlow(
    id="0" * 32, part=0, over=True, site="s", source="tap", transport="tls", at_us=10, until_us=20,
    client_ip="10.0.0.1", client_port=40_000, server_ip="10.0.0.2", server_port=443,
    community_id="1:x", server_name="shop.example", protocol="h2", version="1.3", ja4="t13",
    client_bytes=3, server_bytes=4,
)  # fmt: skip


def forms(*flows: EncryptedFlow) -> list[dict[str, Any]]:
    servers = Servers()
    for flow in flows:
        servers.add(flow)
    return [server_form(server) for server in servers.by_bytes()]


def test_a_flow_counts_once_and_its_bytes_with_each_record() -> None:
    (form,) = forms(
        replace(FLOW, over=False), replace(FLOW, part=1, at_us=21, until_us=90, client_bytes=0)
    )
    assert (form["flows"], form["sent_bytes"], form["received_bytes"]) == (1, 3, 8)
    assert form["first_at"] < form["last_at"]


def test_a_name_is_one_server_wherever_it_is() -> None:
    other = replace(FLOW, server_ip="10.0.0.3", client_ip="10.0.0.9", protocol=None)
    (form,) = forms(FLOW, other)
    assert form["addresses"] == ["10.0.0.2", "10.0.0.3"]
    assert form["clients"] == ["10.0.0.1", "10.0.0.9"]
    assert form["protocols"] == ["h2"]


def test_ports_transports_and_sites_are_apart_and_the_busiest_is_first() -> None:
    found = forms(
        FLOW, replace(FLOW, server_port=8443, client_bytes=99), replace(FLOW, transport="quic"),
        replace(FLOW, site="t"), replace(FLOW, server_name=None),
    )  # fmt: skip
    assert len(found) == 5
    assert found[0]["port"] == 8443
    assert [form["name"] for form in found].count(None) == 1


def test_names_drawn_by_chance_fill_no_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encrypted, "SERVERS_MAX", 3)
    servers = Servers()
    for number in range(5):
        servers.add(replace(FLOW, server_name=f"{number}.example"))
    servers.add(replace(FLOW, server_name="0.example"))
    assert (len(servers.by_bytes()), servers.left_out) == (3, 2)
    assert "2 records of more of them left out" in str(encrypted.table_of(servers).title)


def test_many_clients_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encrypted, "LISTED_MAX", 2)
    servers = Servers()
    for number in range(5):
        servers.add(replace(FLOW, client_ip=f"10.0.0.{number}"))
    (server,) = servers.by_bytes()
    assert (len(server.clients), server.flows) == (2, 5)
