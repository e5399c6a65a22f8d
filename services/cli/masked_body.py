"""A body for people: its secrets masked, field by field where its form is known.

JSON, forms, multipart and XML say which text belongs to which name; in what is none of them, or
damaged, secrets are found as in any free text.
"""

import re
from typing import Any
from urllib.parse import unquote_plus

import orjson

from services.runtime.masking import Masker, secret_name

# A part of multipart/form-data (RFC 7578): its name, then its content behind an empty line.
PART = re.compile(
    r"""(?P<head>name="(?P<name>[^"\r\n]{1,256})"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n){0,16}\r?\n)"""
    r"""(?P<value>.*?)(?=\r?\n--|\Z)""",
    re.S,
)
# An element with text only.
ELEMENT = re.compile(r"<(?P<name>[\w:.-]{1,128})(?P<rest>(?:\s[^<>]*)?)>(?P<value>[^<]+)(?=</)")


def masked_body(masker: Masker, content_type: str, body: str) -> str:
    """The text of a body without its secrets."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return masker.target(f"?{body}")[1:]
    if kind == "multipart/form-data":
        return PART.sub(lambda found: _named(masker, found), body)
    if body.lstrip()[:1] in ("{", "["):
        try:
            return orjson.dumps(_json(masker, orjson.loads(body))).decode()
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            pass  # damaged, cut or deeper than anybody nests: free text
    if "xml" in kind or body.lstrip()[:1] == "<":
        return masker.text(ELEMENT.sub(lambda found: _named(masker, found), body))
    return masker.text(body)


def _named(masker: Masker, found: re.Match[str]) -> str:
    """A part or element with its value masked, where its name says so or the value shows it."""
    value = found["value"]
    shown = masker.token(value) if secret_name(unquote_plus(found["name"])) else masker.text(value)
    return found[0][: found.start("value") - found.start()] + shown


def _json(masker: Masker, value: Any) -> Any:
    if isinstance(value, dict):
        return {
            masker.text(name): (
                _secret(masker, inner) if secret_name(name) else _json(masker, inner)
            )
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_json(masker, inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    shown = masker.text(str(value))  # a card may be a number
    return shown if isinstance(value, str) or shown != str(value) else value


def _secret(masker: Masker, value: Any) -> Any:
    """All of what stands under a secret's name; its structure stays."""
    if isinstance(value, dict):
        return {name: _secret(masker, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_secret(masker, inner) for inner in value]
    return value if value is None or isinstance(value, bool) else masker.token(str(value))
