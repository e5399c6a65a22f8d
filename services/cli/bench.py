"""`sidetap bench`: what this machine reaches, measured beside the peers that it has."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sidetap_native import Exchange

from services.cli.inspect import lines_of
from services.cli.measure import modsecurity, open_flows, stages, suricata, traffic
from services.cli.measure.figures import Case, Figure
from services.cli.measure.latency import Latency
from services.cli.measure.live_agent import Rate
from services.cli.measure.open_flows import OpenFlows
from services.cli.measure.through_kafka import measure
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.refusal import RefusedError, os_reason
from services.runtime.core import Output
from services.runtime.kafka_jars import ELSEWHERE, KafkaError, install
from services.runtime.settings import Deployment, load

if TYPE_CHECKING:
    from rich.table import Table

# More than one worker of each service takes on any machine.
RATE_MAX = 10_000
PEER = "suricata, HTTP parser and log only"
# ModSecurity takes a second for 50 to 300 of them.
PEER_REQUESTS = 2_000
LATENCY = ("exchanges/s#", "findings#", "expected#", "p50 ms#", "p99 ms#", "max ms#", "load#")
FLOWS = ("state", "flows#", "memory MB#", "B a flow#", "state B a flow#", "restore CPU s#")


class What(StrEnum):
    """What can be measured."""

    packets = "packets"
    detect = "detect"
    browsing = "browsing"
    discovery = "discovery"
    pipeline = "pipeline"


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(bench)


WhatArgument = Annotated[
    What, typer.Argument(help="packets, detect, browsing, discovery, pipeline.")
]
RoundsOption = Annotated[int, typer.Option("--rounds", min=1, max=50, help="Interleaved.")]
ExchangesOption = Annotated[
    int, typer.Option("--exchanges", metavar="N", min=64, help="Of the made traffic.")
]
PcapOption = Annotated[
    Path | None, typer.Option("--pcap", metavar="F", help="This capture, not made traffic.")
]
RequestsOption = Annotated[
    Path | None,
    typer.Option("--requests", metavar="F", help="These requests, as `inspect` takes them."),
]
CrsOption = Annotated[
    Path | None,
    typer.Option("--crs", metavar="DIR", help="OWASP's rules, for ModSecurity beside detect."),
]
RateOption = Annotated[
    int,
    typer.Option(
        "--rate", metavar="N", min=0, max=RATE_MAX, help="Exchanges/s through Kafka; 0: none."
    ),
]
FlowsOption = Annotated[
    int, typer.Option("--flows", metavar="N", min=0, help="Open beside packets; 0: none.")
]


def bench(
    what: WhatArgument,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    rounds: RoundsOption = 5,
    exchanges: ExchangesOption = 20_000,
    pcap: PcapOption = None,
    requests: RequestsOption = None,
    crs: CrsOption = None,
    rate: RateOption = 2_000,
    flows: FlowsOption = 100_000,
) -> None:
    """What this machine reaches, beside its peers.

    Medians of interleaved rounds, with least and greatest. Rates are per CPU second, of one core.
    Ratios are taken round by round against a peer that read the same file in the same round.
    The pipeline then runs once through a Kafka of its own, with made traffic at --rate: from the
    last packet of an exchange to its finding on the topic, and the CPU of every process but
    Kafka's. Packets come with what open connections take: memory, state rows, a restore.

    \b
    Examples:
      sidetap bench packets
      sidetap bench detect --requests ours.jsonl.zst
      sidetap bench pipeline --pcap mix.pcap --json
    """
    if pcap and requests:
        raise RefusedError("--pcap and --requests are two inputs: give one of them.")
    with tempfile.TemporaryDirectory(prefix="sidetap-bench-") as folder:
        made = requests is None and pcap is None
        capture = _capture(pcap, requests, Path(folder), exchanges)
        measured = _Measured(capture, Path(folder), rounds, crs)
        cases, ratios = {
            What.packets: measured.packets,
            What.detect: measured.detect,
            What.pipeline: measured.pipeline,
        }.get(what, lambda: measured.service(what.value))()
        running, more = _more(what, rate if made else 0, flows, Path(folder))
        cases += running
    if json or chosen(None) is Format.jsonl:
        print_json([one.form() for one in [*cases, *more]] + _ratio_forms(ratios))
    else:
        _show(what, cases, ratios)
        print_people(*_tables(more))


More = list[Latency] | list[OpenFlows]


def _more(what: What, rate: int, flows: int, folder: Path) -> tuple[list[Case], More]:
    """What is measured with traffic of its own: the running pipeline, many open connections."""
    if what is What.pipeline and rate:
        return _through_kafka(rate, folder)
    if what is What.packets and flows:
        say(f"opening {flows} connections, in {len(traffic.OPEN)} states …")
        return [], open_flows.measure(folder, flows)
    return [], list[Latency]()


def _show(what: What, cases: list[Case], ratios: Mapping[str, Figure]) -> None:
    rows = [(case.name, case.units, case.unit, case.rate) for case in cases]
    print_people(table(f"bench {what}", ("case", "input#", "unit", "per CPU second#"), rows))
    for name, ratio in ratios.items():
        say(f"{name}: {ratio} ×")


def _through_kafka(rate: int, folder: Path) -> tuple[list[Case], list[Latency]]:
    """Nothing, and a sentence, where no Kafka can be started here."""
    try:
        install()
    except KafkaError as error:
        say(f"not measured through Kafka: {str(error).removesuffix(ELSEWHERE)}")
        return [], []
    latency, cases = measure(Rate(per_s=rate), folder)
    return cases, [latency]


def _tables(more: More) -> "Iterator[Table]":
    latencies = [one.row() for one in more if isinstance(one, Latency)]
    if latencies:
        yield table("last packet of the exchange → finding on the topic", LATENCY, latencies)
    opened = [one.row() for one in more if isinstance(one, OpenFlows)]
    if opened:
        yield table("open connections in one reassembly worker", FLOWS, opened)


def _requests(path: Path) -> Iterator[bytes]:
    from services.detect.inspect import LINE_BYTES_MAX, read_line

    for number, line in enumerate(lines_of([str(path)], LINE_BYTES_MAX), 1):
        try:
            yield read_line(line, number)[1]
        except ValueError as error:
            raise RefusedError(f"{path}, line {number}: {error}.") from error


def _capture(pcap: Path | None, requests: Path | None, folder: Path, exchanges: int) -> Path:
    made = folder / "made.pcap"
    if requests is not None:
        asked = list(_requests(requests))
        say(f"making exchanges of {len(asked)} requests …")
        traffic.write_requests(made, asked)
        return made
    if pcap is None:
        say(f"making {exchanges} exchanges …")
        traffic.write(made, exchanges)
        return made
    try:
        pcap.open("rb").close()
    except OSError as error:
        raise RefusedError(f"{pcap}: {os_reason(error)}.") from None
    return pcap


def _ratio_forms(ratios: Mapping[str, Figure]) -> list[dict[str, Any]]:
    return [{"kind": "ratio", "name": name, **ratio.form()} for name, ratio in ratios.items()]


Result = tuple[list[Case], dict[str, Figure]]


class _Measured:
    """One capture, measured in several ways."""

    def __init__(self, capture: Path, folder: Path, rounds: int, crs: Path | None) -> None:
        self._crs = crs
        self._capture = capture
        self._folder = folder
        self._rounds = rounds
        self._deployment: Deployment = load()
        say("reading it once, to know what it holds …")
        self._records = list(stages.exchanges(capture))
        self._exchanges = sum(record.key is not None for record in self._records)
        if not self._exchanges:
            raise RefusedError(f"{capture}: there is no HTTP in it to measure with.")

    def packets(self) -> Result:
        """Packets to Avro exchanges, with and without decoding bodies; Suricata beside it."""
        ways: dict[str, Callable[[], float | None]] = {
            "packing": lambda: stages.timed(lambda: stages.drain(stages.blocks(self._capture))),
            "exchanges": lambda: stages.timed(
                lambda: stages.drain(stages.exchanges(self._capture))
            ),
            "exchanges, bodies decoded": lambda: stages.timed(
                lambda: stages.drain(stages.exchanges(self._capture, decode=True))
            ),
        }
        if found := suricata.version():
            say(f"beside it: {found}")
            peer = suricata.Suricata(self._folder)
            ways[PEER] = lambda: peer.cpu_s(self._capture)
        else:
            say("suricata is not installed: no peer (apt install suricata)")
        seconds = self._interleaved(ways)
        packets = stages.packets(self._capture)
        cases = [Case(name, "packets", packets, spent) for name, spent in seconds.items()]
        by_name = {case.name: case for case in cases}
        ratios = {}
        if PEER in by_name:
            for name in ("exchanges", "exchanges, bodies decoded"):
                ratios[f"{name} against {PEER}"] = by_name[name].times(by_name[PEER])
        whole = [Case(f"{c.name} (as exchanges)", "exchanges", self._exchanges, c.cpu_s)
                 for c in cases if c.name != "packing"]  # fmt: skip
        return [*cases, *whole], ratios

    def service(self, name: str) -> Result:
        """One service's core over the exchanges."""
        spent = self._interleaved({name: lambda: self._core(name, self._records)})
        return [Case(name, "exchanges", self._exchanges, spent[name])], {}

    def detect(self) -> Result:
        """The core of detection over everything; ModSecurity over the first requests of it."""
        files = modsecurity.rules(self._crs)
        if not files:
            return self.service("detect")
        try:
            engine = modsecurity.Engine(files)
        except ValueError as error:
            raise RefusedError(f"ModSecurity refuses the rules: {error}") from error
        say(f"beside it: {engine.name}")
        first = [one for one in self._records if one.key is not None][:PEER_REQUESTS]
        asked = modsecurity.asked(Exchange(record.value or b"") for record in first)
        ours, peer = f"detect, the first {len(first)}", engine.name
        spent = self._interleaved({
            "detect": lambda: self._core("detect", self._records),
            ours: lambda: self._core("detect", first),
            peer: lambda: engine.cpu_s(asked),
        })  # fmt: skip
        cases = {
            name: Case(name, "exchanges", self._exchanges if name == "detect" else len(first), each)
            for name, each in spent.items()
        }
        return list(cases.values()), {f"{ours} against {peer}": cases[ours].times(cases[peer])}

    def _core(self, name: str, records: Sequence[Output]) -> float:
        return stages.one_service(name, self._deployment, records)

    def pipeline(self) -> Result:
        """Everything from the file to findings and operations, stage by stage."""
        by_stage: dict[str, list[float]] = {}
        for number in range(self._rounds):
            say(f"round {number + 1} of {self._rounds}")
            for stage, spent in stages.whole_pipeline(self._deployment, self._capture).items():
                by_stage.setdefault(stage, []).append(spent)
        total = [sum(each) for each in zip(*by_stage.values(), strict=True)]
        named = {**by_stage, "all": total}
        return [Case(n, "exchanges", self._exchanges, s) for n, s in named.items()], {}

    def _interleaved(self, ways: dict[str, Callable[[], float | None]]) -> dict[str, list[float]]:
        """CPU seconds of each way in each round; a way that failed once is left out."""
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(self._rounds):
            say(f"round {number + 1} of {self._rounds}")
            for name, way in list(ways.items()):
                spent = way()
                if spent is None:
                    del ways[name], seconds[name]
                else:
                    seconds[name].append(spent)
        return seconds
