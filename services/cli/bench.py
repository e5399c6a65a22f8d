"""`sidetap bench`: what this machine reaches, measured beside the peers that it has."""

import tempfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.measure import stages, suricata, traffic
from services.cli.measure.figures import Case, Figure
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.refusal import RefusedError, os_reason
from services.runtime.settings import Deployment, load

PEER = "suricata, HTTP parser and log only"


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


def bench(
    what: Annotated[What, typer.Argument(help="packets, detect, browsing, discovery, pipeline.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=50, help="Interleaved.")] = 5,
    exchanges: Annotated[
        int, typer.Option("--exchanges", metavar="N", min=64, help="Of the made traffic.")
    ] = 20_000,
    pcap: Annotated[
        Path | None, typer.Option("--pcap", metavar="F", help="This capture, not made traffic.")
    ] = None,
) -> None:
    """What this machine reaches, beside its peers.

    Medians of interleaved rounds, with least and greatest. Rates are per CPU second, of one core.
    Ratios are taken round by round against a peer that read the same file in the same round.

    \b
    Examples:
      sidetap bench packets
      sidetap bench pipeline --pcap mix.pcap --json
    """
    with tempfile.TemporaryDirectory(prefix="sidetap-bench-") as folder:
        capture = _capture(pcap, Path(folder), exchanges)
        measured = _Measured(capture, Path(folder), rounds)
        cases, ratios = {
            What.packets: measured.packets,
            What.pipeline: measured.pipeline,
        }.get(what, lambda: measured.service(what.value))()
    if json or chosen(None) is Format.jsonl:
        print_json([case.form() for case in cases] + _ratio_forms(ratios))
        return
    rows = [(case.name, case.units, case.unit, case.rate) for case in cases]
    print_people(table(f"bench {what}", ("case", "input#", "unit", "per CPU second#"), rows))
    for name, ratio in ratios.items():
        say(f"{name}: {ratio} ×")


def _capture(pcap: Path | None, folder: Path, exchanges: int) -> Path:
    if pcap is None:
        made = folder / "made.pcap"
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

    def __init__(self, capture: Path, folder: Path, rounds: int) -> None:
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
        spent = self._interleaved(
            {name: lambda: stages.one_service(name, self._deployment, self._records)}
        )
        return [Case(name, "exchanges", self._exchanges, spent[name])], {}

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
