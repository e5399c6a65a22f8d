"""What a person says of a gate on trial, as entries of policy: lists and rate limits."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from schemas.types import PolicyEntry
from services.browsing import rate_limit
from services.cli.moments import span_us
from services.cli.refusal import RefusedError
from services.runtime import lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it holds; empty: everywhere."""

    site: str
    host: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who is on a list: `said` is addresses with commas, or its name where a file has them."""

    said: str = ""
    file: Path | None = None
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A limit as typed: `rate` as 100/60s."""

    rate: str
    burst: int | None
    by: str
    algorithm: str


def list_entry(action: str, members: Members, place: Place, for_: str, now_us: int) -> PolicyEntry:
    """A list, not signed yet, that holds for a while; empty: until it is taken back.

    Raises RefusedError where there is nobody in it, or something that is no address.
    """
    said, file, session = members.said, members.file, members.session
    networks = _networks(file) if file else [one for one in said.split(",") if one.strip()]
    if not networks and not session:
        raise RefusedError("say whom: addresses or subnets, --from FILE, or --session ID.")
    body: dict[str, object] = {"action": action}
    try:
        body["networks"] = sorted({str(lists.network(one)) for one in networks})
    except ValueError as error:
        raise RefusedError(f"{error}.") from None
    if session:
        body["sessions"] = [session]
    if for_:
        body["until_us"] = now_us + span_us(for_)
    # Without a name, a list of the same members said again replaces the one before.
    same = orjson.dumps([action, place.site, place.host, body["networks"], session])
    name = said if file and said else hashlib.sha256(same).hexdigest()[:8]
    entry = _entry(f"{lists.KIND}/{name}", lists.KIND, place, body)
    _checked(lists.parsed, entry)
    return entry


def limit_entry(name: str, place: Place, said: Rate) -> PolicyEntry:
    """A rate limit, not signed yet. Raises RefusedError where it is of no known form."""
    rate = re.fullmatch(r"(\d{1,7})/(\d{1,5})([smhd])", said.rate)
    if rate is None:
        raise RefusedError(f"{said.rate!r} is no rate: say --rate 100/60s.")
    seconds = span_us(rate[2] + rate[3]) // 1_000_000
    body: dict[str, object] = {
        "key": said.by, "requests": int(rate[1]), "seconds": seconds, "algorithm": said.algorithm
    }  # fmt: skip
    if said.burst is not None:
        body["burst"] = said.burst
    made = hashlib.sha256(orjson.dumps([place.site, place.host, place.path, body])).hexdigest()[:8]
    entry = _entry(f"{rate_limit.KIND}/{name or made}", rate_limit.KIND, place, body)
    _checked(rate_limit.parsed, entry)
    return entry


def _entry(id_: str, kind: str, place: Place, body: dict[str, object]) -> PolicyEntry:
    return PolicyEntry(
        id=id_, kind=kind, site=place.site, host=place.host,
        path=place.path if kind == rate_limit.KIND else "", where="",
        body=orjson.dumps(body).decode(), by="", at_us=0, removed=False,
    )  # fmt: skip


def _checked(parse: Callable[[PolicyEntry], object], entry: PolicyEntry) -> None:
    try:
        parse(entry)
    except ValueError as error:
        raise RefusedError(f"{error}.") from None


def _networks(file: Path) -> list[str]:
    """A line an address or subnet; what follows # or ; is a remark."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{file} cannot be read: {error}.") from None
    found = (re.split("[#;]", line, maxsplit=1)[0].strip() for line in lines)
    return [one for one in found if one]
