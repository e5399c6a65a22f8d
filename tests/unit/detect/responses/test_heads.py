"""What heads show: cookies, CORS, versions, addresses, passwords in the clear, foreign forms."""

import pytest

from services.detect.responses.heads.components import known
from tests.unit.detect.responses.cases import Headers, classes, exchange, proofs, rules

HTTPS: Headers = [(b"X-Forwarded-Proto", b"https")]
VALUE = "=kD83hfLq02ZxVbmN"
BARE = [
    "PHPSESSID" + VALUE + "; path=/", "JSESSIONID" + VALUE, "ASP.NET_SessionId" + VALUE + "; path=/",
    "connect.sid" + VALUE + "; Path=/; SameSite=Lax", "laravel_session" + VALUE + "; secure",
    "sid" + VALUE + "; Max-Age=3600", "session" + VALUE, "auth_token" + VALUE + "; Secure; SameSite=Lax",
    "access_token" + VALUE, "jwt" + VALUE, "remember_me" + VALUE, "_myapp_session" + VALUE,
]  # fmt: skip
KEPT = [
    "PHPSESSID" + VALUE + "; path=/; HttpOnly", "JSESSIONID" + VALUE + ";httponly;secure",
    "sid=; Max-Age=0", "session=deleted1; expires=Thu, 01-Jan-1970 00:00:00 GMT", "lang=de-DE-utf8",
    "XSRF-TOKEN" + VALUE, "csrftoken" + VALUE, "_ga=GA1.2.1234567.890", "session_count=123456789",
    "theme=dark-and-blue", "sid=1", "AWSALB" + VALUE, "inside" + VALUE, "author=annabella", "sessionTimezone" + VALUE,
]  # fmt: skip


@pytest.mark.parametrize("cookie", BARE)
def test_a_session_without_httponly(cookie: str) -> None:
    (proof,) = proofs(exchange(got=[(b"Set-Cookie", cookie.encode())]))
    assert proof.rule == "cookie_flags.httponly"
    assert VALUE.encode() not in proof.value


@pytest.mark.parametrize("cookie", KEPT)
def test_other_cookies(cookie: str) -> None:
    assert rules(exchange(got=[(b"Set-Cookie", cookie.encode())])) == []


def test_secure_is_asked_for_where_the_client_spoke_tls() -> None:
    cookie = [(b"Set-Cookie", b"sid=kD83hfLq02ZxVbmN; HttpOnly")]
    assert rules(exchange(got=cookie)) == []
    assert rules(exchange(got=cookie, headers=HTTPS)) == ["cookie_flags.secure"]


def cors(
    origin: str, allowed: str = "", credentials: str = "true", host: str = "api.shop.example"
) -> list[str]:
    got = [(b"Access-Control-Allow-Origin", (allowed or origin).encode())]
    if credentials:
        got.append((b"Access-Control-Allow-Credentials", credentials.encode()))
    return rules(
        exchange("{}", kind="json", host=host, headers=[(b"Origin", origin.encode())], got=got)
    )


@pytest.mark.parametrize(
    "origin",
    ["null", "https://api.shop.example.attacker.test", "https://evilshop.example", "https://shop.example.evil.test",
     "http://api.shop.example.evil.test:8080", "https://notshop.example", "https://x-shop.example",
     "https://attackershop.example", "https://shop.example.co.test", "https://xapi.shop.example.test"],
)  # fmt: skip
def test_any_origin_may_read(origin: str) -> None:
    assert cors(origin) == ["cors.reflected"]


@pytest.mark.parametrize(
    ("origin", "allowed", "credentials"),
    [("https://www.shop.example", "", "true"), ("https://shop.example", "", "true"),
     ("http://localhost:3000", "", "true"), ("https://partner.test", "", "true"),
     ("null", "", ""), ("null", "https://shop.example", "true"), ("https://evilshop.example", "*", ""),
     ("https://evilshop.example", "https://shop.example", "true"), ("https://evilshop.example", "", "false"),
     ("https://10.0.0.7", "", "true"), ("capacitor://localhost", "", "true")],
)  # fmt: skip
def test_origins_that_a_list_may_hold(origin: str, allowed: str, credentials: str) -> None:
    assert cors(origin, allowed, credentials) == []


OLD = [
    ("Server", "Apache/2.4.49 (Unix)"), ("Server", "Apache/2.4.50"), ("Server", "Apache/2.2.15 (Win32)"),
    ("Server", "nginx/1.14.0"), ("Server", "Microsoft-IIS/6.0"), ("X-Powered-By", "PHP/5.6.40"),
    ("X-Powered-By", "PHP/8.1.2"), ("Server", "gunicorn/20.0.4"), ("Server", "Werkzeug/2.0.1 Python/3.9.2"),
    ("Server", "Jetty(9.4.40.v20210413)"), ("X-Jenkins", "2.401"), ("Server", "RomPager/4.07 UPnP/1.0"),
]  # fmt: skip
NEW = [
    ("Server", "Apache/2.4.41 (Ubuntu)"), ("Server", "Apache/2.4.37 (Red Hat Enterprise Linux)"), ("Server", "Apache"),
    ("Server", "Apache/2.4.62"), ("Server", "nginx"), ("Server", "nginx/1.26.1"), ("Server", "nginx/1.14.0 (Ubuntu)"),
    ("X-Powered-By", "PHP/8.3.12"), ("X-Powered-By", "PHP/7.4.33-0+deb11u5"), ("X-Powered-By", "PHP/5.5.12-2"),
    ("X-Powered-By", "Express"), ("Server", "cloudflare"), ("Server", "Microsoft-IIS/10.0"), ("Server", "MyApache/1.0"),
    ("X-Page", "PHP/5.6.40"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), OLD)
def test_versions_with_holes(name: str, value: str) -> None:
    (proof,) = proofs(exchange(got=[(name.encode(), value.encode())]))
    assert (proof.weakness.class_, proof.grade) == ("vulnerable_component", "probable")


@pytest.mark.parametrize(("name", "value"), NEW)
def test_versions_without(name: str, value: str) -> None:
    assert rules(exchange(got=[(name.encode(), value.encode())])) == []


def test_the_list_is_in_order() -> None:
    for product, holes in known().items():
        assert product == product.lower()
        assert all(hole.since < hole.fixed for hole in holes)


INSIDE = [
    ("Location", "http://10.0.3.7:8080/login"), ("Location", "https://192.168.4.20/"), ("X-Backend-Server", "172.16.9.1"),
    ("X-Upstream", "10.11.12.13:80"), ("X-Served-By", "web 192.168.1.4"), ("Content-Location", "http://10.1.1.1/index.html"),
    ("Link", "<http://172.31.0.2/a>; rel=next"), ("X-Server-IP", "10.9.8.7"), ("Refresh", "0; url=http://10.2.2.2/"),
    ("X-Real-Server", "192.168.77.1"),
]  # fmt: skip
OUTSIDE = [
    ("Location", "https://www.shop.example/"), ("X-Version", "10.0.3.7"), ("Location", "/v/10.0.3"), ("Server", "x/10.1.2.3"),
    ("X-Served-By", "cache-fra-10.1.2"), ("Location", "https://203.0.113.7/"), ("X-Upstream", "172.32.0.1"),
    ("Location", "https://192.169.1.1/"), ("ETag", '"10.0.3.7"'), ("X-Backend", "110.0.3.75"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), INSIDE)
def test_addresses_of_the_inside(name: str, value: str) -> None:
    assert classes(exchange(status=302, got=[(name.encode(), value.encode())])) == [
        "internal_address"
    ]


@pytest.mark.parametrize(("name", "value"), OUTSIDE)
def test_other_addresses(name: str, value: str) -> None:
    assert classes(exchange(status=302, got=[(name.encode(), value.encode())])) == []


def test_inside_nobody_is_told_of_the_inside() -> None:
    got = [(b"Location", b"http://10.0.3.7/")]
    assert classes(exchange(status=302, got=got, client="10.0.0.9")) == []
    assert classes(exchange(status=302, got=got, host="192.168.1.1")) == []


CLEAR: Headers = [(b"Referer", b"http://shop.example/login")]
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
PASSWORDS = [
    b"user=ann&password=kD83hf", b"password=kD83hf", b"log=ann&pwd=kD83hf&ok=1", b"user[password]=kD83hf",
    b"login_password=kD83hf", b"j_password=kD83hf", b'{"user":"ann","password":"kD83hf"}', b"passwd=kD83hf&x=",
    b"a=1&userpass=kD83hf", b'{"pwd": "kD83hf"}',
]  # fmt: skip
NO_PASSWORDS = [
    b"", b"q=password", b"password=", b"forgot_password_for=ann", b"passwordless=true", b"compass=north",
    b'{"password":""}', b"pass=3&seats=2", b"note=my+password+is+lost", b'{"text":"password"}',
]  # fmt: skip


@pytest.mark.parametrize("sent", PASSWORDS)
def test_a_password_in_the_clear(sent: bytes) -> None:
    (proof,) = proofs(exchange(method="POST", headers=[*CLEAR, FORM], sent=sent))
    assert proof.rule == "cleartext_credentials.form"
    assert proof.secret


@pytest.mark.parametrize("sent", NO_PASSWORDS)
def test_no_password(sent: bytes) -> None:
    assert rules(exchange(method="POST", headers=[*CLEAR, FORM], sent=sent)) == []


@pytest.mark.parametrize(
    "headers",
    [[], HTTPS, [*CLEAR, *HTTPS], [(b"Referer", b"https://shop.example/login")],
     [(b"Origin", b"https://shop.example")], [(b"Referer", b"http://shop.example.test/")]],
)  # fmt: skip
def test_what_may_have_been_tls(headers: Headers) -> None:
    assert rules(exchange(method="POST", headers=[*headers, FORM], sent=PASSWORDS[0])) == []
    basic = [*headers, (b"Authorization", b"Basic YW5uOmtEODNoZg==")]
    assert rules(exchange(headers=basic)) == []


def test_basic_authentication_in_the_clear() -> None:
    headers = [*CLEAR, (b"Authorization", b"Basic YW5uOmtEODNoZg==")]
    assert rules(exchange(headers=headers)) == ["cleartext_credentials.basic"]


FOREIGN: Headers = [
    (b"Origin", b"https://evil.test"), (b"Sec-Fetch-Site", b"cross-site"), (b"Cookie", b"sid=kD83hfLq02Zx"),
]  # fmt: skip


def foreign(
    sent: bytes,
    *,
    headers: Headers = FOREIGN,
    kind: bytes = FORM[1],
    status: int = 302,
    method: str = "POST",
) -> list[str]:
    made = exchange(
        method=method, headers=[*headers, (b"Content-Type", kind)], sent=sent, status=status
    )
    return rules(made)


@pytest.mark.parametrize(
    "sent",
    [b"email=a@b.test", b"amount=9&to=77", b"role=admin", b"delete=1", b"a=b&c=d", b"name=x&submit=Save",
     b"id=3&status=paid", b"address=x", b"phone=1", b"plan=pro"],
)  # fmt: skip
def test_a_form_of_another_site_was_taken(sent: bytes) -> None:
    assert foreign(sent) == ["csrf.taken"]


@pytest.mark.parametrize(
    "sent",
    [b"csrf_token=1&a=b", b"_token=1&a=b", b"authenticity_token=1", b"SAMLResponse=x", b"id_token=x&state=y",
     b"PaRes=x&MD=y", b"__RequestVerificationToken=x", b"", b"cres=x", b"signature=x&amount=3", b"form_key=1"],
)  # fmt: skip
def test_a_form_with_a_proof_of_its_own(sent: bytes) -> None:
    assert foreign(sent) == []


def test_forms_that_are_not_foreign_or_not_taken() -> None:
    assert foreign(b"a=b", status=403) == []
    assert foreign(b"a=b", method="GET") == []
    assert foreign(b'{"a":1}', kind=b"application/json") == []
    assert foreign(b"a=b", headers=[(b"Sec-Fetch-Site", b"same-origin"), FOREIGN[2]]) == []
    assert foreign(b"a=b", headers=FOREIGN[:2]) == []
