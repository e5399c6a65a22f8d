"""gRPC and gRPC-Web: the path is the operation (gRPC over HTTP/2: Path → "/" Service "/" method).

Answers always have status 200; whether a call worked stands in `grpc-status`, in the trailers or,
where there is no message, in the head.
"""

from collections.abc import Iterable

from services.discovery.protocols.spoken import Spoken, plausible

MEDIA_TYPE = "application/grpc"
STATUS = b"grpc-status"
OK = b"0"


def spoken(path: bytes) -> Spoken:
    """What a request with this path asks for: package.Service/Method."""
    segments = path.strip(b"/").split(b"/")
    name = b"/".join(segments[-2:]).decode("latin-1") if len(segments) > 1 else ""
    return Spoken("grpc", (plausible(name),))


def failed(trailers: Iterable[tuple[bytes, bytes]], in_head: bytes | None) -> bool:
    """Whether the answer says so; one without a status is no proof of failure."""
    status = in_head
    for name, value in trailers:
        if name.lower() == STATUS:
            status = value
    return status is not None and status.strip() != OK
