"""XML external entities: what must fire, and what must not."""

from services.detect.detectors.xxe import DETECTOR
from tests.unit.detect.detectors.cases import (
    body,
    check_attacks,
    check_fires,
    check_silent,
    query,
)

FIRES = {
    "xxe.external-entity": [
        (body, '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><a>&b;</a>')
    ],
    "xxe.entity": [(body, '<!DOCTYPE a [<!ENTITY b "c">]><a/>')],
    "xxe.include": [
        (body, '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="x"/></a>')
    ],
    "xxe.schema-location": [
        (query, '<a xsi:schemaLocation="u http://x.example/a.xsd">a</a>'),
    ],
}

ATTACKS = [
    (body, '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://x.example/a.dtd"> %b;]><a/>'),
    (query, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
]

SILENT = [
    (body, "<a><b>c</b></a>"),
    (body, '<?xml version="1.0"?><order id="1"><item>cat</item></order>'),
    (body, "<!DOCTYPE html><html><p>hi</p></html>"),
    (query, "an entity of the system"),
    (
        body,
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    ),
    (query, "schemaLocation of xsi"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 4
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
