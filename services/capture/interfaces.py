"""Captures interfaces: opens them all, gives up every right, then runs one agent for each.

In:     names of interfaces.
Out:    what services/capture/live.py says.
Keeps:  one thread an interface; the packet path runs outside of Python's lock.
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
from services.capture.live import LiveAgent, agent_folder
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
    rings = [open_ring(name, settings, ports) for name in names]
    agents = [agent_name(name, settings.agent, len(names)) for name in names]
    _give_up_rights(settings, agents)
    partitions = settings.partitions or _partitions(kafka, say)
    halt = Event()
    running = [
        LiveAgent(ring, agent, settings, kafka, partitions, _for(agent, say))
        for ring, agent in zip(rings, agents, strict=True)
    ]
    with ThreadPoolExecutor(len(running)) as pool:
        futures = [pool.submit(agent.run, halt.is_set) for agent in running]
        say(f"capturing on {', '.join(names)}")
        try:
            _watch(futures, kafka, partitions, stopping)
        finally:
            halt.set()
    for future in futures:
        future.result()


def agent_name(interface: str, wanted: str, interfaces: int) -> str:
    """HOST/INTERFACE; with a name of its own, that, and the interface where there are several."""
    if wanted:
        return wanted if interfaces == 1 else f"{wanted}/{interface}"
    return f"{socket.gethostname()}/{interface}"


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
