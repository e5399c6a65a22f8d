"""`sidetap up`: everything on this machine, until Ctrl-C."""

import fcntl
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from services.cli.broker import KafkaOption, client
from services.cli.capture import Files, Interfaces, More, with_more
from services.cli.demo.show import play
from services.cli.deployed import SERVICES, Deployed
from services.cli.doctor import may_capture
from services.cli.output import say
from services.cli.refusal import CheckFailedError, RefusedError, os_reason
from services.cli.running import Running, announce, withdraw
from services.cli.topics import made_so
from services.runtime.kafka_jars import KafkaError
from services.runtime.kafka_local import LocalKafka
from services.runtime.run import kafka_settings
from services.runtime.settings import load
from services.runtime.topics_admin import TopicsError, compare

PORT = 9092
# A story of half a minute cannot wait five until a path that answers is called an operation.
DEMO_SETTINGS = {"SIDETAP_DISCOVERY__MIN_TIME_S": "5"}
WORKERS_MAX = 12  # As many as `packets` has partitions; more would have nothing to do.


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(up)


def up(
    interface: Interfaces = None,
    pcap: Files = None,
    more: More = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="A shop, its customers and attackers, to look at.")
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, max=WORKERS_MAX, help="Of each service.")
    ] = 1,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Kafka's log, spool, logs.")
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="P", min=0, max=65_535, help="Kafka's; 0: a free one.")
    ] = PORT,
    kafka: KafkaOption = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds", metavar="S", min=1, help="End by itself; then 1 if nothing was found."
        ),
    ] = None,
) -> None:
    """Everything on this machine, until Ctrl-C.

    Kafka (unless --kafka names one), topics, every service, agents. Ctrl-C stops all of it in
    order. The demo keeps nothing unless --data says where.

    \b
    Examples:
      sidetap up --demo
      sudo sidetap up --interface eth0
      sidetap up --pcap monday.pcap tuesday.pcapng.gz --workers 2
    """
    interfaces, files = with_more(interface or [], pcap or [], more or [])
    _check(interfaces, files, demo)
    found_any = _run(_Wanted(interfaces, files, demo, workers, data, port, kafka, seconds))
    say("stopped")
    if seconds is not None and not found_any:
        raise CheckFailedError("nothing was found.")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for."""

    interfaces: list[str]
    files: list[str]
    demo: bool
    workers: int
    data: Path | None
    port: int
    kafka: str | None
    seconds: float | None


def _run(wanted: _Wanted) -> bool:
    """Everything from its start to its stop; whether anything was found."""
    with ExitStack() as stack:
        folder = _folder(wanted.data, wanted.demo, stack)
        stack.enter_context(_alone(folder))
        asked = _Asked()
        bootstrap = stack.enter_context(kafka_with_topics(wanted.kafka, folder, wanted.port))
        more = DEMO_SETTINGS if wanted.demo else {}
        deployed = Deployed(folder, bootstrap, wanted.workers, say, more)
        announce(Running(os.getpid(), bootstrap, str(folder), deployed.health))
        stack.callback(withdraw, os.getpid())
        stack.callback(deployed.stop)
        deployed.start_services()
        if wanted.demo:
            play(deployed, asked, wanted.seconds)
        else:
            deployed.capture(wanted.interfaces, wanted.files)
            _greet(deployed, wanted.interfaces, wanted.files)
            deployed.watch(asked, wanted.seconds)
        say("stopping …")
        return len(deployed.board.findings) > 0


class _Asked:
    """Whether somebody wants it to end. A second Ctrl-C does not wait."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        return self.asked

    def _ask(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def _check(interfaces: list[str], files: list[str], demo: bool) -> None:
    """Refuse what cannot work before anything is started."""
    if (bool(interfaces) + bool(files) + demo) > 1:
        raise RefusedError("give --interface, --pcap or --demo, one of them.")
    for name in interfaces:
        if not Path("/sys/class/net", name).exists():
            known = ", ".join(sorted(p.name for p in Path("/sys/class/net").iterdir()))
            raise RefusedError(f"there is no interface {name!r}; there are {known}.")
    if interfaces and not may_capture():
        raise RefusedError(
            "capturing from an interface needs root (or CAP_NET_RAW): run it with sudo, "
            "or read a file with --pcap."
        )
    for file in files:
        try:
            Path(file).open("rb").close()
        except OSError as error:
            raise RefusedError(f"{file}: {os_reason(error)}.") from None


def _folder(said: Path | None, demo: bool, stack: ExitStack) -> Path:
    if said is None and demo:
        made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sidetap-demo-")))
        made.chmod(0o711)  # The agent gives up root and must still reach its own folder in it.
        return made
    home = os.environ.get("XDG_DATA_HOME")
    folder = said or (Path(home) if home else Path.home() / ".local" / "share") / "sidetap"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedError(f"{folder}: {os_reason(error)}.") from None
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two on one folder would share slots, logs and the event file, and fence each other."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                f"another `sidetap up` uses {folder}: stop it first, or give this one a folder of "
                "its own with --data."
            ) from None
        yield


@contextmanager
def kafka_with_topics(said: str | None, folder: Path, port: int) -> Iterator[str]:
    """The address of a Kafka with all topics; a local one lives as long as this context."""
    if said is not None:
        client(said)  # Refuses where none answers.
        _make_topics(said)
        yield said
        return
    began = time.monotonic()
    say("starting Kafka (the first start on a machine fetches it) …")
    local = LocalKafka(data=folder / "kafka", port=port)
    try:
        local.start()
        say(f"Kafka at {local.bootstrap} after {time.monotonic() - began:.1f} s")
        _make_topics(local.bootstrap)
        yield local.bootstrap
    except KafkaError as error:
        raise RefusedError(f"{error}.") from None
    finally:
        local.stop()


def _make_topics(bootstrap: str) -> None:
    settings = kafka_settings(load(), bootstrap)
    done: list[str] = []
    try:
        left = made_so(settings, compare(settings), done.append)
    except TopicsError as error:
        raise RefusedError(f"{error}.") from None
    if left:
        raise RefusedError(f"{left[0].refused or left[0].topic + ' could not be made'}.")
    say(f"{len(done)} topics made or changed" if done else "all topics are there")


def _greet(deployed: Deployed, interfaces: list[str], files: list[str]) -> None:
    source = ", ".join(interfaces or files) or "nothing yet (give --interface, --pcap or --demo)"
    say(f"capturing from {source}")
    say(f"services: {', '.join(SERVICES)}, {deployed.workers} of each; logs in {deployed.logs}")
    say("look with: sidetap findings --follow · sidetap endpoints · sidetap status")
    say("Ctrl-C stops all of it")
