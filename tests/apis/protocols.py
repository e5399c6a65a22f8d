"""APIs of the made world that are not REST: operations with names of their own."""

from collections.abc import Iterator

from tests.apis.operation import Field, Made
from tests.apis.rest import NOUNS, fields
from tests.apis.values import Dice

VERBS = ("get", "list", "create", "update", "delete", "find", "approve", "cancel")
# What a message of protobuf has no type of its own for, or none that its bytes tell.
GRPC_KINDS = ("integer", "word", "uuid", "email", "phone")
# Tools, resources and prompts of the API that speaks MCP.
PROMPTS, RESOURCES = 20, 20


def _names(dice: Dice, count: int) -> list[str]:
    """So many names of things to do."""
    every = [f"{verb}{_camel(noun)}" for verb in VERBS for noun in NOUNS]
    return dice.sample(every, count)


def _camel(noun: str) -> str:
    return "".join(word.capitalize() for word in noun.split("-"))


def graphql(dice: Dice, host: str, auth: str, count: int) -> Iterator[Made]:
    """One path; operations by name with what they select."""
    for name in _names(dice, count):
        got = fields(dice, dice.randrange(2, 6), flat=True)
        kind = "mutation" if name.startswith(VERBS[2:5]) else "query"
        root = f"{kind}.{name}"
        yield Made(
            host=host, method="POST", template="/graphql", auth=auth, protocol="graphql",
            operation=name[0].upper() + name[1:],
            selected=frozenset({root, *(f"{root}.{one.name}" for one in got)}),
            sent=(
                Field("query", "word"), Field("operationName", "word"),
                Field("variables", "object", below=fields(dice, 2, flat=True)),
            ),
            got=(Field("data", "object", below=(Field(name, "object", below=got),)),),
        )  # fmt: skip


def soap(dice: Dice, host: str, auth: str, count: int) -> Iterator[Made]:
    """Three services; the operation is the first element of the body."""
    for i, name in enumerate(_names(dice, count)):
        operation = name[0].upper() + name[1:]

        def envelope(inner: str) -> tuple[Field, ...]:
            below = fields(dice, dice.randrange(1, 5), flat=True)
            body = Field("Body", "object", below=(Field(inner, "object", below=below),))
            return (Field("Envelope", "object", below=(body,)),)

        yield Made(
            host=host, method="POST", template=f"/services/{NOUNS[i % 3]}", auth=auth,
            protocol="soap", operation=operation, media="soap", sent=envelope(operation),
            got=envelope(f"{operation}Response"),
        )  # fmt: skip


def _message(dice: Dice) -> tuple[Field, ...]:
    made = []
    for number in range(1, dice.randrange(2, 6)):
        if dice.random() < 0.15:
            below = (Field("field1", "integer"), Field("field2", "uuid"))
            made.append(Field(f"field{number}", "object", below=below))
        else:
            required = number == 1 or dice.random() < 0.6
            made.append(Field(f"field{number}", dice.choice(GRPC_KINDS), required))
    return tuple(made)


def grpc(dice: Dice, host: str, auth: str, count: int) -> Iterator[Made]:
    """Services of eight methods."""
    for i, name in enumerate(_names(dice, count)):
        operation = f"made.v1.{_camel(NOUNS[i // 8])}Service/{name[0].upper()}{name[1:]}"
        yield Made(
            host=host, method="POST", template=f"/{operation}", auth=auth, protocol="grpc",
            operation=operation, media="grpc", sent=_message(dice), got=_message(dice),
        )  # fmt: skip


def _asked(parameters: tuple[Field, ...]) -> tuple[Field, ...]:
    return (
        Field("jsonrpc", "word"), Field("id", "integer"), Field("method", "word"),
        Field("params", "object", below=parameters),
    )  # fmt: skip


def _rpc(result: tuple[Field, ...]) -> tuple[Field, ...]:
    return (
        Field("jsonrpc", "word"), Field("id", "integer"),
        Field("result", "object", below=result),
    )  # fmt: skip


def jsonrpc(dice: Dice, host: str, auth: str, count: int) -> Iterator[Made]:
    """One path; the operation is the method."""
    for name in _names(dice, count):
        below = fields(dice, dice.randrange(1, 5))
        yield Made(
            host=host, method="POST", template="/rpc", auth=auth, protocol="jsonrpc",
            operation=name, sent=_asked(below), got=_rpc(fields(dice, dice.randrange(1, 5))),
        )  # fmt: skip


def mcp(dice: Dice, host: str, auth: str, count: int) -> Iterator[Made]:
    """Tools, prompts and resources; their names stand in the parameters."""
    names = _names(dice, count)
    for i, name in enumerate(names):
        kind = "prompts/get" if i < PROMPTS else "tools/call"
        named: tuple[Field, ...] = (
            Field("name", "word"), Field("arguments", "object", below=fields(dice, 2, flat=True)),
        )  # fmt: skip
        operation = f"{kind} {name}"
        if PROMPTS <= i < PROMPTS + RESOURCES:
            named = (Field("uri", "word"),)
            operation = f"resources/read notes://{name.lower()}/{{id}}"
        yield Made(
            host=host, method="POST", template="/mcp", auth=auth, protocol="mcp",
            operation=operation, sent=_asked(named), got=_rpc(fields(dice, dice.randrange(1, 4))),
        )  # fmt: skip


def live(dice: Dice, host: str, auth: str, count: int) -> Iterator[Made]:
    """WebSockets and server-sent events."""
    for i, noun in enumerate(dice.sample(NOUNS, count // 2)):
        variable = dice.choice(("id", "uuid"))
        query = fields(dice, dice.randrange(3), flat=True, plain=True)
        for protocol, path in (("websocket", f"/ws/{noun}"), ("sse", f"/{noun}/{{id}}/stream")):
            more = f"/{{{variable}}}" if protocol == "websocket" and i % 2 else ""
            yield Made(
                host=host, method="GET", template=path + more, auth=auth, protocol=protocol,
                query=query,
            )  # fmt: skip
