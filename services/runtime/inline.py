"""The one-process pipeline: the same cores as on the cluster, without Kafka.

In:     records of any topics, in chunks.
Out:    the records of the topics asked for, chunk by chunk.
Keeps:  one core for each input topic of each service: every topic has one partition here.

What a chunk causes is worked off to its end before the next one, so no more is held than one
chunk's records and what the cores themselves hold. State rows go nowhere: the run is the state.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from services.runtime.core import Core, Event, Output, Service
from services.runtime.dead_letters import dead_letter

# Topics feed each other (sightings → sightings → endpoints), but never for long: beyond this
# some service answers its own records, which would never end on the cluster either.
ROUNDS_MAX = 64


class Pipeline:
    """Services wired to each other by the topics they read and write."""

    def __init__(self, services: Sequence[Service], collect: Collection[str]) -> None:
        self.counts: Counter[str] = Counter()
        """What the cores counted."""
        self.cpu_s: dict[str, float] = {service.name: 0.0 for service in services}
        """CPU seconds by service, of this thread."""
        self._collect = frozenset(collect)
        self._offsets: Counter[str] = Counter()
        self._readers: dict[str, list[tuple[str, Core]]] = {}
        self._learners: dict[str, list[tuple[str, Core]]] = {}
        for service in services:
            cores = {topic: make(0) for topic, make in service.inputs.items()}
            for topic, core in cores.items():
                core.restore(())
                self._readers.setdefault(topic, []).append((service.name, core))
            for topic in service.broadcasts:
                learners = self._learners.setdefault(topic, [])
                learners += [(service.name, core) for core in cores.values()]

    def feed(self, records: Iterable[Output]) -> list[Output]:
        """Work through records of any topics and all that follows from them.

        Gives the records of the collected topics, those given included.
        """
        collected: list[Output] = []
        waiting = list(records)
        rounds = 0
        while waiting:
            rounds += 1
            if rounds > ROUNDS_MAX:
                topics = ", ".join(sorted({record.topic for record in waiting}))
                raise RuntimeError(f"these topics feed each other without end: {topics}")
            by_topic: dict[str, list[Output]] = {}
            for record in waiting:
                by_topic.setdefault(record.topic, []).append(record)
            waiting = []
            for topic, group in by_topic.items():
                if topic in self._collect:
                    collected += group
                if topic in self._readers or topic in self._learners:
                    waiting += self._deliver(topic, group)
        return collected

    def _deliver(self, topic: str, records: Sequence[Output]) -> list[Output]:
        first = self._offsets[topic]
        self._offsets[topic] += len(records)
        events = [
            Event(topic, 0, first + i, record.key, record.value) for i, record in enumerate(records)
        ]
        for name, core in self._learners.get(topic, ()):
            begun = time.thread_time()
            for event in events:
                core.learn(event)
            self.cpu_s[name] += time.thread_time() - begun
        outputs: list[Output] = []
        for name, core in self._readers.get(topic, ()):
            begun = time.thread_time()
            core.feed(events)
            changes = core.take()
            self.cpu_s[name] += time.thread_time() - begun
            self.counts.update(changes.counts)
            outputs += changes.outputs
            outputs += [dead_letter(name, rejected) for rejected in changes.rejected]
        return outputs


def run(
    services: Sequence[Service], chunks: Iterable[Iterable[Output]], collect: Collection[str]
) -> Iterator[Output]:
    """Feed every chunk, give what is collected as it comes."""
    pipeline = Pipeline(services, collect)
    for chunk in chunks:
        yield from pipeline.feed(chunk)
