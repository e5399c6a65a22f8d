"""Golden captures of links, tunnels and fragments give what they always gave."""

import pytest

from tests.golden import packing


@pytest.mark.parametrize("case", packing.CASES)
def test_the_capture_is_what_make_builds(case: str) -> None:
    assert (packing.FOLDER / case / "capture.pcap").read_bytes() == packing.capture(case)


@pytest.mark.parametrize("case", packing.CASES)
def test_what_is_packed_is_what_was_expected(case: str) -> None:
    folder = packing.FOLDER / case
    assert packing.text(folder / "capture.pcap") == (folder / "expected.jsonl").read_text()


def test_the_cases_are_there() -> None:
    assert len(packing.CASES) >= 9
