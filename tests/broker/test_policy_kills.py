"""What people say in mid-run, with kills around it: the same findings under the same policy."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from schemas.codec import decode_as, encode
from schemas.types import Finding, PolicyEntry
from services.runtime import topics_admin
from services.runtime.clients import consuming, producing
from services.runtime.core import Event
from services.runtime.faults import POINTS, VARIABLE
from services.runtime.kafka_local import LocalKafka
from services.runtime.run import make_service
from services.runtime.settings import Deployment
from services.runtime.whole import read_whole
from tests.broker.packet_path import MOVING, wait_for
from tests.traffic import exchange

TREE = Path(__file__).parent.parent.parent
INJECTION = "id=1'+union+select+name,pass+from+users--"
EXCLUSION = PolicyEntry(
    id="quiet", kind="exclusion", site="", host="", path="/quiet", where="", body="{}",
    by="test", at_us=0, removed=False,
)  # fmt: skip
EACH = 10


@dataclass(slots=True)
class Detection:
    """One partition of exchanges, each an attack of another client, and who works on it."""

    bootstrap: str
    sent: list[bytes] = field(default_factory=list)
    worker: subprocess.Popen[bytes] | None = None

    @property
    def kafka(self) -> dict[str, str]:
        return {"bootstrap.servers": self.bootstrap}

    def attack(self, *paths: str) -> None:
        """One request a path."""
        producer = Producer(producing(self.kafka))
        for path in paths:
            number = len(self.sent)
            client = f"198.51.{number // 250}.{1 + number % 250}"
            self.sent.append(encode(exchange(f"{path}?{INJECTION}", at_s=number, client=client)))
            producer.produce("exchanges", self.sent[-1], b"attack", 0)
        assert producer.flush(30) == 0

    def say(self, entry: PolicyEntry) -> None:
        producer = Producer(producing(self.kafka))
        producer.produce("policy", encode(entry), entry.id.encode(), 0)
        assert producer.flush(30) == 0

    def start(self, fault: str = "") -> subprocess.Popen[bytes]:
        """The worker; a fault has it killed at a point (runtime/faults.py)."""
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "services.detect", "--kafka", self.bootstrap],
            cwd=TREE, stderr=subprocess.DEVNULL,
            env={**os.environ, VARIABLE: fault, "SIDETAP_WORKER__SESSION_TIMEOUT_MS": "6000"},
        )  # fmt: skip
        return self.worker

    def stop(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.terminate()
            self.worker.wait(30)

    def drained(self) -> bool:
        """Whether all that was sent is committed as worked through."""
        consumer = Consumer(consuming(self.kafka, group_id="detect"))
        try:
            (at,) = consumer.committed([TopicPartition("exchanges", 0)], 30)
        except KafkaException as error:
            if error.args[0].code() not in MOVING:
                raise
            return False
        finally:
            consumer.close()
        return bool(at.offset == len(self.sent))

    def findings(self) -> list[Finding]:
        """Those on the topic, in no order."""
        found: list[Finding] = []

        def each(message: Message) -> None:
            found.append(decode_as(Finding, message.value() or b""))

        partitions = Consumer(consuming(self.kafka, group_id="look")).list_topics("findings", 30)
        read_whole(self.kafka, [("findings", p) for p in partitions.topics["findings"].partitions],
                   each)  # fmt: skip
        return found

    def told(self, policy_offset: int) -> int:
        """Findings under this state of the policy."""
        return sum(finding.policy_offset == policy_offset for finding in self.findings())


@pytest.fixture
def detection() -> Iterator[Detection]:
    """A broker of its own: its policy is empty."""
    local = LocalKafka().start()
    kafka = {"bootstrap.servers": local.bootstrap}
    topics_admin.apply(kafka, topics_admin.compare(kafka))
    running = Detection(local.bootstrap)
    yield running
    running.stop()
    local.stop()


def expected(sent: list[bytes], learned_before: int) -> Counter[bytes]:
    """What a core without Kafka finds that learns the exclusion before the exchange of a number."""
    core = make_service("detect", Deployment({}, {})).inputs["exchanges"](0)
    core.restore(())
    events = [Event("exchanges", 0, at, b"attack", value) for at, value in enumerate(sent)]
    core.feed(events[:learned_before])
    core.learn(Event("policy", 0, 0, EXCLUSION.id.encode(), encode(EXCLUSION)))
    core.feed(events[learned_before:])
    return Counter(output.value or b"" for output in core.take().outputs)


@pytest.mark.timeout(300)
def test_an_exclusion_said_in_mid_run_holds_through_kills(detection: Detection) -> None:
    detection.attack(*["/quiet", "/loud"] * EACH)
    detection.start()
    wait_for("the first findings", detection.drained)
    assert len(detection.findings()) == detection.told(-1) == 2 * EACH
    detection.say(EXCLUSION)

    def at_work() -> bool:
        detection.attack("/loud")
        return detection.told(0) > 0

    wait_for("the exclusion at work", at_work)
    wait_for("the rest", detection.drained)
    # Each attack gave one finding so far.
    learned_before = detection.told(-1)
    detection.stop()
    for point in POINTS:
        detection.attack(*["/quiet", "/loud"] * EACH)
        assert detection.start(f"{point}:1:KILL").wait(60) == -signal.SIGKILL, point
    detection.attack(*["/quiet", "/loud"] * EACH)
    detection.start()
    wait_for("everything", detection.drained)
    found = detection.findings()
    assert Counter(map(encode, found)) == expected(detection.sent, learned_before)
    assert len(found) == len(detection.sent) - EACH * (len(POINTS) + 1)
    assert {finding.policy_offset for finding in found} == {-1, 0}
