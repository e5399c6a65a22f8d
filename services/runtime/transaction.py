"""The writing half of the worker: one transaction a batch, and what to do when Kafka hesitates."""

import time
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from services.runtime import faults
from services.runtime.clients import Run, producing
from services.runtime.core import EVERY, Output, Row

# Waits for the broker that are not part of a transaction.
ANSWER_S_MAX = 30
# One try of a call that may be repeated.
TRY_S = 5
# A commit sends what still waits: until then records of one partition gather into one request.
# Measured with 5 ms: reassembly takes a seventh more CPU.
LINGER_MS = 100
NO_PARTITION = -1
"""librdkafka's word for: let the key decide."""


class WorkerError(RuntimeError):
    """Why the worker ends, in one sentence; a new start may mend it."""


class MisfitError(WorkerError):
    """What a person must mend before a start makes sense."""


class AbortedError(Exception):
    """Kafka took the transaction back; the batch is to be done again."""


class Transactions:
    """A transactional producer under a stable name, which fences its predecessor of that name."""

    def __init__(self, kafka: Mapping[str, str], run: Run, name: str, timeout_ms: int) -> None:
        self._run, self._timeout_s = run, timeout_ms / 1000
        self._producer = Producer(
            producing(
                kafka,
                transactional_id=name,
                transaction_timeout_ms=timeout_ms,
                linger_ms=LINGER_MS,
            )
        )
        self._partitions: dict[str, int] = {}

    def begin_life(self) -> None:
        """Fence the predecessor and take back what it left open."""
        try:
            self._producer.init_transactions(ANSWER_S_MAX)
        except KafkaException as caught:
            raise WorkerError(f"Kafka does not answer: {caught.args[0].str()}") from caught

    def partitions(self, topic: str) -> int:
        """How many a topic has on the broker.

        Raises MisfitError where there is none, WorkerError where it cannot be used yet.
        """
        if topic not in self._partitions:
            # All are listed: asked for one by its name, a broker may create it
            # (auto.create.topics.enable), with partitions nobody chose.
            found = self._producer.list_topics(timeout=ANSWER_S_MAX).topics.get(topic)
            if found is None or _missing(found.error):
                raise MisfitError(
                    f"topic {topic} is not on the broker: create it with `sidetap topics --apply`"
                )
            if found.error is not None or not found.partitions:
                why = found.error.str() if found.error else "it has no partitions yet"
                raise WorkerError(f"topic {topic}: {why}")
            self._partitions[topic] = len(found.partitions)
        return self._partitions[topic]

    def begin(self) -> None:
        """Open the batch's transaction; `commit` or `abort` ends it."""
        self._producer.begin_transaction()

    def write(self, output: Output) -> None:
        """Queue one output. Its topic is without a run's prefix."""
        topic = self._run.written(output.topic)
        if output.partition == EVERY:
            for partition in range(self.partitions(topic)):
                self._produce(topic, output.key, output.value, partition)
        else:
            partition = NO_PARTITION if output.partition is None else output.partition
            self._produce(topic, output.key, output.value, partition)

    def write_row(self, state: str, partition: int, row: Row) -> None:
        """Queue one state row."""
        self._produce(self._run.written(state), row.key, row.value, partition)

    def commit(self, offsets: Sequence[TopicPartition], group: object) -> None:
        """Outputs, rows and offsets become visible together, or not at all.

        `group` is the consumer's group metadata: a worker that lost its partitions is refused
        (KIP-447). Raises AbortedError where only this batch is lost, else KafkaException.
        """
        faults.point("in_transaction")
        self._insist(
            lambda: self._producer.send_offsets_to_transaction(list(offsets), group, TRY_S)
        )
        self._insist(lambda: self._producer.commit_transaction(TRY_S))

    def abort(self) -> None:
        """Take back the open transaction."""
        self._producer.abort_transaction(ANSWER_S_MAX)

    def _produce(self, topic: str, key: bytes | None, value: bytes | None, partition: int) -> None:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                self._producer.produce(topic, value, key, partition)
            except BufferError:  # the queue is full: wait for the broker to take some
                if time.monotonic() > deadline:
                    raise WorkerError("the broker takes no more records") from None
                self._producer.poll(0.05)
            except KafkaException as caught:
                if caught.args[0].txn_requires_abort():
                    raise AbortedError(caught.args[0].str()) from caught
                raise
            else:
                return

    def _insist(self, call: Callable[[], object]) -> None:
        """Repeat what Kafka says may be repeated, as long as the transaction lives."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                call()
            except KafkaException as caught:
                error = caught.args[0]
                if error.txn_requires_abort():
                    raise AbortedError(error.str()) from caught
                if not error.retriable() or time.monotonic() > deadline:
                    raise
            else:
                return


def _missing(error: KafkaError | None) -> bool:
    return error is not None and error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
