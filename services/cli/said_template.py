"""What a person says of a path template, as an entry of policy."""

import hashlib

import orjson

from schemas.types import PolicyEntry
from services.cli.refusal import RefusedError
from services.discovery.said import KIND, checked


def template_entry(verb: str, template: str, site: str, host: str) -> PolicyEntry:
    """The entry, not signed yet. Raises RefusedError where the template is none."""
    if not host:
        raise RefusedError("say of which API: --host H, as `sidetap endpoints` has it.")
    try:
        checked(template, split=verb == "split")
    except ValueError as error:
        raise RefusedError(f"{error}.") from None
    # What is said of the same template later replaces it.
    made = hashlib.sha256("\0".join((site, host, template)).encode()).hexdigest()[:8]
    return PolicyEntry(
        id=f"template/{made}", kind=KIND, site=site, host=host, path="", where="",
        body=orjson.dumps({verb: template}).decode(), by="", at_us=0, removed=False,
    )  # fmt: skip
