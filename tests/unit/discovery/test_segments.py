"""Which path segments are names of an API, and which are values."""

import pytest

from services.discovery.segments import label

VALUES = [
    ("17", "{id}"),
    ("-3", "{id}"),
    ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "{uuid}"),
    ("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "{uuid}"),
    ("2026-11-23", "{date}"),
    ("2026-11-23T08:00:00Z", "{date}"),
    ("2026-11-23T08%3A00%3A00%2B01:00", "{date}"),
    ("192.0.2.17", "{ip}"),
    ("ann@shop.example", "{email}"),
    ("ann%40shop.example", "{email}"),
    ("507f1f77bcf86cd799439011", "{hash}"),
    ("d41d8cd98f00b204e9800998ecf8427e", "{hash}"),
    ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "{token}"),
    ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "{token}"),
    ("cus_9s6XKzkNRiz8i3", "{token}"),
    ("dGhpcyBpcyBhIHRlc3Q1MjM0", "{token}"),
    ("en-US", "{locale}"),
    ("52.5200", "{number}"),
    ("52.52,13.40", "{string}"),
    ("ORD-00123", "{slug}"),
    ("author-a-0001", "{slug}"),
    ("how-we-moved-our-blog-to-another-place", "{slug}"),
    ("17.json", "{id}.json"),
    ("17:cancel", "{id}:cancel"),
    ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6.pdf", "{uuid}.pdf"),
    ("x" * 65, "{string}"),
    ("%ff%fe", "{string}"),
    ("<script>", "{string}"),
    ("a%00b", "{string}"),
    ("%7Bid%7D", "{string}"),
]
NAMES = [
    "users", "v2", "v1.1", "2.0", "public-specs", "oauth2", "sha256", "utf8", "error-404", "me",
    "getOAuth2TokenInfo", "terms-and-conditions-of-use", "file.tar.gz", "index.php", "iso27001",
    "user_profiles", "a", "deadbeef", "openapi.json", "x-17", "Facade", "base64",
    "ListError404Response", "updateSha256Response", "ann:cancel", "@me", "$count",
]  # fmt: skip


@pytest.mark.parametrize(("segment", "expected"), VALUES)
def test_values_have_a_type(segment: str, expected: str) -> None:
    assert label(segment.encode()) == expected


@pytest.mark.parametrize("segment", NAMES)
def test_names_stay(segment: str) -> None:
    assert label(segment.encode()) == segment


def test_names_are_written_one_way() -> None:
    assert label(b"%75sers") == "users"
    assert label("käse".encode()) == label(b"k%C3%A4se") == "k%C3%A4se"
