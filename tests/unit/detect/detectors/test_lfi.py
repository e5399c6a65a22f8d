"""Path traversal: what must fire, and what must not."""

from services.detect.detectors.lfi import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    header,
    path,
    query,
)

FIRES = {
    "lfi.steps-up": [(query, "../../conf"), (query, "..;/..;/x")],
    "lfi.encoded-steps": [(query, "..%c0%afx"), (query, "%2e%2e%252f")],
    "lfi.strange-steps": [(query, "..∖..x"), (query, "..|..|etc")],
    "lfi.step-to-file": [(query, "./.env"), (query, "../config.yml")],
    "lfi.step-up": [(query, "../secret.txt")],
    "lfi.backslash-steps": [(query, "..\\x"), (query, "/.../x")],
    "lfi.system-file": [(query, "/etc/passwd"), (query, "c:/windows/win.ini")],
    "lfi.absolute-file": [(query, "/proc/meminfo"), (query, "/etc/nginx.conf")],
    "lfi.drive": [(query, "d:\\inetpub\\x")],
    "lfi.file-url": [(query, "file:///srv/x")],
    "lfi.application-file": [(query, "WEB-INF/web.xml"), (query, "x/.htpasswd")],
    "lfi.share": [(query, "\\\\10.0.0.9\\c$\\x")],
    "lfi.dots": [(query, "/....../x")],
    "lfi.log-file": [(query, "/var/www/logs/access_log")],
    "lfi.hidden-file": [(query, "etc%25%2fpasswd"), (query, "etc0x2fshadow")],
    "lfi.null-byte": [(query, "cat.php\x00.png")],
    "lfi.slashless": [
        (query, "....etcpasswd"),
    ],
    "lfi.configuration": [
        (query, "/proc/self/maps"),
        (query, "/proc/meminfo"),
        (query, "/proc/sys/kernel/hostname"),
        (query, "/etc/dovecot/dovecot.conf"),
    ],
    "lfi.dot-segments": [
        (query, "/.//././x"),
    ],
}

ATTACKS = [
    (query, "../../../../etc/passwd"),
    (query, "....//....//etc/hosts"),
    (query, "/proc/self/environ"),
    (path, "/static/..%2f..%2f..%2fetc%2fpasswd"),
]

SILENT = [
    (query, "/proc/edures/list"),
    (query, "wait... what... ok"),
    (query, "v1.2..v1.3"),
    (query, "see /etc for details"),
    (query, "photos/2024/cat.jpg"),
    (path, "/a/b/../c.html"),
    (query, "passwd is a file"),
    (query, "C:\\Users\\ann\\Desktop\\cat.png"),
    (header, "Referer: https://shop.example/a/../b"),
    (query, "/usr/share/doc"),
    (query, "and so on ... etc"),
    (query, "./a/b.css"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 31
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
