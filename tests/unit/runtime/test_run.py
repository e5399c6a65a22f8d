"""What ends a worker before it begins, told in one sentence."""

import logging

import pytest

from services.runtime.clients import Run
from services.runtime.core import Service
from services.runtime.run import USAGE, work
from services.runtime.worker import Settings


@pytest.mark.parametrize(
    ("name", "more", "told"),
    [
        ("security.protocol", {}, "security.protocol"),
        ("no.such.name", {}, "no.such.name"),
        ("error_cb", {}, "error_cb"),
        ("compression.type", {}, "bootstrap.servers or compression.type"),
        ("ssl.ca.location", {"security.protocol": "ssl"}, "ssl.ca.location"),
    ],
)
def test_a_setting_that_no_client_takes_is_named_without_its_value(
    name: str, more: dict[str, str], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    kafka = {"bootstrap.servers": "127.0.0.1:1", name: "S3CRET", **more}
    with caplog.at_level(logging.INFO):
        assert work(Service(name="toy", inputs={}), Settings(), kafka, 0, Run()) == USAGE
    last = caplog.records[-1].getMessage()
    assert last == f"[kafka] has a value or a name that no client takes: {told}"
    assert "S3CRET" not in caplog.text
