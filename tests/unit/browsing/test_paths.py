"""What a path says by itself."""

import pytest

from services.browsing.paths import Kind, kind, path_of, shape


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a/b?c=d", b"/a/b"),
        (b"http://shop.example/a?b", b"/a"),
        (b"http://shop.example", b"/"),
        (b"/a;jsessionid=1/b#c", b"/a"),
        (b"*", b"*"),
        (b"", b""),
        (b"/\xff\x00", b"/\xff\x00"),
        (b"/" + b"a" * 9_999, b"/" + b"a" * 511),
    ],
)
def test_targets_have_a_path(target: bytes, path: bytes) -> None:
    assert path_of(target) == path


@pytest.mark.parametrize(
    "path",
    [b"/.git/HEAD", b"/.env", b"/site.zip", b"/index.php~", b"/phpmyadmin/", b"/wp-login.php",
     b"/admin.aspx", b"/old/", b"/dump.sql", b"/api/actuator/env", b"/ADMIN", b"/config.php"],
)  # fmt: skip
def test_what_wordlists_have(path: bytes) -> None:
    assert kind(path) is Kind.FORGOTTEN


@pytest.mark.parametrize(
    "path",
    [b"/", b"/products/17", b"/oldtimer", b"/threshold", b"/api/v2/users", b"/blog/private-life",
     b"/configurator", b"/a.html", b"/consoles", b"/gold"],
)  # fmt: skip
def test_what_they_do_not(path: bytes) -> None:
    assert kind(path) is Kind.PLAIN


@pytest.mark.parametrize(
    "path",
    [b"/favicon.ico", b"/robots.txt", b"/apple-touch-icon-120x120.png", b"/sitemap_index.xml",
     b"/.well-known/security.txt", b"/static/app.js.map", b"/manifest.json", b"/f.woff2"],
)  # fmt: skip
def test_what_software_asks_for_unbidden(path: bytes) -> None:
    assert kind(path) is Kind.ROUTINE


def test_ids_and_hashes_make_no_new_path() -> None:
    assert shape(b"/orders/17/items/4") == shape(b"/orders/18/items/9")
    assert shape(b"/a.0123456789abcdef.js") == shape(b"/a.fedcba9876543210.js")
    assert shape(b"/f81d4fae-7dec-11d0-a765-00a0c91e6bf6") == shape(b"/1")
    assert shape(b"/news") != shape(b"/shop")
