"""What a gRPC body says.

In:   a body, its Content-Type and grpc-encoding.
Out:  texts by their field numbers, `3.1`; of messages that are no protobuf, all bytes.
Keeps: nothing.
"""

from collections.abc import Iterator

from sidetap_native import grpc_messages, protobuf_fields


def texts(
    body: bytes, content_type: bytes, encoding: bytes | None
) -> Iterator[tuple[bytes | None, bytes]]:
    """(field numbers, or None for a whole message; value) in the order of the wire."""
    for message in grpc_messages(body, content_type, encoding):
        fields = None if message.is_trailers else protobuf_fields(message.payload)
        if fields is None:
            yield None, message.payload
            continue
        for path, value in fields:
            if isinstance(value, bytes) and value:
                yield ".".join(map(str, path)).encode(), value
