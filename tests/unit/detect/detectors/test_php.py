"""Attacks on PHP: what must fire, and what must not."""

from services.detect.detectors.php import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    form,
    path,
    query,
    upload,
)

FIRES = {
    "php.open-tag": [(query, "<?php go(); ?>"), (query, "<?= $a ?>")],
    "php.variable": [(query, "$_GET['c']")],
    "php.call": [(query, "phpinfo()"), (query, "eval($x)")],
    "php.wrapper": [(query, "php://filter/read=x/resource=y"), (query, "phar://x.jpg")],
    "php.serialised": [(query, 'O:4:"User":1:{s:1:"a";i:1;}')],
    "php.variable-call": [(query, "('system')('id')")],
    "php.settings": [(query, "-d allow_url_include=1")],
    "php.globals": [(form, "GLOBALS[a]=1")],
    "php.upload-name": [(upload, "cat.php"), (upload, "cat.phtml.jpg")],
    "php.web-shell": [(path, "/uploads/c99.php")],
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
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 14
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
