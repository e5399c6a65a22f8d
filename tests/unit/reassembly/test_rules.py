"""Filters and application labels: what matches, what must not, and in which order."""

import pytest

from services.reassembly.patterns import Patterns, path_of
from services.reassembly.rules import UNMATCHED, Applications, Filters, Subject
from services.reassembly.settings import Application, Filter

PATHS = [
    (b"/a/b", "/a/b"),
    (b"/a?b=/../c", "/a"),
    (b"/a#b", "/a"),
    (b"http://h.example/a/b?c", "/a/b"),
    (b"http://h.example", "/"),
    (b"", "/"),
    (b"*", "*"),
    (b"/static/../admin", "/admin"),
    (b"/static/..%2fadmin", "/admin"),
    (b"/static/%2e%2e/admin", "/admin"),
    (b"/static/%252e%252e%252fadmin", "/admin"),
    (b"/static/..;x=1/admin", "/admin"),
    (b"/static\\..\\admin", "/admin"),
    (b"//a///b/", "/a/b/"),
    (b"/a/./b/.", "/a/b/"),
    (b"/../../..", "/"),
    (b"/caf%C3%A9", "/café"),
    (b"/.well-known/x", "/.well-known/x"),
    (b"/%ff", "/\udcff"),
]


@pytest.mark.parametrize(("target", "path"), PATHS)
def test_a_path_is_read_as_a_server_would(target: bytes, path: str) -> None:
    assert path_of(target) == path


def test_patterns() -> None:
    patterns = Patterns(("*.example.com", "api?.test"), any_case=True)
    assert patterns.match("WWW.Example.com")
    assert patterns.match("api1.test")
    assert not patterns.match("example.com")
    assert not patterns.match("www.example.com.evil.test")
    assert not patterns.match("api12.test")
    assert not Patterns(())
    assert not Patterns(()).match("")
    assert not Patterns(("/a",)).match("/a\n")
    assert Patterns(("/a*",)).match("/a\n/b")


def subject(
    host: str = "shop.test",
    path: str | None = "/",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    client_ip: str = "203.0.113.7",
    server_ip: str = "10.0.0.80",
) -> Subject:
    return Subject(host, path, headers, client_ip, server_ip)


RULES = (
    Filter(name="keep-admin", action="include", paths=("/admin*",)),
    Filter(name="health", hosts=("*.TEST",), paths=("/health", "/live")),
    Filter(name="probe", headers={"User-Agent": "*Prober/*", "X-Probe": "?"}),
    Filter(name="office", clients=("198.51.100.0/24", "2001:db8::/32"), servers=("10.0.0.0/8",)),
    Filter(name="assets", paths=("/static/*", "/admin/static/*")),
)

CASES = [
    ("nothing matches", subject(path="/basket"), None),
    ("host and path", subject(path="/health"), "health"),
    ("another host", subject(host="shop.example", path="/health"), None),
    ("an include before an exclude", subject(path="/admin/static/x"), None),
    ("a path", subject(path="/static/x.css"), "assets"),
    ("all headers", subject(headers=((b"user-agent", b"a Prober/1"), (b"X-PROBE", b"1"))), "probe"),
    ("one header of two", subject(headers=((b"user-agent", b"a Prober/1"),)), None),
    ("subnets", subject(client_ip="198.51.100.3"), "office"),
    ("IPv6 client", subject(client_ip="2001:db8::9"), "office"),
    ("another server", subject(client_ip="198.51.100.3", server_ip="192.0.2.1"), None),
    ("an orphan has no path", subject(host="", path=None), None),
    ("an orphan by its subnets", subject("", None, client_ip="198.51.100.3"), "office"),
]


@pytest.mark.parametrize(("case", "given", "rule"), CASES, ids=[c[0] for c in CASES])
def test_filters(case: str, given: Subject, rule: str | None) -> None:
    assert Filters(RULES).excluded_by(given) == rule


def test_behind_an_include_the_rest_is_out() -> None:
    filters = Filters((Filter(name="shop", action="include", hosts=("shop.test",)),))
    assert filters.excluded_by(subject()) is None
    assert filters.excluded_by(subject(host="other.test")) == UNMATCHED


def test_a_rule_without_conditions_matches_everything() -> None:
    only_shop = Filters(
        (Filter(name="shop", action="include", hosts=("shop.test",)), Filter(name="rest"))
    )
    assert only_shop.excluded_by(subject()) is None
    assert only_shop.excluded_by(subject(host="other.test")) == "rest"
    assert only_shop.excluded_by(subject(host="", path=None)) == "rest"
    assert not Filters(())


def test_applications() -> None:
    applications = Applications(
        (
            Application(name="shop-api", hosts=("shop.test",), paths=("/api/*",)),
            Application(name="shop", hosts=("shop.test", "www.shop.test")),
        )
    )
    assert applications.label(subject(path="/api/v1")) == "shop-api"
    assert applications.label(subject(path="/")) == "shop"
    assert applications.label(subject(host="WWW.SHOP.TEST", path=None)) == "shop"
    assert applications.label(subject(host="other.test")) is None
    assert not Applications(())
