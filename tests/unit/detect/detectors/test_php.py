"""Attacks on PHP: what must fire, and what must not."""

from services.detect.detectors.php import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    form,
    header,
    path,
    query,
    upload,
)

FIRES = {
    "php.open-tag": [(query, "<?php go(); ?>"), (query, "<?= $a ?>")],
    "php.variable": [(query, "$_GET['c']")],
    "php.call": [(query, "phpinfo()"), (query, "eval($x)")],
    "php.wrapper": [
        (query, "php://stderr"),
        (query, "php://filter/read=x/resource=y"),
        (query, "phar://x.jpg"),
    ],
    "php.serialised": [(query, 'O:4:"User":1:{s:1:"a";i:1;}')],
    "php.variable-call": [(query, "$_[$a[2]](9)"), (query, "('system')('id')")],
    "php.settings": [(query, "-d allow_url_include=1")],
    "php.globals": [(form, "GLOBALS[a]=1")],
    "php.upload-name": [(upload, "cat.php"), (upload, "cat.phtml.jpg")],
    "php.web-shell": [(path, "/uploads/c99.php")],
    "php.bare-call": [
        (query, "get_defined_vars()"),
        (query, "gzuncompress (x)"),
    ],
    "php.broken-tag": [
        (query, "<? php echo 7"),
        (query, "[/php]"),
    ],
    "php.named-call": [
        (query, "$f[0](1)"),
        (query, '("exec")("id")'),
    ],
    "php.superglobal": [
        (query, "$_COOKIE"),
        (query, "${'_GET'}"),
    ],
    "php.setting-given": [
        (query, "session.save_path=/tmp"),
        (query, "memory_limit=9G"),
    ],
    "php.session-file": [
        (header, "X-Filename: sess_0123456789abcdefgh"),
        (upload, "sess_0123456789abcdefgh"),
    ],
}

ATTACKS = [
    (query, "<?php system($_GET['c']); ?>"),
    (query, "php://input"),
    (upload, "cat.php5"),
]

SILENT = [
    (query, "I write php and html"),
    (query, "the system (as it is) works"),
    (upload, "cat.jpg"),
    (upload, "report.final.pdf"),
    (path, "/index.php"),
    (query, "print (on both sides)"),
    (query, "copy"),
    (header, "X-Filename: holiday.jpg"),
    (query, "the session() helper"),
    (query, "$5 (five dollars)"),
    (query, "memory limit"),
    (upload, "sess_notes.txt"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 28
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
