"""What a worker tells Prometheus: every name in one place, with its meaning.

/metrics answers with these; docs/operating.md says which of them to watch.
"""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metric(StrEnum):
    """Names; all carry the labels service and slot, and those in brackets."""

    RECORDS_IN = "sidetap_records_in"
    """Records consumed [topic]."""
    BYTES_IN = "sidetap_bytes_in"
    """Bytes of their keys and values [topic]."""
    RECORDS_OUT = "sidetap_records_out"
    """Records produced, without dead letters [topic]."""
    REJECTED = "sidetap_rejected"
    """Records nobody could read [topic, partition]."""
    EXPIRED = "sidetap_records_expired"
    """Offsets that retention deleted before they were read, transaction markers included [topic,
    partition]."""
    ROWS_WRITTEN = "sidetap_state_rows_written"
    """State rows and tombstones."""
    EVENTS = "sidetap_events"
    """What the cores count: limits hit, repeats dropped, rows evicted … [event]."""
    BATCHES = "sidetap_batches"
    """Transactions committed."""
    ABORTED = "sidetap_batches_aborted"
    """Transactions taken back; their records were worked through again."""
    BATCH_SECONDS = "sidetap_batch_seconds"
    """From the first record of a batch to its commit."""
    LAG = "sidetap_lag_records"
    """Records not consumed yet [topic, partition]."""
    PAUSED = "sidetap_partitions_paused"
    """Partitions that wait for `sidetap topics --resume`."""
    HOT = "sidetap_partition_hot"
    """1: this partition has most of the worker's records [topic, partition]."""
    RESTORED_ROWS = "sidetap_restored_rows"
    """State rows that the last assignment read, or has read so far."""
    RESTORE_SECONDS = "sidetap_restore_seconds"
    """How long the last assignment's restore took, or has taken so far."""
    READY = "sidetap_ready"
    """1: restored, and no partition waits for a person."""


PLACE = ("topic", "partition")
LABELS: dict[Metric, tuple[str, ...]] = {
    Metric.RECORDS_IN: ("topic",),
    Metric.BYTES_IN: ("topic",),
    Metric.RECORDS_OUT: ("topic",),
    Metric.REJECTED: PLACE,
    Metric.EXPIRED: PLACE,
    Metric.EVENTS: ("event",),
    Metric.LAG: PLACE,
    Metric.HOT: PLACE,
}
GAUGES = {
    Metric.LAG,
    Metric.PAUSED,
    Metric.HOT,
    Metric.RESTORED_ROWS,
    Metric.RESTORE_SECONDS,
    Metric.READY,
}
# A batch lasts 50 ms by default; beyond 10 s the broker would have ended its transaction.
BATCH_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """One worker's metrics, in a registry of its own."""

    def __init__(self, service: str, slot: int) -> None:
        self._registry = CollectorRegistry()
        self._whose = {"service": service, "slot": str(slot)}
        self._made: dict[Metric, Counter | Gauge | Histogram] = {
            name: self._make(name) for name in Metric
        }

    def _make(self, name: Metric) -> Counter | Gauge | Histogram:
        labels = (*self._whose, *LABELS.get(name, ()))
        doc = _doc(name)
        if name == Metric.BATCH_SECONDS:
            return Histogram(name, doc, labels, registry=self._registry, buckets=BATCH_BUCKETS)
        kind = Gauge if name in GAUGES else Counter
        return kind(name, doc, labels, registry=self._registry)

    def add(self, name: Metric, amount: float = 1, **labels: str) -> None:
        """Count up."""
        found = self._made[name]
        assert isinstance(found, Counter)
        found.labels(**self._whose, **labels).inc(amount)

    def set(self, name: Metric, value: float, **labels: str) -> None:
        """Show a present value."""
        found = self._made[name]
        assert isinstance(found, Gauge)
        found.labels(**self._whose, **labels).set(value)

    def observe(self, name: Metric, value: float) -> None:
        """Add to a distribution."""
        found = self._made[name]
        assert isinstance(found, Histogram)
        found.labels(**self._whose).observe(value)

    def forget(self, name: Metric) -> None:
        """Drop every label set, as when partitions went to another worker."""
        self._made[name].clear()

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self._registry)


def _doc(name: Metric) -> str:
    """The comment of a name, which Python does not keep, told in the same words."""
    return name.value.removeprefix("sidetap_").replace("_", " ")
