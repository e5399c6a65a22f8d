"""Server-side request forgery: what must fire, and what must not."""

from services.detect.detectors.ssrf import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    form,
    header,
    path,
    query,
)

FIRES = {
    "ssrf.metadata": [(query, "http://169.254.169.254/latest/meta-data/")],
    "ssrf.loopback": [(query, "http://localhost:8080/admin"), (query, "http://[::1]/")],
    "ssrf.odd-address": [(query, "http://0x7f000001/")],
    "ssrf.mixed-address": [(query, "http://0x7f.1/"), (query, "http://3232235777/")],
    "ssrf.scheme": [(query, "gopher://x.example:25/_x"), (query, "dict://x:11211/")],
    "ssrf.private": [(query, "http://192.168.0.9/")],
    "ssrf.call-back": [(query, "http://a.oastify.com")],
    "ssrf.inside-name": [
        (query, "host.docker.internal:2375/x"),
        (query, "http://ip6-loopback/"),
    ],
    "ssrf.rare-scheme": [
        (query, "redis://cache:6379"),
        (query, "jar:http://x.example/a!b"),
    ],
    "ssrf.literal-v6": [
        (query, "http://[fd00::7]/"),
    ],
}

ATTACKS = [
    (query, "http://169.254.169.254/"),
    (query, "http://127.0.0.1:6379/"),
    (query, "http://2130706433/"),
]

SILENT = [
    (query, "https://shop.example/a?b=c"),
    (query, "http://cdn.example.net:8080/x.png"),
    (query, "localhost"),
    (query, "10.0.0.1"),
    (path, "/login?redirect_uri=http://localhost:3000/cb"),
    (header, "Referer: http://127.0.0.1:5000/"),
    (query, "https://docker.example/internal"),
    (form, "repo=git://git.example/x.git"),
    (query, "localhost development"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 15
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
