"""Key logs: lines to letters, and a file that grows."""

from pathlib import Path

from schemas.codec import decode_as
from schemas.types import TlsSecret
from services.capture.key_log import KEYS, Followed, letters

RANDOM = "ab" * 32
MASTER = f"CLIENT_RANDOM {RANDOM} {'01' * 48}\n".encode()
TRAFFIC = f"CLIENT_TRAFFIC_SECRET_0 {RANDOM} {'02' * 32}\n".encode()


def test_a_line_is_a_letter() -> None:
    """Equal randoms have different keys: compaction must keep every secret of a session."""
    found = list(letters(b"# comment\n" + MASTER + TRAFFIC + b"CLIENT_RANDOM \xff\n", 7))
    assert {letter.topic for letter in found} == {KEYS}
    assert len({letter.key for letter in found}) == 2
    given = [decode_as(TlsSecret, letter.value) for letter in found]
    assert [secret.label for secret in given] == ["CLIENT_RANDOM", "CLIENT_TRAFFIC_SECRET_0"]
    assert given[0].client_random == b"\xab" * 32
    assert given[0].secret == b"\1" * 48
    assert given[0].at_us == 7


def test_a_log_that_grows_is_followed_by_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    followed = Followed(path)
    assert followed.read() == b""
    assert followed.fault
    path.write_bytes(MASTER + TRAFFIC[:20])
    assert followed.read() == MASTER
    assert followed.fault is None
    assert followed.read() == b""
    with path.open("ab") as out:
        out.write(TRAFFIC[20:])
    assert followed.read() == TRAFFIC
    followed.close()


def test_another_file_in_its_place_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(MASTER + MASTER)
    followed = Followed(path)
    assert followed.read() == MASTER * 2
    path.write_bytes(TRAFFIC)
    assert followed.read() == TRAFFIC
    other = tmp_path / "other"
    other.write_bytes(MASTER)
    other.replace(path)
    assert followed.read() == MASTER
    followed.close()
