"""Mail injection: what must fire, and what must not."""

from services.detect.detectors.mail import DETECTOR
from tests.unit.detect.detectors.cases import check_attacks, check_fires, check_silent, query

FIRES = {
    "mail.smtp-command": [(query, "x\r\nRCPT TO:<a@x.example>")],
    "mail.imap-command": [(query, "x\r\nA1 LOGOUT")],
    "mail.header": [(query, "x\r\nBcc: a@x.example")],
    "mail.sendmail-argument": [(query, "a@x.example -oQ/tmp -X/srv/x")],
}

ATTACKS = [
    (query, "ann@x.example\r\nBcc: all@x.example\r\n"),
    (query, "x\r\n.\r\nQUIT\r\n"),
]

SILENT = [
    (query, "ann@x.example"),
    (query, "from: me, to: you"),
    (query, "Hello\nselect the best"),
    (query, "I will fetch it\nand copy it"),
    (query, "Subject: hi"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 4
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
