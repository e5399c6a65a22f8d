"""`sidetap capture`: one agent, for files, interfaces or ports of mirrors."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.broker import KafkaOption
from services.cli.refusal import RefusedError
from services.cli.running import address

Interfaces = Annotated[
    list[str] | None, typer.Option("--interface", metavar="I…", help="Network interfaces.")
]
Files = Annotated[
    list[str] | None, typer.Option("--pcap", metavar="F…", help="Capture files; - is stdin.")
]
Listen = Annotated[
    list[str] | None,
    typer.Option("--listen", metavar="TUNNEL[:PORT]…", help="vxlan or geneve, sent to a UDP port."),
]
Vni = Annotated[
    list[int] | None, typer.Option("--vni", metavar="N", help="Of listeners: only this network.")
]
More = Annotated[
    list[str] | None, typer.Argument(metavar="[MORE…]", help="More of the same.", hidden=True)
]

Site = Annotated[
    str | None, typer.Option("--site", help="The network, where addresses may repeat.")
]
Agent = Annotated[str | None, typer.Option("--agent", help="A name for this agent.")]
Filter = Annotated[
    str | None, typer.Option("--filter", metavar="BPF", help="A tcpdump expression.")
]
Include = Annotated[
    list[str] | None, typer.Option("--include", metavar="[NAME=]CIDR", help="Keep a subnet.")
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="[NAME=]CIDR", help="Drop a subnet.")
]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Progress, state and spool.")
]
User = Annotated[
    str | None, typer.Option("--user", help="Whom to become once the sockets are open.")
]
Again = Annotated[bool, typer.Option("--again", help="Send files as a new run.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="F", help="The deployment's TOML file.")
]


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(capture)


def capture(
    interface: Interfaces = None,
    pcap: Files = None,
    listen: Listen = None,
    vni: Vni = None,
    more: More = None,
    site: Site = None,
    agent: Agent = None,
    filter_: Filter = None,
    include: Include = None,
    exclude: Exclude = None,
    data: Data = None,
    user: User = None,
    again: Again = False,
    settings: SettingsFile = None,
    kafka: KafkaOption = None,
) -> None:
    """One agent: packets to Kafka.

    From files, interfaces or the UDP ports to which mirrors send, to the topic `packets`.

    \b
    Examples:
      sidetap capture --pcap a.pcap b.pcapng.gz
      sudo sidetap capture --interface eth0 --filter "tcp port 80" --kafka kafka:9092
      sidetap capture --listen vxlan:4789 --vni 7 --kafka kafka:9092
    """
    from services.capture.__main__ import main

    interface, pcap = with_more(interface or [], pcap or [], more or [])
    given = {"--interface": interface, "--pcap": pcap, "--listen": listen or []}
    arguments = [word for name, values in given.items() if values for word in (name, *values)]
    if sum(map(bool, given.values())) != 1:
        raise RefusedError("give --interface, --pcap or --listen, one of them.")
    arguments += ["--vni", *map(str, vni)] if vni else []
    named = {
        "--site": site, "--agent": agent, "--filter": filter_, "--data": data, "--user": user,
        "--settings": settings, "--kafka": address(kafka),
    }  # fmt: skip
    for name, value in named.items():
        arguments += [f"{name}={value}"] if value is not None else []
    for name, values in (("--include", include), ("--exclude", exclude)):
        arguments += [f"{name}={value}" for value in values or []]
    raise typer.Exit(main([*arguments, *(["--again"] if again else [])]))


def with_more(
    interfaces: list[str], files: list[str], more: list[str]
) -> tuple[list[str], list[str]]:
    """`--pcap a b c`: words after an option's first are more of the same."""
    if more and bool(interfaces) == bool(files):
        raise RefusedError(
            f"{more[0]!r} belongs to no option: put --interface or --pcap before it."
        )
    return (interfaces + more, files) if interfaces else (interfaces, files + more)
