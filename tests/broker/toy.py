"""A service small enough to know every right answer, and the process that runs it.

It counts numbers by key, forwards each sum, and raises an alarm at each third record of a key. A
policy record "+N" is added to what it counts from then on. b"bad" cannot be read.
"""

import os
import sys
from collections.abc import Iterable, Sequence

from schemas.codec import UndecodableError, decode_as
from schemas.types import PolicyEntry
from services.runtime.clients import Run
from services.runtime.core import EVERY, Changes, Core, Event, Output, Rejected, Row, Service
from services.runtime.run import work
from services.runtime.table import Table, restore
from services.runtime.worker import Settings


class Counting:
    """State: key → (records, sum)."""

    def __init__(self, topic: str, out: str) -> None:
        self.topic, self.out, self.bonus = topic, out, 0
        self.table: Table[tuple[int, int]] = Table(
            "sum",
            lambda v: f"{v[0]} {v[1]}".encode(),
            lambda b: (int(b.split()[0]), int(b.split()[1])),
            rows_max=100_000,
        )
        self.changes = Changes()

    def restore(self, rows: Iterable[Row]) -> None:
        restore(rows, self.table)

    def learn(self, event: Event) -> None:
        try:
            entry = decode_as(PolicyEntry, event.value or b"")
        except UndecodableError:
            return
        if entry.kind == "setting":
            self.bonus = int(entry.body)

    def feed(self, events: Sequence[Event]) -> None:
        for event in events:
            key, value = event.key or b"", event.value or b""
            if value == b"bad":
                self.changes.rejected.append(Rejected(event, "it is bad"))
            elif value == b"mark":
                self.changes.outputs.append(Output(f"{self.out}-marks", None, b"m", EVERY))
            elif value == b"forget":
                self.table.delete(key)
            else:
                seen, total = self.table.get(key) or (0, 0)
                seen, total = seen + 1, total + int(value) + self.bonus
                self.table.put(key, (seen, total))
                self.changes.outputs.append(Output(self.out, key, f"{seen} {total}".encode()))
                if seen % 3 == 0:
                    alarm = key + f" {seen} {event.partition} {event.offset}".encode()
                    self.changes.outputs.append(Output(f"{self.out}-alarms", key, alarm))

    def take(self) -> Changes:
        taken, self.changes = self.changes, Changes()
        taken.rows = self.table.take()
        return taken


def service(name: str) -> Service:
    """Reads NAME-in and NAME-side, writes NAME-out, -out-alarms and -out-marks."""

    def make(topic: str) -> Core:
        return Counting(topic, f"{name}-out")

    return Service(
        name=name,
        inputs={t: lambda _, t=t: make(t) for t in (f"{name}-in", f"{name}-side")},  # type: ignore[misc]
        state=f"state.{name}",
        broadcasts=("policy",),
    )


if __name__ == "__main__":
    name, bootstrap, slot, run_name, session_ms = sys.argv[1:]
    settings = Settings(
        batch_interval_ms=20, session_timeout_ms=int(session_ms), transaction_timeout_ms=3_000
    )
    kafka = {"bootstrap.servers": bootstrap}
    os._exit(work(service(name), settings, kafka, int(slot), Run(run_name)))
