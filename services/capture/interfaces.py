"""Captures interfaces or UDP ports: opens all, gives up every right, runs one agent for each.

In:     names of interfaces; tunnels with the ports to which mirrors send them.
Out:    what services/capture/live.py says.
Keeps:  one thread for each; the packet path runs outside of Python's lock.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

from schemas.topics import topics
from services.capture.destination import (
    Destination,
    UnknownTopicError,
    cluster_ports,
    look,
    width,
)
from services.capture.listeners import open_listener, with_port
from services.capture.live import LiveAgent, LiveSource, agent_folder
from services.capture.privilege import chosen_user, drop, hand_over
from services.capture.ring import open_ring
from services.capture.settings import TOPIC, Settings

# A broker that is there answers within milliseconds; the rings fill while nobody reads them.
FIRST_LOOK_S = 2.0
LOOK_AGAIN_S = 5.0
WATCH_S = 0.2

Say = Callable[[str], None]


def capture_interfaces(
    names: Sequence[str],
    settings: Settings,
    kafka: Mapping[str, str],
    *,
    say: Say,
    stopping: Callable[[], bool],
) -> None:
    """Capture until `stopping`, or until one interface fails, which stops all.

    Raises InterfaceError, FilterError, ValueError (a wrong user or folder), BusyError,
    MismatchError, and OSError when an interface goes away.
    """
    ports = sorted(cluster_ports(kafka, FIRST_LOOK_S))
    sources = {name: open_ring(name, settings, ports) for name in names}
    _capture(sources, settings, kafka, say, stopping)


def capture_listeners(
    tunnels: Sequence[str],
    settings: Settings,
    kafka: Mapping[str, str],
    *,
    say: Say,
    stopping: Callable[[], bool],
) -> None:
    """Capture what mirrors send, until `stopping`. `tunnels` are like vxlan:4789.

    Raises as `capture_interfaces`, and ListenerError.
    """
    sources = {name: open_listener(name, settings) for name in map(with_port, tunnels)}
    _capture(sources, settings, kafka, say, stopping)


def _capture(
    sources: Mapping[str, LiveSource],
    settings: Settings,
    kafka: Mapping[str, str],
    say: Say,
    stopping: Callable[[], bool],
) -> None:
    agents = [agent_name(name, settings.agent, len(sources)) for name in sources]
    _give_up_rights(settings, agents)
    partitions = settings.partitions or _partitions(kafka, say)
    halt = Event()
    running = [
        LiveAgent(source, agent, settings, kafka, partitions, _for(agent, say))
        for source, agent in zip(sources.values(), agents, strict=True)
    ]
    with ThreadPoolExecutor(len(running)) as pool:
        futures = [pool.submit(agent.run, halt.is_set) for agent in running]
        say(f"capturing on {', '.join(sources)}")
        try:
            _watch(futures, kafka, partitions, stopping)
        finally:
            halt.set()
    for future in futures:
        future.result()


def agent_name(source: str, wanted: str, sources: int) -> str:
    """HOST/SOURCE; with a name of its own, that, and the source where there are several."""
    if wanted:
        return wanted if sources == 1 else f"{wanted}/{source}"
    return f"{socket.gethostname()}/{source}"


def _give_up_rights(settings: Settings, agents: Sequence[str]) -> None:
    user = chosen_user(settings.user)
    folders = [agent_folder(settings, agent) for agent in agents]
    if os.geteuid() == 0:
        for folder in folders:
            hand_over(folder, user)
    drop(user)
    for folder in folders:
        if not _writable(folder):
            raise ValueError(
                f"{user.name}, as whom the capture goes on, cannot write to {folder}: "
                "choose another folder with --data"
            )


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _partitions(kafka: Mapping[str, str], say: Say) -> int:
    try:
        found = look(kafka, TOPIC, FIRST_LOOK_S)
    except UnknownTopicError as error:
        say(f"{error}; what is captured waits")
        found = None
    else:
        if found is None:
            say("Kafka cannot be reached; capturing all the same, what is captured waits")
    return found.partitions if found else topics()[TOPIC].partitions


def _watch(
    futures: Sequence[Future[None]],
    kafka: Mapping[str, str],
    partitions: int,
    stopping: Callable[[], bool],
) -> None:
    """Until stopped or until an agent ends; checks the topic's width as soon as it can."""
    checked, look_at_s = False, 0.0
    while not stopping() and not any(future.done() for future in futures):
        time.sleep(WATCH_S)
        if not checked and time.monotonic() >= look_at_s:
            checked = _width_is(partitions, kafka)
            look_at_s = time.monotonic() + LOOK_AGAIN_S


def _width_is(partitions: int, kafka: Mapping[str, str]) -> bool:
    try:
        found: Destination | None = look(kafka, TOPIC, WATCH_S)
    except UnknownTopicError:
        return False
    return found is not None and width(found, TOPIC, partitions) == partitions


def _for(agent: str, say: Say) -> Say:
    return lambda sentence: say(f"{agent}: {sentence}")
