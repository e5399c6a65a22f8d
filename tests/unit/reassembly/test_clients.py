"""Who the client is behind proxies of ours, and what nobody can make us believe."""

import pytest

from services.reassembly.clients import HOPS_MAX, Clients
from services.reassembly.settings import Proxy

PROXIES = (
    Proxy(name="edge", peers=("10.0.0.0/24",), trusted=("192.0.2.0/24", "fd00::/8")),
    Proxy(name="cdn", peers=("10.1.0.1/32",), header="Forwarded"),
    Proxy(name="nginx", peers=("10.2.0.0/16",), header="X-Real-IP"),
    Proxy(name="never", peers=("10.0.0.0/8",), header="True-Client-IP"),
)

LISTED: list[tuple[str, list[bytes], str | None]] = [
    ("one hop", [b"203.0.113.7"], "203.0.113.7"),
    ("the rightmost that is not ours", [b"6.6.6.6, 203.0.113.7, 192.0.2.9"], "203.0.113.7"),
    ("several lines are one list", [b"6.6.6.6", b"203.0.113.7", b"192.0.2.1, 10.0.0.4"],
     "203.0.113.7"),
    ("all are ours: the leftmost", [b"192.0.2.8, 10.0.0.4"], "192.0.2.8"),
    ("a port", [b"203.0.113.7:4711"], "203.0.113.7"),
    ("IPv6", [b"2001:DB8:0:0::1"], "2001:db8::1"),
    ("IPv6 with a port", [b"[2001:db8::1]:4711"], "2001:db8::1"),
    ("IPv6 in brackets", [b"[2001:db8::1]"], "2001:db8::1"),
    ("IPv4 inside IPv6", [b"::ffff:203.0.113.7"], "203.0.113.7"),
    ("an IPv6 hop of ours", [b"203.0.113.7, [fd00::1]:80"], "203.0.113.7"),
    ("blanks and tabs", [b" \t203.0.113.7\t , 192.0.2.1 "], "203.0.113.7"),
    ("none was sent", [], None),
    ("empty", [b""], None),
    ("text", [b"unknown"], None),
    ("text right of an address", [b"203.0.113.7, unknown"], None),
    ("text right of it, then one of ours", [b"203.0.113.7, x, 192.0.2.1"], None),
    ("text left of it does not matter", [b"'; drop table, 203.0.113.7"], "203.0.113.7"),
    ("a port beyond 65535", [b"203.0.113.7:65536"], None),
    ("no closing bracket", [b"[2001:db8::1"], None),
    ("IPv4 in brackets", [b"[203.0.113.7]"], None),
    ("a zone", [b"fe80::1%eth0"], None),
    ("leading zeros", [b"203.0.113.007"], None),
    ("a trailing comma", [b"203.0.113.7,"], None),
    ("bytes that are no text", [b"\xff\xfe"], None),
]  # fmt: skip

FORWARDED: list[tuple[str, list[bytes], str | None]] = [
    ("plain", [b"for=203.0.113.7"], "203.0.113.7"),
    ("any case, other pairs", [b"Proto=https;For=203.0.113.7;by=10.1.0.1"], "203.0.113.7"),
    ("quoted IPv6 with a port", [b'for="[2001:db8::1]:4711"'], "2001:db8::1"),
    ("quoted IPv4 with a port", [b'for="203.0.113.7:80"'], "203.0.113.7"),
    ("the rightmost", [b"for=6.6.6.6, for=203.0.113.7"], "203.0.113.7"),
    ("lines are one list", [b"for=6.6.6.6", b"for=203.0.113.7, for=10.1.0.1"], "203.0.113.7"),
    ("a comma inside quotes", [b'for=6.6.6.6;host="a,for=1.2.3.4", for=203.0.113.7'],
     "203.0.113.7"),
    ("hidden", [b"for=_gazonk"], None),
    ("unknown", [b"for=unknown"], None),
    ("no for in the nearest", [b"for=203.0.113.7, proto=http"], None),
    ("an open quote", [b'for="203.0.113.7'], None),
    ("not pairs at all", [b"203.0.113.7"], None),
]  # fmt: skip


@pytest.mark.parametrize(("case", "values", "client"), LISTED, ids=[c[0] for c in LISTED])
def test_lists(case: str, values: list[bytes], client: str | None) -> None:
    headers = [(b"x-FORWARDED-for", value) for value in values]
    assert Clients(PROXIES).named("10.0.0.1", [(b"Host", b"a"), *headers]) == client


@pytest.mark.parametrize(("case", "values", "client"), FORWARDED, ids=[c[0] for c in FORWARDED])
def test_forwarded(case: str, values: list[bytes], client: str | None) -> None:
    headers = [(b"Forwarded", value) for value in values]
    assert Clients(PROXIES).named("10.1.0.1", headers) == client


def test_the_first_rule_for_the_peer_decides() -> None:
    clients = Clients(PROXIES)
    headers = [
        (b"X-Forwarded-For", b"1.1.1.1"),
        (b"X-Real-IP", b"2.2.2.2"),
        (b"True-Client-IP", b"3.3.3.3"),
    ]
    assert clients.named("10.0.0.9", headers) == "1.1.1.1"
    assert clients.named("10.2.0.9", headers) == "2.2.2.2"
    assert clients.named("10.3.0.9", headers) == "3.3.3.3"
    assert clients.named("203.0.113.5", headers) is None


def test_a_stranger_is_not_believed_and_no_rules_are_false() -> None:
    assert Clients(PROXIES).named("203.0.113.5", [(b"X-Forwarded-For", b"1.1.1.1")]) is None
    assert not Clients(())
    assert Clients(PROXIES)


def test_a_chain_longer_than_any_real_one_leaves_the_peer() -> None:
    ours = b", 192.0.2.1" * (HOPS_MAX - 1)
    headers = [(b"X-Forwarded-For", b"6.6.6.6, 203.0.113.7" + ours)]
    assert Clients(PROXIES).named("10.0.0.1", headers) is None
    short = [(b"X-Forwarded-For", b"203.0.113.7" + ours)]
    assert Clients(PROXIES).named("10.0.0.1", short) == "203.0.113.7"
