"""How much attention an operation deserves, and what it is for.

In:     what is told of an operation.
Out:    a score from 1 to 10 with its factors; tags of business flows.

The score is that of the heaviest factor: two small worries are no large one. Every factor is named
beside it, so a person can disagree.
"""

import re
from collections.abc import Sequence

from schemas.types import AuthUse, Parameter, RequestBody, Risk, SensitivePlace

FACTORS = {
    "sensitive_data_without_authentication": 9,
    "credential_in_url": 9,
    "administration_without_authentication": 9,
    "sensitive_data": 8,
    "administration": 7,
    "writes_without_authentication": 6,
    "file_upload": 6,
    "accepts_xml": 6,
    "object_ids_in_path": 6,
    "many_parameters": 5,
    "basic_authentication": 5,
    "page_or_data": 1,
}
WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))
# Whoever signs in has no credentials to show yet.
ENTRANCES = frozenset(("login", "sign_up", "password_reset"))
IN_URL = frozenset(("credential", "secret", "token", "card"))
PARAMETERS_MANY = 20
# Coverage of requests without any authentication from which an operation is open to all.
OPEN_COVERAGE = 0.05
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
FLOWS: dict[str, frozenset[str]] = {
    "login": frozenset(("login", "signin", "authenticate", "logon", "sessions", "sso")),
    "sign_up": frozenset(("signup", "register", "registration", "enroll")),
    "password_reset": frozenset(("reset", "forgot", "recover", "recovery")),
    "payment": frozenset(
        ("payment", "payments", "checkout", "pay", "charge", "charges", "refund", "refunds",
         "billing", "invoice", "invoices", "payout", "payouts", "wallet")
    ),
    "admin": frozenset(("admin", "administration", "backoffice", "superuser", "actuator")),
    "messaging": frozenset(("sms", "otp", "notify", "notifications", "mail", "email")),
    "llm": frozenset(("llm", "chat", "completions", "prompt", "prompts", "embeddings", "gpt")),
    "account": frozenset(("account", "accounts", "profile", "profiles", "me", "users", "user")),
}  # fmt: skip


def flows(template: str, bodies: Sequence[RequestBody]) -> tuple[str, ...]:
    """Business flows by the words of a path, and uploads by the body."""
    labels = (label for label in template.split("/") if not label.startswith("{"))
    words = {word.lower() for label in labels for word in WORD.findall(label)}
    found = [flow for flow, of in FLOWS.items() if words & of]
    if _uploads(bodies):
        found.append("upload")
    return tuple(found)


def risk(
    method: str,
    parameters: Sequence[Parameter],
    bodies: Sequence[RequestBody],
    auth: Sequence[AuthUse],
    sensitive: Sequence[SensitivePlace],
    tags: Sequence[str],
) -> Risk:
    """The heaviest factor's score, and all factors, the heaviest first."""
    is_open = any(use.kind == "none" and use.coverage > OPEN_COVERAGE for use in auth)
    leaves = any(place.direction == "out" for place in sensitive)
    admin = "admin" in tags
    has = {
        "sensitive_data_without_authentication": is_open and leaves,
        "credential_in_url": any(_in_url(place) for place in sensitive),
        "administration_without_authentication": admin and is_open,
        "sensitive_data": bool(sensitive),
        "administration": admin,
        "writes_without_authentication": (
            method in WRITES and is_open and ENTRANCES.isdisjoint(tags)
        ),
        "file_upload": _uploads(bodies),
        "accepts_xml": any(body.content_type.endswith("xml") for body in bodies),
        "object_ids_in_path": any(parameter.place == "path" for parameter in parameters),
        "many_parameters": len(parameters) >= PARAMETERS_MANY,
        "basic_authentication": any(use.kind == "basic" for use in auth),
    }
    factors = tuple(name for name in FACTORS if has.get(name)) or ("page_or_data",)
    return Risk(score=FACTORS[factors[0]], factors=factors)


def _in_url(place: SensitivePlace) -> bool:
    return place.where.startswith(("query ", "path ")) and place.kind in IN_URL


def _uploads(bodies: Sequence[RequestBody]) -> bool:
    return any('"binary"' in body.schema for body in bodies)
