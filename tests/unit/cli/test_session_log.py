"""What a session did, in order, and who it was."""

import pytest
from sidetap_native import Exchange as NativeExchange

from schemas.codec import encode
from schemas.types import Exchange
from services.cli import session_log
from services.cli.session_log import SessionLog
from services.cli.sessions import session_form, step_form
from services.runtime.masking import Masker
from tests.traffic import START_US, exchange, halves

ANN = [(b"Cookie", b"PHPSESSID=ann1234; _ga=1")]
BROWSER = [(b"User-Agent", b"Mozilla/5.0")]


def log(records: list[Exchange], wanted: str | None = None) -> SessionLog:
    made = SessionLog(Masker(b"key"), wanted=wanted)
    for record in records:
        made.add(NativeExchange(encode(record)))
    return made


def walk() -> list[Exchange]:
    return [
        exchange("/a?token=abc", 200, at_s=2, client="192.0.2.1", headers=ANN),
        exchange("/b", 403, at_s=1, client="192.0.2.2", headers=ANN),
        exchange("/c", 200, at_s=3, client="192.0.2.2", headers=BROWSER),
        exchange("/d", 404, at_s=4, client="192.0.2.2", headers=BROWSER),
        exchange("/e", None, at_s=5, client="192.0.2.3", headers=BROWSER),
    ]


def test_a_session_is_one_whatever_its_address() -> None:
    ann, browser, other = log(walk()).told()
    assert (ann.kind, ann.clients, ann.requests, ann.refused) == (
        "session", {"192.0.2.1", "192.0.2.2"}, 2, 1,
    )  # fmt: skip
    assert (browser.kind, browser.clients, browser.requests) == ("client", {"192.0.2.2"}, 2)
    assert (other.requests, other.refused) == (1, 0)
    assert (ann.first_us, ann.last_us) == (START_US + 1_000_000, START_US + 2_000_000)


def test_steps_are_in_order_and_masked() -> None:
    ann = log(walk()).told()[0]
    steps = log(walk(), wanted=ann.id[:6]).in_order()
    assert [(one.method, one.target[:3], one.status) for one in steps] == [
        ("GET", "/b", 403), ("GET", "/a?", 200),
    ]  # fmt: skip
    assert "abc" not in steps[1].target
    assert "ann1234" not in str(session_form(ann)) + str([step_form(one) for one in steps])


@pytest.mark.parametrize("repeated", [True, False])
def test_an_answer_in_a_second_record_is_no_second_request(repeated: bool) -> None:
    records = halves(walk()[1], repeated=repeated)
    (ann,) = log(records).told()
    assert (ann.requests, ann.refused) == (1, int(repeated))
    (step,) = log(records, wanted=ann.id).in_order()
    assert step.status == 403


def test_both_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_log, "SESSIONS_MAX", 2)
    monkeypatch.setattr(session_log, "STEPS_MAX", 1)
    made = log(walk(), wanted="")
    assert len(made.sessions) == 2
    assert len(made.steps) == 1
    assert made.left_out == 1 + 4


def test_forms_are_json() -> None:
    (session, *_) = log(walk()).told()
    form = session_form(session)
    assert form["kind"] == "session"
    assert form["clients"] == ["192.0.2.1", "192.0.2.2"]
    assert form["first"] == "2025-11-23T09:00:01.000000Z"


@pytest.mark.parametrize("way", ["cookie", "token", "nested", "subject"])
def test_a_log_in_stands_with_what_came_of_it(way: str) -> None:
    jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.c2ln"
    token = jwt if way == "subject" else "t0k3n"
    got = {"token": b'{"access_token": "%b"}', "nested": b'{"data": {"jwt": "%b"}}',
           "subject": b'{"id_token": "%b"}'}.get(way, b"%b") % token.encode()  # fmt: skip
    cookie = way == "cookie"
    login = exchange(
        "/login", 200, method="POST", got=got, headers=BROWSER,
        got_headers=[(b"Set-Cookie", b"sid=abc; HttpOnly")] if cookie else [],
    )  # fmt: skip
    proof = (b"Cookie", b"sid=abc") if cookie else (b"Authorization", f"Bearer {token}".encode())
    after = exchange("/me", at_s=1, client="192.0.2.77", headers=[proof])
    (ann,) = log([login, after]).told()
    assert (ann.kind, ann.requests, len(ann.clients)) == ("session", 2, 2)
    assert [one.target for one in log([login, after], wanted=ann.id).in_order()] == [
        "/login",
        "/me",
    ]


@pytest.mark.parametrize(
    "got", [b"", b"{", b'{"token": 7}', b'{"token": ""}', b'["token"]', b"\xff"]
)
def test_an_answer_that_gives_nothing_begins_no_session(got: bytes) -> None:
    (one,) = log([exchange("/login", 200, method="POST", got=got)]).told()
    assert one.kind == "client"


def test_who_is_refused_is_given_nothing() -> None:
    refused = exchange(
        "/login", 401, got=b'{"token": "t"}', got_headers=[(b"Set-Cookie", b"sid=a")]
    )
    assert [one.kind for one in log([refused]).told()] == ["client"]
