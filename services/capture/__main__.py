"""`python -m services.capture`: one agent, for files, interfaces or ports of mirrors."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from confluent_kafka import KafkaException

from services.capture.bpf import FilterError
from services.capture.destination import MismatchError
from services.capture.files import FileReport, capture_files
from services.capture.interfaces import capture_interfaces, capture_listeners
from services.capture.live import BusyError
from services.capture.ring import gone
from services.capture.settings import Settings, SubnetRule
from services.runtime.run import kafka_settings, wrong_setting
from services.runtime.settings import load

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
EXAMPLES = """examples:
  python -m services.capture --pcap a.pcap b.pcapng.gz
  sudo python -m services.capture --interface eth0 --filter "tcp port 80" --kafka kafka:9092
  python -m services.capture --listen vxlan:4789 --vni 7 --kafka kafka:9092
"""


class Stop:
    """Set by SIGINT and SIGTERM."""

    def __init__(self) -> None:
        self._set = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop())

    def __call__(self) -> bool:
        return self._set

    def _stop(self) -> None:
        self._set = True


def say(sentence: str) -> None:
    """One sentence for people."""
    print(f"sidetap capture: {sentence}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 failed, 2 bad usage or unreadable input."""
    options = _parser().parse_args(arguments)
    try:
        deployment = load(options.settings)
    except ValueError as error:
        say(str(error))
        return USAGE
    try:
        settings = _merged(deployment.of(Settings), options)
        kafka = kafka_settings(deployment, options.kafka)
        sources = Sources(options.pcap, options.interface, options.listen)
        return run(sources, settings, kafka, again=options.again)
    except (MismatchError, BusyError) as error:
        say(str(error))
        return FAILED
    except KafkaException as error:
        say(wrong_setting(error, deployment.kafka))
        return USAGE
    except (FilterError, ValueError) as error:
        say(str(error))
        return USAGE


@dataclass(frozen=True, slots=True)
class Sources:
    """Where packets come from: one of the three."""

    files: Sequence[str] = ()
    interfaces: Sequence[str] = ()
    tunnels: Sequence[str] = ()


def run(
    sources: Sources,
    settings: Settings,
    kafka: dict[str, str],
    *,
    again: bool = False,
) -> int:
    """One agent, until its end or a signal; the exit code.

    Raises ValueError with one sentence for what cannot be captured from, and MismatchError or
    BusyError for what stands in the way now.
    """
    stop = Stop()
    if sources.files:
        reports = capture_files(sources.files, settings, kafka, say=say, stopping=stop, again=again)
        for report in reports:
            say(_sentence(report))
        return INTERRUPTED if stop() else DONE
    try:
        if sources.tunnels:
            capture_listeners(sources.tunnels, settings, kafka, say=say, stopping=stop)
        else:
            capture_interfaces(sources.interfaces, settings, kafka, say=say, stopping=stop)
    except OSError as error:
        if not gone(error):
            raise
        say(f"the interface went away: {error.strerror}")
        return FAILED
    return DONE


def _sentence(report: FileReport) -> str:
    text = f"{report.agent}: {report.blocks} blocks sent"
    if report.repeated == report.blocks and report.blocks:
        text = f"{report.agent}: was sent before, nothing to do (--again sends it as a new run)"
    elif report.repeated:
        text += f", {report.repeated} of them by an earlier run"
    if not report.complete:
        text += ", stopped before the end: the same command goes on"
    return text + (f"; the file is damaged: {report.damage}" if report.damage else "")


def _merged(settings: Settings, options: argparse.Namespace) -> Settings:
    """The command line before the settings file."""
    given = {
        name: value
        for name in ("site", "agent", "filter", "data", "user", "partitions")
        if (value := getattr(options, name)) is not None
    }
    if options.vni:
        given["vnis"] = tuple(options.vni)
    rules = [_rule("include", text) for text in options.include]
    rules += [_rule("exclude", text) for text in options.exclude]
    return replace(settings, **given, subnets=(*rules, *settings.subnets))


def _rule(action: str, text: str) -> SubnetRule:
    name, equals, cidr = text.partition("=")
    if not equals:
        name, cidr = text, text
    if action == "include":
        return SubnetRule(name=name, action="include", cidr=cidr)
    return SubnetRule(name=name, action="exclude", cidr=cidr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.capture",
        description="Sends packets of files, interfaces or mirrors to the topic `packets`.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--pcap", nargs="+", default=[], metavar="F", help="files; - is stdin")
    source.add_argument("--interface", nargs="+", default=[], metavar="I", help="interfaces")
    source.add_argument(
        "--listen", nargs="+", default=[], metavar="TUNNEL[:PORT]",
        help="vxlan or geneve: what mirrors send to a UDP port of this host",
    )  # fmt: skip
    parser.add_argument("--vni", nargs="+", type=int, metavar="N", help="only these networks")
    parser.add_argument("--site", help="the network, where several have equal addresses")
    parser.add_argument("--agent", help="a name for this agent")
    parser.add_argument("--filter", help="a tcpdump expression")
    for action in ("include", "exclude"):
        parser.add_argument(
            f"--{action}", action="append", default=[], metavar="[NAME=]CIDR",
            help=f"{action} packets of a subnet, counted by name",
        )  # fmt: skip
    parser.add_argument("--kafka", metavar="HOST:PORT", help="the cluster")
    parser.add_argument("--data", type=Path, help="folder for progress, state and spool")
    parser.add_argument("--partitions", type=int, help="width of the topic; 0 asks Kafka")
    parser.add_argument("--user", help="whom to become once the sockets are open")
    parser.add_argument("--again", action="store_true", help="send files as a new run")
    parser.add_argument("--settings", type=Path, help="the deployment's TOML file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
