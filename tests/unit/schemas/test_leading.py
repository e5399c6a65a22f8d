"""The first text of a record, read without the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import HEAD_BYTES, UndecodableError, decode, encode, leading
from schemas.types import HostLimit, LimitLevel, SiteShare


@given(st.text())
def test_it_is_what_decoding_gives(site: str) -> None:
    record = encode(LimitLevel(site=site, at_us=1, level=0.5))
    assert leading(record, "site") == site == decode(record).site
    assert leading(record, "at_us") is None


def test_another_first_field_has_to_be_decoded() -> None:
    assert leading(encode(SiteShare(answered=7, missed=2)), "site") is None
    assert leading(encode(HostLimit(children_max=7)), "children_max") is None


@given(st.binary(max_size=24))
def test_whatever_follows_the_head_is_a_text_or_a_named_fault(rest: bytes) -> None:
    head = encode(LimitLevel(site="", at_us=0, level=0))[:HEAD_BYTES]
    try:
        said = leading(head + rest, "site")
    except UndecodableError:
        return
    assert said is not None
    assert said.encode() in rest


@pytest.mark.parametrize("record", [b"", b"neither", b"\xc3\x01" + bytes(8)])
def test_what_is_no_record_is_refused(record: bytes) -> None:
    with pytest.raises(UndecodableError):
        leading(record, "site")
