"""JSON-RPC 2.0 (and 1.0 where it says its version): the operation is the method.

MCP is JSON-RPC with methods of its own, so both are read here and mcp.py names what MCP asks for.
Answers have status 200; whether a call worked stands in the body.
"""

import re
from typing import Any

from services.discovery.protocols import mcp
from services.discovery.protocols.spoken import BATCH_MAX, Spoken, members, plausible

SIGN = re.compile(rb'"jsonrpc"\s*:')
ERROR = re.compile(rb'"error"\s*:\s*\{')


def spoken(data: bytes) -> Spoken:
    """What a request asks for, or a batch of them; "" for responses and nonsense."""
    calls = [call for call in (members(data) or ())[:BATCH_MAX] if isinstance(call, dict)]
    is_mcp = any(mcp.is_method(call.get("method")) for call in calls)
    names = dict.fromkeys(filter(None, map(mcp.name if is_mcp else _method, calls)))
    return Spoken("mcp" if is_mcp else "jsonrpc", tuple(names) or ("",))


def _method(call: dict[str, Any]) -> str:
    return plausible(call.get("method"))


def failed(answer: bytes) -> bool:
    """Whether an answer is an error object and nothing else; a batch with one result is none."""
    if not ERROR.search(answer):
        return False
    answers = members(answer)
    return answers is not None and all(
        isinstance(one, dict) and one.get("error") is not None for one in answers
    )
