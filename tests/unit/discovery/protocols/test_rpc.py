"""JSON-RPC, MCP, SOAP and gRPC requests to operations."""

import json
from typing import Any

import pytest

from services.discovery.protocols import grpc, jsonrpc, soap
from services.discovery.protocols.spoken import BATCH_MAX


def call(method: Any, **parameters: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}


@pytest.mark.parametrize(
    ("asked", "protocol", "operations"),
    [
        (call("eth_getBalance"), "jsonrpc", ("eth_getBalance",)),
        (call("user.get"), "jsonrpc", ("user.get",)),
        ([call("a"), call("b"), call("a")], "jsonrpc", ("a", "b")),
        ({"jsonrpc": "2.0", "id": 1, "result": {}}, "jsonrpc", ("",)),
        (call("d41d8cd98f00b204e9800998ecf8427e"), "jsonrpc", ("",)),
        (call("a' or 1=1"), "jsonrpc", ("",)),
        (call("m" * 500), "jsonrpc", ("",)),
        (call(["a"]), "jsonrpc", ("",)),
        ([call(f"m{chr(97 + i % 26)}{'x' * i}") for i in range(40)], "jsonrpc", BATCH_MAX),
        (call("tools/list"), "mcp", ("tools/list",)),
        (call("initialize"), "mcp", ("initialize",)),
        (call("tools/call", name="search_docs", arguments={"q": 1}), "mcp",
         ("tools/call search_docs",)),
        (call("tools/call", name=7), "mcp", ("tools/call",)),
        (call("tools/call", name="'; drop table"), "mcp", ("tools/call",)),
        (call("prompts/get", name="review"), "mcp", ("prompts/get review",)),
        (call("resources/read", uri="file:///notes/17.md"), "mcp",
         ("resources/read file:///notes/{id}.md",)),
        (call("resources/read", uri="notes://all"), "mcp", ("resources/read notes://all",)),
        (call("resources/read", uri="nonsense"), "mcp", ("resources/read",)),
        ({**call("tools/call"), "params": [1]}, "mcp", ("tools/call",)),
    ],
)  # fmt: skip
def test_json_rpc_and_mcp(asked: Any, protocol: str, operations: tuple[str, ...] | int) -> None:
    spoken = jsonrpc.spoken(json.dumps(asked).encode())
    assert spoken.protocol == protocol
    if isinstance(operations, int):
        assert len(spoken.operations) == operations
    else:
        assert spoken.operations == operations


def test_what_is_no_json_has_no_operation() -> None:
    assert jsonrpc.spoken(b'{"jsonrpc":').operations == ("",)


@pytest.mark.parametrize(
    ("answer", "is_failure"),
    [
        (b'{"jsonrpc":"2.0","error":{"code":-32601}}', True),
        (b'{"result":{"error":{"a":1}}}', False),
        (b'[{"error":{}},{"result":1}]', False),
        (b'[{"error":{}},{"error":{}}]', True),
        (b'{"error":{', False),
    ],
)
def test_errors(answer: bytes, is_failure: bool) -> None:
    assert jsonrpc.failed(answer) is is_failure


HEAD = (
    b'<?xml version="1.0"?><soap:Envelope xmlns:soap="u"><soap:Header><a><Body/></a></soap:Header>'
)
XML = b"text/xml"


@pytest.mark.parametrize(
    ("envelope", "content_type", "action", "name"),
    [
        (HEAD + b"<soap:Body> <!-- x --><m:GetPrice xmlns:m='v'><i>1</i>", XML, None, "GetPrice"),
        (HEAD + b"<soap:Body><GetPrice/></soap:Body></soap:Envelope>", XML, b'"urn:Other"',
         "GetPrice"),
        (HEAD, XML, b'"http://shop.example/IShop/Order"', "Order"),
        (HEAD, b'application/soap+xml; action="urn:shop#Order"', None, "Order"),
        (HEAD + b"<soap:Body/></soap:Envelope>", XML, b'""', ""),
        (b"<Envelope><Body><" + b"a" * 200 + b"/>", XML, None, ""),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><Envelope><Body><a/>", XML, None, ""),
        (b"<Envelope><<<", XML, None, ""),
    ],
)  # fmt: skip
def test_soap(envelope: bytes, content_type: bytes, action: bytes | None, name: str) -> None:
    assert soap.spoken(envelope, content_type, action).operations == (name,)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"/shop.v1.Orders/Get", "shop.v1.Orders/Get"),
        (b"/behind/a/proxy/shop.Orders/Get", "shop.Orders/Get"),
        (b"/", ""),
        (b"/one", ""),
        (b"/\xff/\xff", ""),
    ],
)
def test_grpc(path: bytes, name: str) -> None:
    assert grpc.spoken(path).operations == (name,)


@pytest.mark.parametrize(
    ("trailers", "in_head", "is_failure"),
    [
        ([(b"grpc-status", b"0")], None, False),
        ([(b"Grpc-Status", b"12")], None, True),
        ([], b"5", True),
        ([], None, False),
    ],
)
def test_grpc_failures(
    trailers: list[tuple[bytes, bytes]], in_head: bytes | None, is_failure: bool
) -> None:
    assert grpc.failed(trailers, in_head) is is_failure
