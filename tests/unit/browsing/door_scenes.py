"""Scenes of those who try doors, and of those who only fail at them."""

import base64
import random
from urllib.parse import urlencode

import orjson

from schemas.types import Exchange
from tests.traffic import exchange
from tests.unit.browsing.scenes import (
    ATTACKER,
    Traffic,
    ordered,
)

CLASSES = {"brute_force", "credential_stuffing", "password_spraying", "user_enumeration"}
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
SESSION = (b"Set-Cookie", b"session=5f2a; HttpOnly")
PAGE = b"<html><body><h1>Sign in</h1><p>%b</p></body></html>"
DAY_S = 86_400


def form(
    user: str,
    secret: str,
    status: int = 401,
    *,
    at_s: float,
    client: str = ATTACKER,
    path: str = "/login",
    got: bytes = b"",
    good: bool = False,
) -> Exchange:
    """A log-in form sent."""
    return exchange(
        path, 302 if good else status, at_s=at_s, client=client, method="POST", headers=[FORM],
        sent=urlencode({"username": user, "password": secret}).encode(), got=got,
        got_headers=[SESSION, (b"Location", b"/home")] if good else [],
    )  # fmt: skip


def api(user: str, secret: str, at_s: float, *, good: bool = False) -> Exchange:
    """The same of an API that always answers 200."""
    got = b'{"token": "a1b2"}' if good else b'{"success": false}'
    sent = orjson.dumps({"data": {"email": user, "password": secret}})
    return exchange(
        "/api/v1/auth", 200, at_s=at_s, client=ATTACKER, method="POST", sent=sent, got=got
    )


def basic(user: str, secret: str, at_s: float, *, client: str = ATTACKER) -> Exchange:
    """HTTP Basic."""
    token = base64.b64encode(f"{user}:{secret}".encode())
    return exchange(
        "/reports", 401, at_s=at_s, client=client, headers=[(b"Authorization", b"Basic " + token)]
    )


def customers(seconds: int, every_s: float = 5) -> list[Exchange]:
    """Ordinary people who log in, some of them at the second time."""
    dice, came = random.Random(4), []
    for i in range(int(seconds / every_s)):
        at_s, client = i * every_s, f"198.51.100.{i % 200}"
        if dice.random() < 0.2:
            came.append(form(f"user{i}", f"typo{i}", at_s=at_s, client=client))
        came.append(form(f"user{i}", f"right{i}", at_s=at_s + 2, client=client, good=True))
    return came


# Attacks ----------------------------------------------------------------------------------------


def one_user_many_passwords() -> Traffic:
    return ordered(customers(60), [form("admin", f"word{i}", at_s=i / 5) for i in range(100)])


def one_user_once_a_minute() -> Traffic:
    return ordered(
        customers(7_200, 60), [form("admin", f"word{i}", at_s=i * 60) for i in range(100)]
    )


def one_user_by_basic() -> Traffic:
    return [basic("root", f"word{i}", i) for i in range(40)]


def a_page_that_says_no_with_200() -> Traffic:
    """No status and no word of refusal: what one user got for three passwords is none."""
    return [form("admin", f"w{i}", 200, at_s=i, got=PAGE % b"Bitte pruefen") for i in range(40)]


def codes_of_six_digits() -> Traffic:
    return [
        exchange(
            "/mfa/verify", 422, at_s=i, client=ATTACKER, method="POST", sent=b'{"code":%d}' % i
        )
        for i in range(100_000, 100_060)
    ]


def a_stolen_list() -> Traffic:
    return ordered(
        customers(60), [form(f"u{i}@mail.example", f"secret{i}", at_s=i / 3) for i in range(90)]
    )


def a_stolen_list_with_hits() -> Traffic:
    return [form(f"u{i}", f"secret{i}", at_s=i, good=i % 20 == 19) for i in range(90)]


def a_stolen_list_in_json() -> Traffic:
    return [api(f"u{i}@mail.example", f"secret{i}", i, good=i % 30 == 29) for i in range(90)]


def a_stolen_list_all_day() -> Traffic:
    return [form(f"u{i}", f"secret{i}", at_s=i * 600) for i in range(100)]


def one_password_for_all() -> Traffic:
    return [form(f"u{i}", "Summer2026!", at_s=i * 4) for i in range(40)]


def two_passwords_over_hours() -> Traffic:
    return [form(f"u{i}", ("Spring1", "Winter1")[i % 2], at_s=i * 400) for i in range(60)]


def names_at_the_reset() -> Traffic:
    """The answer says whether the address is known."""
    return [
        exchange("/forgot-password", 404 if i % 4 else 200, at_s=i, client=ATTACKER, method="POST",
                 sent=f"email=u{i}%40mail.example".encode(),
                 got=b"no such user" if i % 4 else b"mail is on its way")
        for i in range(60)
    ]  # fmt: skip


def names_at_the_sign_up() -> Traffic:
    return [
        exchange(f"/api/check-username?username=user{i}", 200, at_s=i / 2, client=ATTACKER,
                 got=b'{"available": %b}' % (b"true" if i % 3 else b"false"))
        for i in range(90)
    ]  # fmt: skip


def a_stolen_list_by_basic() -> Traffic:
    return [basic(f"u{i}", f"secret{i}", i) for i in range(60)]


def one_password_by_basic() -> Traffic:
    return [basic(f"u{i}", "Summer2026!", i * 2) for i in range(60)]


def one_password_in_json() -> Traffic:
    return ordered(
        customers(120), [api(f"u{i}@mail.example", "Welcome1", i * 3) for i in range(50)]
    )


def three_passwords_with_hits() -> Traffic:
    return [
        form(f"u{i // 3}", ("Spring1", "Winter1", "Passw0rd")[i % 3], at_s=i, good=i % 40 == 39)
        for i in range(120)
    ]


def names_told_apart_by_status() -> Traffic:
    return [
        exchange("/api/register", 409 if i % 5 == 0 else 422, at_s=i, client=ATTACKER,
                 method="POST", sent=b'{"email": "u%d@mail.example"}' % i)
        for i in range(60)
    ]  # fmt: skip


def names_told_apart_by_a_redirect() -> Traffic:
    return [
        exchange("/account/recover", 302, at_s=i * 2, client=ATTACKER, method="POST",
                 headers=[FORM], sent=b"username=user%d" % i,
                 got_headers=[(b"Location", b"/sent" if i % 6 == 0 else b"/unknown")])
        for i in range(60)
    ]  # fmt: skip


def names_all_day() -> Traffic:
    return [
        exchange(f"/api/users/exists?email=u{i}%40mail.example", 200, at_s=i * 900,
                 client=ATTACKER, got=b'{"exists": %b}' % (b"true" if i % 4 == 0 else b"false"))
        for i in range(80)
    ]  # fmt: skip


ATTACKS = [
    one_user_many_passwords, one_user_once_a_minute, one_user_by_basic,
    a_page_that_says_no_with_200, codes_of_six_digits, a_stolen_list, a_stolen_list_with_hits,
    a_stolen_list_in_json, a_stolen_list_all_day, one_password_for_all, two_passwords_over_hours,
    names_at_the_reset, names_at_the_sign_up, a_stolen_list_by_basic, one_password_by_basic,
    one_password_in_json, three_passwords_with_hits, names_told_apart_by_status,
    names_told_apart_by_a_redirect, names_all_day,
]  # fmt: skip

# Look-alikes ------------------------------------------------------------------------------------


def nat_office() -> Traffic:
    """Three hundred people behind one address come to work; one in five mistypes."""
    return [
        one
        for i in range(300)
        for one in (
            *([form(f"p{i}", "typo", at_s=i * 2, client="192.0.2.1")] if i % 5 == 0 else []),
            form(f"p{i}", f"right{i}", at_s=i * 2 + 1, client="192.0.2.1", good=True),
        )
    ]


def a_broken_deployment() -> Traffic:
    """After noon nobody gets in, the people of an office neither."""
    before = customers(600)
    after = [
        form(f"user{i}", f"right{i}", at_s=601 + i, client=f"198.51.100.{i % 40}")
        for i in range(80)
    ]
    office = [form(f"p{i}", f"right{i}", at_s=700 + i, client="192.0.2.1") for i in range(60)]
    return ordered(before, after, office)


def a_password_manager() -> Traffic:
    """One old pair, sent at each start."""
    return [form("joe", "old", at_s=i * 30, client="192.0.2.2") for i in range(200)]


def a_phone_that_retries() -> Traffic:
    return [form("joe", "old", at_s=i / 10, client="192.0.2.3") for i in range(600)]


def a_job_with_an_old_password() -> Traffic:
    return [basic("ci", "expired", i, client="192.0.2.4") for i in range(1_000)]


def an_sso_refresh_loop() -> Traffic:
    return [
        exchange("/oauth2/token", 400, at_s=i / 5, client="192.0.2.5", method="POST",
                 sent=b"grant_type=refresh_token&refresh_token=r%d&client_id=app" % i,
                 got=b'{"error": "invalid_grant"}')
        for i in range(500)
    ]  # fmt: skip


def authorisation_codes() -> Traffic:
    """A relying party behind one address redeems a code for each of its users."""
    return [
        exchange("/oauth2/token", 200 if i % 9 else 400, at_s=i / 2, client="192.0.2.6",
                 method="POST", sent=b"grant_type=authorization_code&code=c%d" % i,
                 got=b'{"access_token": "a"}')
        for i in range(300)
    ]  # fmt: skip


def somebody_who_forgot() -> Traffic:
    return [form("ann", f"guess{i}", at_s=i * 20, client="192.0.2.7") for i in range(9)]


def a_pipeline_that_tests_the_log_in() -> Traffic:
    """A pipeline that runs the same ten bad log-ins all day, and good ones."""
    return [
        form(f"t{i % 10}", f"bad{i % 10}", at_s=i * 7, client="192.0.2.8", good=i % 3 == 0)
        for i in range(600)
    ]


def monitoring() -> Traffic:
    return [
        form("probe", "right", at_s=i * 60, client="192.0.2.9", good=i % 50 != 0)
        for i in range(500)
    ]


def a_load_test() -> Traffic:
    """A list of users who all get in."""
    return [
        form(f"load{i}", f"pw{i}", at_s=i / 20, client="192.0.2.10", good=True) for i in range(500)
    ]


def typing_a_name() -> Traffic:
    """A field that asks at each key whether the name is free."""
    name = "the-one-and-only-longest-user-name-that-was-ever-typed"
    return [
        exchange(f"/api/check-username?username={name[: i + 1]}", 200, at_s=i / 3,
                 client="192.0.2.11", got=b'{"available": %b}' % (b"true" if i > 9 else b"false"))
        for i in range(len(name))
    ]  # fmt: skip


def a_reset_after_a_migration() -> Traffic:
    """Everybody in the office was told to set a new password."""
    return [
        exchange("/forgot-password", 200, at_s=i * 5, client="192.0.2.12", method="POST",
                 sent=f"email=p{i}%40office.example".encode(), got=b"mail is on its way")
        for i in range(100)
    ]  # fmt: skip


def a_crawler() -> Traffic:
    return [
        exchange(f"/login?next=/page/{i}", 200, at_s=i, client="192.0.2.13") for i in range(300)
    ]


LOOK_ALIKES = [
    nat_office, a_broken_deployment, a_password_manager, a_phone_that_retries,
    a_job_with_an_old_password, an_sso_refresh_loop, authorisation_codes, somebody_who_forgot,
    a_pipeline_that_tests_the_log_in, monitoring, a_load_test, typing_a_name,
    a_reset_after_a_migration, a_crawler,
]  # fmt: skip


RULES = {
    one_user_many_passwords: "brute_force", one_user_once_a_minute: "brute_force",
    one_user_by_basic: "brute_force", a_page_that_says_no_with_200: "brute_force",
    codes_of_six_digits: "brute_force", a_stolen_list: "credential_stuffing",
    a_stolen_list_with_hits: "credential_stuffing", a_stolen_list_in_json: "credential_stuffing",
    a_stolen_list_all_day: "credential_stuffing", one_password_for_all: "password_spraying",
    two_passwords_over_hours: "password_spraying", names_at_the_reset: "user_enumeration",
    names_at_the_sign_up: "user_enumeration", a_stolen_list_by_basic: "credential_stuffing",
    one_password_by_basic: "password_spraying", one_password_in_json: "password_spraying",
    three_passwords_with_hits: "password_spraying", names_all_day: "user_enumeration",
    names_told_apart_by_status: "user_enumeration",
    names_told_apart_by_a_redirect: "user_enumeration",
}  # fmt: skip
