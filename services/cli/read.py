"""`sidetap read`: capture files to exchanges, findings and endpoints, in one process."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sidetap_native import Exchange

from schemas.codec import decode_as
from schemas.types import EncryptedFlow, Endpoint, Finding, LedgerEntry
from services.capture.key_log import letters
from services.capture.settings import Settings as CaptureSettings
from services.cli import encrypted_servers, found, inventory
from services.cli.balance import COLUMNS, Balances, rows
from services.cli.chunks import STDIN, chunks
from services.cli.json_forms import encrypted_form, endpoint_form, exchange_form, finding_form
from services.cli.moments import iso
from services.cli.one_process import pipeline
from services.cli.output import Format, JsonLines, Progress, chosen, print_people, say, table
from services.cli.refusal import RefusedError, os_reason
from services.cli.safe_text import shown, text
from services.cli.sockets import Sockets
from services.runtime.core import Output
from services.runtime.settings import load

EXCHANGES = "exchanges"
# About 4 MB of usual exchanges: a busy site has fewer requests that wait for more than 5 s.
HELD_MAX = 1_000
DEFAULT = "exchanges,findings,endpoints"


class Emit(StrEnum):
    """What `--emit` takes."""

    exchanges = "exchanges"
    findings = "findings"
    endpoints = "endpoints"
    encrypted = "encrypted"
    ledger = "ledger"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(read)


def read(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="pcap, pcapng, gzip or zstd of them, or -.")
    ],
    emit: Annotated[
        str,
        typer.Option(
            "--emit", metavar="WHAT,…", help="exchanges, findings, endpoints, encrypted, ledger."
        ),
    ] = DEFAULT,
    keylog: Annotated[
        Path | None,
        typer.Option("--keylog", metavar="F", help="TLS key log, as SSLKEYLOGFILE makes it."),
    ] = None,
    bodies: Annotated[
        bool, typer.Option("--bodies", help="Decoded bodies too, in Base64.")
    ] = False,
    revisions: Annotated[
        bool, typer.Option("--revisions", help="Every record of an exchange, not only its last.")
    ] = False,
    separate: Annotated[
        bool, typer.Option("--separate", help="Each file its own site, not taps of one.")
    ] = False,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """Read captures in one process, without Kafka.

    The same cores as on the cluster. Several files are taps of one site, merged by packet time.
    Exchanges and encrypted flows come as they end, the rest at the end of the input.

    \b
    Examples:
      sidetap read capture.pcapng
      sidetap read --emit findings capture.pcap.gz > findings.jsonl
      sidetap read --emit encrypted capture.pcap
      tcpdump -w - -U | sidetap read -
      sidetap read --keylog keys.txt capture.pcap
    """
    wanted = wanted_of(emit)
    keys = [] if keylog is None else _keys(keylog)
    if files.count(STDIN) > 1:
        raise RefusedError("standard input can be read once only.")
    form: Sheet | Lines = (
        Sheet(wanted) if chosen(said) is Format.table else Lines(wanted, bodies=bodies)
    )
    _read(files, keys, wanted, form, LastWords(0 if revisions else HELD_MAX), separate=separate)


def _read(
    files: Sequence[str],
    keys: Sequence[Output],
    wanted: frozenset[Emit],
    form: "Sheet | Lines",
    last: "LastWords",
    *,
    separate: bool,
) -> None:
    deployment = load()
    flow = pipeline(deployment, {topic.value for topic in wanted})
    flow.feed(keys)
    refused: RefusedError | None = None
    progress = Progress("records")
    try:
        for chunk in chunks(files, deployment.of(CaptureSettings), say, separate=separate):
            found_now = flow.feed(chunk)
            form.take(last.of(found_now))
            progress.add(len(found_now))
    except RefusedError as error:
        refused = error  # What was read before it is still worth its results.
    progress.end()
    form.take(last.rest())
    form.end()
    if refused is not None:
        raise refused


def wanted_of(emit: str) -> frozenset[Emit]:
    """What `--emit` names. Raises RefusedError on a name that is none."""
    names = [name.strip() for name in emit.split(",") if name.strip()]
    unknown = [name for name in names if name not in list(Emit)]
    if unknown or not names:
        said = f"{unknown[0]!r} is nothing to emit" if unknown else "--emit names nothing"
        raise RefusedError(f"{said}: choose from {', '.join(Emit)}.")
    return frozenset(map(Emit, names))


def _keys(keylog: Path) -> list[Output]:
    try:
        text = keylog.read_bytes()
    except OSError as error:
        raise RefusedError(f"{keylog}: {os_reason(error)}.") from error
    keys = [Output(letter.topic, letter.key, letter.value) for letter in letters(text, 0)]
    if not keys:
        say(f"sidetap: {keylog}: no line of it is a TLS secret: what is encrypted stays closed.")
    return keys


class LastWords:
    """Holds back the first record of an exchange that has not ended: a second may replace it, or
    parts with its messages follow.

    In a file all are there, and who reads it wants one. What waits is bounded: past that, the
    oldest goes out as it is, and other records follow it, as on the topic.
    """

    def __init__(self, held_max: int) -> None:
        self._held_max = held_max
        self._held: dict[str, Output] = {}
        self._sockets = Sockets(held_max)

    def of(self, records: Iterable[Output]) -> Iterator[Output]:
        """Records without those that may be replaced."""
        for record in records:
            exchange = as_exchange(record) if record.topic == EXCHANGES else None
            if exchange is None:
                yield record
                continue
            if self._sockets.has(exchange):
                yield from self._sockets.of(exchange, record)
                continue
            self._held.pop(exchange.id, None)
            if exchange.response_final:
                yield record
                continue
            self._held[exchange.id] = record
            if len(self._held) > self._held_max:
                yield self._held.pop(next(iter(self._held)))

    def rest(self) -> list[Output]:
        """What nothing replaced."""
        return [*self._held.values(), *self._sockets.rest()]


class Held:
    """What is only known at the end: last revisions, the inventory, the balance."""

    def __init__(self) -> None:
        self.findings = found.Latest()
        self.endpoints: dict[bytes, Endpoint] = {}
        self.balances = Balances()

    def finding(self, record: Output) -> None:
        """One revision of a finding."""
        self.findings.add(decode_as(Finding, record.value or b""))

    def endpoint(self, record: Output) -> None:
        """One state of an operation."""
        key = record.key or b""
        if record.value is None:
            self.endpoints.pop(key, None)
        else:
            self.endpoints[key] = decode_as(Endpoint, record.value)

    def ledger(self, record: Output) -> None:
        """One delta."""
        self.balances.add(decode_as(LedgerEntry, record.value or b""))

    def takers(self) -> Mapping[str, Callable[[Output], None]]:
        """Topic → what takes its records."""
        return {"findings": self.finding, "endpoints": self.endpoint, "ledger": self.ledger}


class Lines:
    """JSON lines: exchanges at once, the rest at the end."""

    def __init__(self, wanted: frozenset[Emit], *, bodies: bool) -> None:
        self._wanted = wanted
        self._bodies = bodies
        self._held = Held()
        self._lines = JsonLines()
        self._takers = {
            "exchanges": self._exchange, "encrypted": self._encrypted, **self._held.takers()
        }  # fmt: skip

    def take(self, records: Iterable[Output]) -> None:
        """Records of the wanted topics."""
        for record in records:
            self._takers[record.topic](record)
        self._lines.flush()

    def _encrypted(self, record: Output) -> None:
        self._lines.write(encrypted_form(decode_as(EncryptedFlow, record.value or b"")))

    def _exchange(self, record: Output) -> None:
        if exchange := as_exchange(record):
            self._lines.write(exchange_form(exchange, bodies=self._bodies))

    def end(self) -> None:
        """Write what was held."""
        if Emit.findings in self._wanted:
            for finding in self._held.findings.all():
                self._lines.write(finding_form(finding))
        if Emit.endpoints in self._wanted:
            for endpoint in inventory.in_order(self._held.endpoints.values()):
                self._lines.write(endpoint_form(endpoint))
        if Emit.ledger in self._wanted:
            for form in self._held.balances.forms():
                self._lines.write(form)
        self._lines.flush()


class Sheet:
    """For people: exchanges line by line, then tables."""

    def __init__(self, wanted: frozenset[Emit]) -> None:
        self._wanted = wanted
        self._held = Held()
        self._servers = encrypted_servers.Servers()
        self._takers = {
            "exchanges": self._exchange, "encrypted": self._encrypted, **self._held.takers()
        }  # fmt: skip

    def take(self, records: Iterable[Output]) -> None:
        """Records of the wanted topics."""
        for record in records:
            self._takers[record.topic](record)

    def _encrypted(self, record: Output) -> None:
        self._servers.add(decode_as(EncryptedFlow, record.value or b""))

    def _exchange(self, record: Output) -> None:
        if exchange := as_exchange(record):
            print(line_of(exchange))

    def end(self) -> None:
        """Print what was held."""
        held = self._held
        if Emit.findings in self._wanted:
            title = f"{len(held.findings)} findings"
            print_people(table(title, found.COLUMNS, map(found.row, held.findings.all())))
        if Emit.endpoints in self._wanted:
            known = inventory.in_order(held.endpoints.values())
            print_people(inventory.table_of(known))
        if Emit.encrypted in self._wanted:
            print_people(encrypted_servers.table_of(self._servers))
        if Emit.ledger in self._wanted:
            print_people(table("Ledger, bytes", COLUMNS, rows(held.balances)))


def as_exchange(record: Output) -> Exchange | None:
    """The exchange in a record of `exchanges`; None: a watermark, which alone has no key."""
    return Exchange(record.value) if record.key is not None and record.value else None


def line_of(exchange: Exchange) -> str:
    """One exchange in one line for people."""
    request, response = exchange.request, exchange.response
    asked = "(no request seen)"
    if request:
        asked = f"{text(request.method)} {exchange.host}{text(request.target)}"
    answered = "no response"
    if response:
        answered = f"{response.status} {response.body.wire_bytes} bytes"
    words = [
        iso(exchange.at_us)[11:23],
        f"{exchange.client_ip}:{exchange.client_port} → "
        f"{exchange.server_ip}:{exchange.server_port}",
        shown(asked, 120),
        answered,
        *exchange.anomalies,
    ]
    return "  ".join(words)
