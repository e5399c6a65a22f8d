"""Ids made of what they name, so that replay, failover and a second tap give the same ones."""

import hashlib

ID_BYTES = 16


def finding_id(rule: str, subject: str, opened_us: int, bucket_us: int) -> str:
    """32 hex digits for what `rule` says of `subject`, opened in this bucket of packet time.

    `bucket_us` is the length of a bucket in microseconds: a finding that opens later than its
    first evidence says, but in the same bucket, keeps its id.
    """
    return digest(rule, subject, str(opened_us // bucket_us))


def digest(*parts: str) -> str:
    """32 hex digits; each part goes in with its length, so ("ab", "c") is not ("a", "bc")."""
    state = hashlib.blake2b(digest_size=ID_BYTES)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()
