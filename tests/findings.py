"""A finding of which only what a test is about differs."""

from dataclasses import replace
from typing import Any

from schemas.types import Finding

PLAIN = Finding(
    id="", revision=0, state="open", kind="attack", class_="sqli", rule="sqli", title="found",
    summary="", advice="", severity="high", confidence=0.9, site="default", application="",
    client="198.51.100.23", peer="198.51.100.23", host="shop.example", endpoint="GET /search",
    subject="198.51.100.23", opened_us=0, at_us=0, count=1, would_block=True, evidence=(),
    cwe=(), capec=(), attack=(), owasp=(), policy_offset=0,
)  # fmt: skip


def finding(id_: str, **fields: Any) -> Finding:
    """With this id and these fields."""
    return replace(PLAIN, id=id_, **fields)
