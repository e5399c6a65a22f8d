"""Scanners: what must fire, and what must not."""

from services.detect.detectors.scanner import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    header,
    path,
    query,
)

FIRES = {
    "scanner.agent": [(header, "User-Agent: sqlmap/1.8"), (header, "User-Agent: Nikto/2.5")],
    "scanner.header": [(header, "X-Scanner: 1")],
    "scanner.version-control": [(path, "/.git/config"), (path, "/a/.svn/entries")],
    "scanner.secret-file": [(path, "/.env"), (path, "/backup.sql")],
    "scanner.probe-path": [(path, "/cgi-bin/test.cgi"), (path, "/boaform/admin/x")],
    "scanner.probe-value": [(query, "acunetix_test")],
    "scanner.assistant-folder": [
        (path, "/.cursor/mcp.json"),
        (path, "/.kube/config"),
        (path, "/app/.anytool/rules/team.md"),
    ],
}

ATTACKS = [
    (header, "User-Agent: gobuster/3.6"),
    (path, "/.git/HEAD"),
]

SILENT = [
    (header, "Authorization: Bearer eyJraWQiOiJoeWRyYToxIn0.eyJzdWIiOiJhZGEifQ.c2ln"),
    (path, "/.well-known/openid-configuration.json"),
    (path, "/.well-known/acme/config.json"),
    (path, "/docs/v1.2/api.json"),
    (header, "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"),
    (path, "/environment"),
    (path, "/git/guide"),
    (path, "/config"),
    (query, "vega"),
    (header, "User-Agent: curl/8.5.0"),
    (path, "/.well-known/openid-configuration"),
    (path, "/cursor/mcp.json"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 13
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
