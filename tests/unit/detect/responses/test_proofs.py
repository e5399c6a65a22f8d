"""Attacks whose answer proves that they worked, and answers that only look so."""

import pytest

from tests.unit.detect.responses.cases import asked, exchange, proofs, rules

SCRIPT = "<script>alert(document.cookie)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
BREAK = '" onmouseover=alert(1) x="'


def page(payload: str, around: str = "<p>Results for {}</p>", **more: object) -> list[str]:
    return rules(
        exchange(around.replace("{}", more.pop("shown", payload)), target=asked(payload), **more)
    )  # type: ignore[arg-type,call-overload]


RUNS = [
    (SCRIPT, "<p>Results for {}</p>"), (IMAGE, "<p>{}</p>"), ("<svg onload=alert(1)>", "<div>{}</div>"),
    (BREAK, '<input value="{}">'), ("' onfocus=alert(1) autofocus='", "<input value='{}'>"),
    ("</title><script>alert(1)</script>", "<title>{}</title>"), ('"><script>alert(1)</script>', '<input value="{}">'),
    ("</textarea>" + IMAGE, "<textarea>{}</textarea>"), ("<iframe src=javascript:alert(1)>", "<td>{}</td>"),
    ("';alert(document.domain)//", "<script>var q = '{}';</script>"), ("--><script>alert(1)</script>", "<!-- {} -->"),
    ("<script src=//evil.test/x.js></script>", "{}"),
]  # fmt: skip
INERT = [
    (SCRIPT, "<p>nothing found</p>"), (SCRIPT, "<textarea>{}</textarea>"), (SCRIPT, "<title>{}</title>"),
    (SCRIPT, '<input value="{}">'), (SCRIPT, "<!-- {} -->"), (BREAK, "<p>{}</p>"), (BREAK, "<input value='{}'>"),
    (SCRIPT, "<script src=/app.js></script><p>none</p>"), ("';alert(document.domain)//", "<p>{}</p>"),
    (SCRIPT, "<noscript>{}</noscript>"),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "around"), RUNS)
def test_reflected(payload: str, around: str) -> None:
    assert page(payload, around) == ["xss.reflected"]


@pytest.mark.parametrize(("payload", "around"), INERT)
def test_reflected_where_it_does_not_run(payload: str, around: str) -> None:
    assert page(payload, around) == []


@pytest.mark.parametrize(
    "shown",
    ["&lt;script&gt;alert(document.cookie)&lt;/script&gt;", "&#60;script&#62;alert(document.cookie)", "alert(document.cookie)",
     "%3Cscript%3Ealert(document.cookie)%3C/script%3E", "\\u003cscript\\u003ealert(document.cookie)", "<b>alert(document.cookie)</b>"],
)  # fmt: skip
def test_escaped_or_cleaned(shown: str) -> None:
    assert page(SCRIPT, shown=shown) == []


@pytest.mark.parametrize("kind", ["json", "text", "script"])
def test_what_no_browser_shows_as_a_page(kind: str) -> None:
    assert page(SCRIPT, kind=kind) == []


def test_an_escaped_quote_keeps_the_string() -> None:
    assert (
        page(
            "';alert(document.domain)//",
            "<script>var q = '{}';</script>",
            shown="\\';alert(document.domain)//",
        )
        == []
    )


SUMS = [
    ("{{7*7}}", "no", False), ("ab{{7*7}}b", "<p>ab49b</p>", True), ("{{1337*1337}}", "<p>1787569</p>", True), ("${7*191919}", "<p>1343433</p>", True),
    ("{{7*7}}", "<p>Price 49</p>", False), ("{{1337*1337}}", "<p>{{1337*1337}} 1787569</p>", False), ("<%= 4231*8812 %>", "37283572", True),
    ("#{3*99991}", "<b>299973</b>", True), ("zz${8*8}zz", "zz64zz", True), ("zz${8*8}zz", "zz 64 zz", False), ("{{1337*1337}}", "<p>17875690</p>", False),
    ("${7*191919}", "id-11343433", False), ("xyz{{9*9}}", "<i>xyz81</i>", True), ("xyz{{9*9}}", "<i>xyz</i> 81", False), ("{{71*71}}", "<p>5041</p>", False),
    ("abc#{6*6}abc", "<p>abc36abc</p>", True), ("*{1000*1001}", "<p>1001000</p>", True), ("{{7*7}}", "<p>49</p>", False), ("abc{{7*7}}", "abc{{7*7}}", False),
    ("{{99999*2}}", "<p>199998</p>", True), ("{{99999*2}}", "<p>99999 and 2</p>", False),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "body", "worked"), SUMS)
def test_sums_worked_out(payload: str, body: str, worked: bool) -> None:
    found = [rule for rule in rules(exchange(body, target=asked(payload))) if "worked-out" in rule]
    assert bool(found) == worked


UNION = "1' UNION SELECT CONCAT(0x7176787871,user(),0x717a6b7a71)-- "
CODES = "1' UNION SELECT CHAR(113,118,120,120,113)+user+CHAR(113,122,107,122,113)-- "
JOINED = "1' UNION SELECT CHR(113)||CHR(118)||CHR(120)||CHR(120)||CHR(113)||usr||CHR(113)||CHR(122)||CHR(107)||CHR(122)||CHR(113) FROM dual-- "


@pytest.mark.parametrize("payload", [UNION, CODES, JOINED])
@pytest.mark.parametrize(
    "around", ["<td>{}</td>", "{}", "<p>Error: XPATH syntax error: '~{}~'</p>", "[{}]"]
)
def test_marks_of_the_database(payload: str, around: str) -> None:
    body = around.replace("{}", "qvxxqroot@localhostqzkzq")
    assert "sqli.read" in rules(exchange(body, target=asked(payload)))


@pytest.mark.parametrize(
    "body", ["", "<p>none</p>", "qvxxq", "qzkzq then qvxxq", "q v x x q", "0x7176787871,user(),0x717a6b7a71", UNION,
             "<p>root@localhost</p>", "qvxxqroot", "QVXXQrootQZKZQ"]
)  # fmt: skip
def test_no_marks_of_the_database(body: str) -> None:
    assert rules(exchange(body, target=asked(UNION))) == []


PAUSES = [
    ("1' AND SLEEP(5)-- ", 5.1, True), ("1' AND SLEEP(5)-- ", 5.0, True), ("1'; WAITFOR DELAY '0:0:5'-- ", 5.4, True), ("1'; SELECT pg_sleep(10)-- ", 10.2, True),
    ("; sleep 5", 5.1, True), ("1' AND SLEEP(4)-- ", 4.2, True), ("$(sleep 7)", 7.1, True), ("1' OR SLEEP(3)-- ", 3.2, True), ("1; ping -c 6 127.0.0.1", 5.3, True),
    ("1'||dbms_pipe.receive_message(('a'),5)||'", 5.2, True), ("1' AND SLEEP(5)-- ", 0.1, False), ("1' AND SLEEP(5)-- ", 30.0, False), ("1' AND SLEEP(5)-- ", 3.9, False),
    ("1' AND SLEEP(1)-- ", 1.1, False), ("1' AND SLEEP(2)-- ", 2.1, False), ("1' OR '1'='1", 9.0, False), ("sleep well", 5.0, False), ("; sleep 500", 500.0, False),
    ("1' AND SLEEP(10)-- ", 5.0, False), ("; sleep 5", None, False), ("1'; WAITFOR DELAY '0:0:5'-- ", 9.0, False),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "took_s", "paused"), PAUSES)
def test_pauses(payload: str, took_s: float | None, paused: bool) -> None:
    latency_us = None if took_s is None else int(took_s * 1_000_000)
    found = proofs(exchange("<p>ok</p>", target=asked(payload), latency_us=latency_us))
    assert [proof.grade for proof in found] == (["probable"] if paused else [])


@pytest.mark.parametrize(
    ("payload", "location", "followed"),
    [("https://shop.example@evil.test/x", "//evil.test/x", True), ("https://shop.example@evil.test/", "https://shop.example@evil.test/", True),
     ("/\\evil.test", "/\\evil.test", True), ("///evil.test/a", "///evil.test/a", True), ("https://shop.example@evil.test/", "https://evil.test/", True),
     ("https://shop.example@evil.test/", "/login", False), ("https://shop.example@evil.test/", "https://www.shop.example/", False),
     ("/\\evil.test", "https://login.test/?next=/\\evil.test", False), ("https://a.example/next", "https://a.example/next", False),
     ("///evil.test/a", "", False)],
)  # fmt: skip
def test_redirects(payload: str, location: str, followed: bool) -> None:
    made = exchange(
        status=302, target=asked(payload, "next"), got=[(b"Location", location.encode())]
    )
    assert rules(made) == (["redirect.followed"] if followed else [])


@pytest.mark.parametrize(
    ("header", "sent"),
    [((b"X-Injected", b"1"), True), ((b"x-injected", b"1"), True), ((b"X-Injected", b"2"), False), ((b"X-Other", b"1"), False)],
)  # fmt: skip
def test_injected_headers(header: tuple[bytes, bytes], sent: bool) -> None:
    made = exchange(target="/page?lang=de%0d%0aX-Injected:%201", got=[header])
    assert rules(made) == (["crlf.sent"] if sent else [])


def test_introspection_that_is_answered() -> None:
    target = asked("{__schema{types{name fields{name}}}}", "query")
    told = '{"data":{"__schema":{"types":[{"name":"Query"}]}}}'
    assert rules(exchange(told, kind="json", target=target)) == ["graphql.told"]
    assert rules(exchange('{"errors":[{"message":"off"}]}', kind="json", target=target)) == []
