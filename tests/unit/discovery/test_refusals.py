"""What cannot be read is refused whole, and what gives way at a limit is counted."""

from dataclasses import replace

import pytest
from sidetap_native import Exchange as NativeExchange

from schemas.codec import decode_as, encode
from schemas.types import Sighting
from services.discovery import observe
from services.discovery.merge import MergeCore
from services.discovery.observe import ObserveCore
from services.discovery.settings import Settings
from services.runtime.core import Event
from tests.inventory import sightings
from tests.traffic import exchange, halves, run, watermark


@pytest.mark.parametrize("body", [b"[1]", b"no JSON", b'{"GET /a":{}}', b'{"GET /a":[]}'])
def test_a_sighting_of_no_known_form_is_rejected_whole(body: bytes) -> None:
    core = MergeCore(Settings())
    core.restore(())
    good = next(out.value for out in sightings([exchange("/a"), watermark(9)]) if out.value)
    sums = decode_as(Sighting, good)
    spoilt = replace(sums, body=sums.body[:-1] + b',"GET /b":{}}')
    for offset, sighting in enumerate((replace(sums, body=body), spoilt)):
        core.feed([Event("sightings", 0, offset, b"k", encode(sighting))])
    changes = core.take()
    assert [one.event.offset for one in changes.rejected] == [0, 1]
    assert all("its body is of no known form" in one.reason for one in changes.rejected)
    assert changes.rows == []


def test_requests_that_give_way_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "UNANSWERED_MAX", 1)
    asked = [halves(exchange("/a", serial=n))[0] for n in range(3)]
    counts = run(ObserveCore(0, NativeExchange, Settings()), asked).counts
    assert counts["unanswered_given_way"] == 2
