"""What people type of lists and limits becomes entries that the services take."""

from pathlib import Path

import pytest

from services.browsing import rate_limit
from services.cli.policy_gate import Members, Place, Rate, limit_entry, list_entry
from services.cli.refusal import RefusedError
from services.runtime import lists

ANYWHERE = Place(site="", host="", path="")
HOUR_US = 3_600_000_000


def listed(said: str, file: Path | None = None, session: str = "", for_: str = "") -> lists.Entry:
    made = list_entry("deny", Members(said=said, file=file, session=session), ANYWHERE, for_, 7)
    return lists.parsed(made)


def rate(said: str, *, by: str = "address", burst: int | None = None) -> Rate:
    return Rate(rate=said, burst=burst, by=by, algorithm="token_bucket")


def test_a_list_of_addresses_with_an_end() -> None:
    made = listed("203.0.113.7/24, 2001:db8::1", for_="2h")
    assert made.until_us == 7 + 2 * HOUR_US
    assert set(made.networks) == {(4, 24), (6, 128)}
    assert listed("192.0.2.1").until_us == 0


def test_a_list_from_a_file_has_the_name_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "drop.txt"
    file.write_text("# a feed\n192.0.2.0/24 ; SBL1\n\n198.51.100.1 # one\n")
    made = list_entry("grey", Members(said="feed", file=file), ANYWHERE, "", 0)
    assert made.id == "list/feed"
    assert set(lists.parsed(made).networks) == {(4, 24), (4, 32)}


def test_the_same_said_again_is_one_entry() -> None:
    ids = {
        list_entry("deny", Members(said=said), ANYWHERE, for_, 0).id
        for said, for_ in (("192.0.2.1,192.0.2.2", "1h"), ("192.0.2.2,192.0.2.1", "2h"))
    }
    assert len(ids) == 1


def test_nobody_and_what_is_no_address_are_refused(tmp_path: Path) -> None:
    for said, file in (("", None), ("everyone", None), ("x", tmp_path / "none")):
        with pytest.raises(RefusedError):
            listed(said, file)
    with pytest.raises(RefusedError):
        listed("192.0.2.1", for_="soon")
    assert listed("", session="3f2a91b0c4d5").sessions == {"3f2a91b0c4d5"}


def test_a_limit_as_typed() -> None:
    place = Place(site="", host="shop.demo", path="/login")
    made = limit_entry("login", place, rate("10/5m", by="network", burst=20))
    limit = rate_limit.parsed(made)
    assert (made.id, limit.host, limit.path) == ("limit/login", "shop.demo", "/login")
    assert (limit.requests, limit.seconds, limit.burst, limit.key) == (10, 300, 20, "network")


@pytest.mark.parametrize(
    "said", [rate("10"), rate("10/x"), rate("0/1s"), rate("1/1s", by="shoe"), rate("1/1s", burst=0)]
)
def test_a_limit_of_no_known_form_is_refused(said: Rate) -> None:
    with pytest.raises(RefusedError):
        limit_entry("", ANYWHERE, said)
