"""What must and must not fire, beside each detector: the form of a case, and how it is asked."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from urllib.parse import quote

from services.detect.rules import Detector
from services.detect.verdict import Inspector
from services.detect.view import Bytes, PlainRequest

Make = Callable[[str], PlainRequest]


@cache
def inspector() -> Inspector:
    """One for all cases: compiling takes seconds."""
    return Inspector()


def query(value: str) -> PlainRequest:
    """The value of a query parameter, encoded as a browser does."""
    return _get(f"/items?v={quote(value, safe='')}")


def path(value: str) -> PlainRequest:
    """The whole target, as it stands."""
    return _get(value)


def header(value: str) -> PlainRequest:
    """ "Name: value"."""
    name, _, text = value.partition(": ")
    return _get("/", (name.encode(), text.encode("latin-1")))


def form(value: str) -> PlainRequest:
    """A whole form body."""
    return _post("application/x-www-form-urlencoded", value.encode())


def body(value: str) -> PlainRequest:
    """A whole body, by its own look."""
    kind = "application/json" if value[:1] in "{[" else "application/xml"
    return _post(kind, value.encode())


def upload(value: str) -> PlainRequest:
    """The name of an uploaded file."""
    part = f'--b\r\nContent-Disposition: form-data; name="f"; filename="{value}"\r\n\r\nhi\r\n--b--'
    return _post("multipart/form-data; boundary=b", part.encode())


def rules_of(request: PlainRequest) -> set[str]:
    """Ids of the rules that spoke."""
    return {signal.rule.id for signal in inspector().inspect(request).signals}


def classes_of(request: PlainRequest) -> set[str]:
    """The classes that were called an attack."""
    return set(inspector().inspect(request).scores)


def check_fires(detector: Detector, cases: Mapping[str, Sequence[tuple[Make, str]]]) -> None:
    """Each rule has cases, speaks in each, and each is called an attack of some class."""
    assert {rule.id for rule in detector.rules} <= cases.keys(), "a rule without a case"
    for rule, examples in cases.items():
        assert examples, f"{rule} has no case"
        for make, value in examples:
            assert rule in rules_of(make(value)), f"{rule} is silent on {value!r}"


def check_attacks(detector: Detector, attacks: Sequence[tuple[Make, str]]) -> None:
    """Whole attacks, called one of this class."""
    assert attacks
    for make, value in attacks:
        assert detector.class_ in classes_of(make(value)), f"{value!r} is no {detector.class_}"


def check_silent(cases: Sequence[tuple[Make, str]]) -> None:
    """Look-alikes: nothing at all is called an attack."""
    assert len(cases) >= 4
    for make, value in cases:
        assert not classes_of(make(value)), f"{value!r} is called {classes_of(make(value))}"


def _get(target: str, *headers: tuple[bytes, bytes]) -> PlainRequest:
    every = [(b"Host", b"shop.example"), *headers]
    return PlainRequest(method=b"GET", target=target.encode(), version="1.1", headers=every)


def _post(kind: str, data: bytes) -> PlainRequest:
    headers = [(b"Host", b"shop.example"), (b"Content-Type", kind.encode())]
    return PlainRequest(
        method=b"POST", target=b"/items", version="1.1", headers=headers, body=Bytes(data)
    )
