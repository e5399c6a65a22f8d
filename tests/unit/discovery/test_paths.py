"""Request targets to templates."""

import pytest

from services.discovery.paths import path_of, split

CASES = [
    ("/", "/"),
    ("", "/"),
    ("/users/17", "/users/{id}"),
    ("/users/17/", "/users/{id}/"),
    ("//users//17", "/users/{id}"),
    ("/users/17/orders/4.json", "/users/{id}/orders/{id}.json"),
    ("/users;jsessionid=ABC/17;x=1", "/users/{id}"),
    ("http://shop.example/users/17?x", "/users/{id}"),
    ("http://shop.example", "/"),
    ("/2026/11/23/news", "/{year}/{month}/{day}/news"),
    ("/blog/2026/11/how", "/blog/{year}/{month}/how"),
    ("/a/2026/97", "/a/{id}/{id}"),
    ("/public-specs/v2", "/public-specs/v2"),
    ("/static/js/app.3f2a1b.js", "/static/js/{file}.js"),
    ("/logo.PNG", "/{file}.png"),
    ("/a" * 40, "/a" * 15 + "/{string}"),
    ("/" + "a" * 3_000, "/{string}"),
    ("*", "/*"),
]


@pytest.mark.parametrize(("target", "template"), CASES)
def test_templates(target: str, template: str) -> None:
    assert path_of(split(target.encode())[0]).template == template


def test_values_stand_beside_with_their_segment() -> None:
    assert path_of(b"/users/17/on/2026-11-23").values == ((1, "17"), (3, "2026-11-23"))
