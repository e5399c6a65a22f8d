"""Filter expressions to programs, with libpcap and without."""

import ctypes

import pytest

from services.capture import bpf
from services.capture.bpf import ETHERNET, RAW_IP, FilterError, compile_filter


def libpcap_missing() -> bool:
    try:
        compile_filter("", ETHERNET)
    except FilterError:
        return True
    return False


needs_libpcap = pytest.mark.skipif(libpcap_missing(), reason="libpcap is not installed")


@needs_libpcap
def test_a_program_ends_in_accept_and_reject() -> None:
    program = compile_filter("tcp port 80", ETHERNET, snapshot_bytes=1000)
    assert program[0] == (0x28, 0, 0, 12)  # ldh [12]: the EtherType
    assert {(0x06, 0, 0, 1000), (0x06, 0, 0, 0)} <= set(program)


@needs_libpcap
def test_raw_ip_has_no_ethertype_to_look_at() -> None:
    assert compile_filter("ip", RAW_IP)[0] == (0x30, 0, 0, 0)  # ldb [0]: the IP version


@needs_libpcap
def test_a_wrong_expression_is_one_sentence() -> None:
    with pytest.raises(FilterError, match=r"^the filter 'tcp prt 80' is wrong: .*syntax error"):
        compile_filter("tcp prt 80", ETHERNET)


def test_without_libpcap_the_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> ctypes.CDLL:
        raise OSError(name)

    bpf._library.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", nothing)
    with pytest.raises(FilterError, match=r"apt install libpcap0\.8"):
        compile_filter("tcp", ETHERNET)
    bpf._library.cache_clear()
