"""What every OCSF event of ours has, and what keeps an event within its limits.

Source: Open Cybersecurity Schema Framework 1.8.0. Its words for an enum's number stand beside
the number, as the standard asks. sidetap is out of band: the action is always Observed, the
disposition Detected, Logged or Alert, and nothing else can be said here.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any, Literal

import orjson

from services.runtime.version import VERSION

Json = dict[str, Any]
Disposition = Literal["Detected", "Logged", "Alert"]

OCSF_VERSION = "1.8.0"
PRODUCT = {"name": "sidetap", "vendor_name": "sidetap", "version": VERSION}
CATEGORIES = {2: "Findings", 4: "Network Activity"}
SEVERITIES = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
DISPOSITIONS: dict[Disposition, int] = {"Detected": 15, "Logged": 17, "Alert": 19}
OBSERVED = 3
OTHER = 99

# One event; siem.ocsf takes 1 MiB a record. Beyond this an event loses its longest lists.
EVENT_BYTES_MAX = 1_000_000
# One text inside an event: Elasticsearch refuses a keyword beyond 32,766 bytes.
TEXT_CHARACTERS_MAX = 4_096

HOSTNAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62}\.)*[a-z0-9_-]{0,62}", re.I)


def event(
    class_uid: int,
    class_name: str,
    activity: tuple[int, str],
    *,
    severity: str,
    disposition: Disposition,
    metadata: Json,
    at_us: int,
) -> Json:
    """The attributes that the standard asks of every event; time in milliseconds."""
    activity_id, activity_name = activity
    severity_id, severity_name = SEVERITIES[severity]
    category_uid = class_uid // 1000
    # For "Other" the source's own word names the activity, but not the type.
    type_word = "Other" if activity_id == OTHER else activity_name
    return {
        "activity_id": activity_id,
        "activity_name": activity_name,
        "category_uid": category_uid,
        "category_name": CATEGORIES[category_uid],
        "class_uid": class_uid,
        "class_name": class_name,
        "type_uid": class_uid * 100 + activity_id,
        "type_name": f"{class_name}: {type_word}",
        "severity_id": severity_id,
        "severity": severity_name,
        "action_id": OBSERVED,
        "action": "Observed",
        "disposition_id": DISPOSITIONS[disposition],
        "disposition": disposition,
        "time": at_us // 1000,
        "metadata": {
            "version": OCSF_VERSION,
            "product": PRODUCT,
            "profiles": ["security_control"],
            **metadata,
        },
    }


def text(raw: bytes) -> str:
    """Bytes as text; those that are not UTF-8 percent-encoded."""
    escaped = raw.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda found: f"%{ord(found[0]) - 0xDC00:02X}", escaped)


def short(value: str) -> str:
    """Text within its limit; an ellipsis says that it was cut."""
    if len(value) <= TEXT_CHARACTERS_MAX:
        return value
    return value[: TEXT_CHARACTERS_MAX - 1] + "…"


def hostname(host: str) -> str | None:
    """A host that is a name; None for an address and for what an attacker wrote instead."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host if HOSTNAME.fullmatch(host) else None
    return None


def present(attributes: Mapping[str, Any]) -> Json:
    """Only what has a value: the standard knows no null and no empty list."""
    return {name: value for name, value in attributes.items() if value not in (None, "", [], {})}


def serialised(event: Json, lists: Iterable[tuple[str, ...]]) -> bytes:
    """The event as JSON on one line, keys in the order given.

    One beyond its limit loses the `lists` (paths into the event) one after the other until it
    fits, and says so in its metadata: the standard measures the size before in kilobytes.
    """
    line = orjson.dumps(event)
    whole_bytes = len(line)
    for path in lists:
        if len(line) <= EVENT_BYTES_MAX:
            break
        _drop(event, path)
        event["metadata"]["is_truncated"] = True
        event["metadata"]["untruncated_size"] = -(-whole_bytes // 1024)
        line = orjson.dumps(event)
    return line


def _drop(event: Json, path: tuple[str, ...]) -> None:
    *parents, last = path
    for name in parents:
        event = event.get(name, {})
    event.pop(last, None)
