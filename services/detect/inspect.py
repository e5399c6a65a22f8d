"""The core of `sidetap inspect`: requests given as JSON lines to verdicts.

In:   lines `{"id", "request_b64"[, "response_b64"]}`, as text or bytes.
Out:  one object a line: `{"id", "attack", "score", "model", "classes", "matches",
      "vulnerabilities"}`; for a line that cannot be read `{"id", "error"}` with one sentence, and
      on with the next.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from services.detect import rawhttp
from services.detect.models import Models
from services.detect.responses.reading import Reading
from services.detect.responses.rules import Proof
from services.detect.scoring import Signal, Verdict
from services.detect.verdict import Inspector, nothing_excluded
from services.detect.vulnerability import SHOWN_OF_A_SECRET

VALUE_SHOWN_BYTES_MAX = 200
# At most a request and a response as kept on the topics, in Base64.
LINE_BYTES_MAX = 16 * 1024 * 1024


def inspect_lines(lines: Iterable[bytes | str]) -> Iterator[dict[str, Any]]:
    """Verdicts in the order of the lines; empty lines are passed over."""
    inspector, reading, model = Inspector(), Reading(), Models().active
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            name, request, response = read_line(line, number)
        except ValueError as error:
            yield {"id": f"line {number}", "error": f"line {number}: {error}"}
            continue
        exchange = rawhttp.exchange(name, request, response)
        assert exchange.request is not None
        verdict = inspector.inspect(exchange.request, nothing_excluded, model, exchange.anomalies)
        yield as_json(name, verdict, reading.proofs(exchange, verdict))


def as_json(name: str, verdict: Verdict, proofs: Sequence[Proof] = ()) -> dict[str, Any]:
    """A verdict in the form of the command line's contract."""
    attack = bool(verdict.scores)
    return {
        "id": name,
        "attack": attack,
        "score": verdict.surest,
        "model": verdict.model,
        "classes": list(verdict.scores),
        "matches": [_match(signal) for signal in verdict.signals],
        "vulnerabilities": [_vulnerability(proof) for proof in proofs],
    }


def _vulnerability(proof: Proof) -> dict[str, Any]:
    shown = proof.value[:VALUE_SHOWN_BYTES_MAX].decode("utf-8", "backslashreplace")
    if proof.secret:
        shown = f"{shown[:SHOWN_OF_A_SECRET]}…"
    return {
        "rule": proof.rule,
        "class": proof.weakness.class_,
        "attack": proof.attack,
        "grade": proof.grade,
        "severity": proof.severity or proof.weakness.severity,
        "says": proof.says,
        "where": proof.where,
        "value": shown,
    }


def _match(signal: Signal) -> dict[str, Any]:
    text = signal.match.text[:VALUE_SHOWN_BYTES_MAX]
    return {
        "rule": signal.rule.id,
        "class": signal.class_,
        "where": signal.match.point.where,
        "value": text.decode("utf-8", "backslashreplace"),
        "weight": round(signal.weight, 4),
        **({"why": dict(signal.why)} if signal.why else {}),
    }


def read_line(line: bytes | str, number: int) -> tuple[str, bytes, bytes | None]:
    """(id, request, response). Raises ValueError with one sentence."""
    if len(line) >= LINE_BYTES_MAX:
        raise ValueError(f"longer than {LINE_BYTES_MAX >> 20} MiB")
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(given, dict) or not isinstance(given.get("request_b64"), str):
        raise ValueError('not an object with a text "request_b64"')
    response = given.get("response_b64")
    return (
        str(given.get("id", number)),
        _unbase64(given["request_b64"], "request_b64"),
        _unbase64(response, "response_b64") if isinstance(response, str) else None,
    )


def _unbase64(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{name} is not Base64: {error}") from error
