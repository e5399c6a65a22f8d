"""What a worker says of itself over HTTP."""

import urllib.request
from collections.abc import Callable

from services.runtime.clients import Run
from services.runtime.health import BEAT_S_MAX, Health, serve
from services.runtime.load import HOT_RECORDS_MIN, hot_partition
from services.runtime.metrics import Metric, Metrics


def clock(at: list[float]) -> Callable[[], float]:
    return lambda: at[0]


def test_a_worker_that_hangs_is_not_live() -> None:
    at = [0.0]
    health = Health(Metrics("detect", 0), clock(at))
    at[0] = BEAT_S_MAX
    assert health.answer("/live")[0] == 200
    at[0] = BEAT_S_MAX + 1
    assert health.answer("/live") == (503, "text/plain", b"no turn for 61 s\n")
    health.beat()
    assert health.answer("/live")[0] == 200


def test_a_worker_that_waits_is_not_ready_and_says_for_what() -> None:
    health = Health(Metrics("detect", 0))
    assert health.answer("/ready") == (503, "text/plain", b"waiting for its first partitions\n")
    health.waiting_for = ""
    assert health.answer("/ready")[0] == 200
    assert health.answer("/other")[0] == 404


def test_every_metric_can_be_told_and_read_over_http() -> None:
    metrics = Metrics("detect", 3)
    metrics.add(Metric.RECORDS_IN, 5, topic="exchanges")
    metrics.set(Metric.LAG, 7, topic="exchanges", partition="1")
    metrics.observe(Metric.BATCH_SECONDS, 0.07)
    server = serve(Health(metrics), "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.server_address[1]}/metrics"
    with urllib.request.urlopen(address, timeout=5) as answer:
        text = answer.read().decode()
    server.shutdown()
    server.server_close()
    whose = 'service="detect",slot="3"'
    assert f'sidetap_records_in_total{{{whose},topic="exchanges"}} 5.0' in text
    assert f'sidetap_lag_records{{partition="1",{whose},topic="exchanges"}} 7.0' in text
    assert f'sidetap_batch_seconds_bucket{{le="0.1",{whose}}} 1.0' in text
    assert all(f"# HELP {name}" in text for name in Metric)


def test_most_records_on_one_partition_are_no_chance() -> None:
    calm = {("exchanges", p): HOT_RECORDS_MIN for p in range(4)}
    hot = {**calm, ("exchanges", 2): 4 * HOT_RECORDS_MIN}
    assert hot_partition(calm, 4) is None
    assert hot_partition(hot, 4) == ("exchanges", 2)
    assert hot_partition(hot, 3) is None, "too few partitions to tell"
    assert hot_partition({("exchanges", 2): HOT_RECORDS_MIN - 1}, 4) is None, "too few records"


def test_a_replay_has_names_of_its_own() -> None:
    deployment, replay = Run(), Run("week", frozenset({"exchanges"}))
    assert (deployment.written("findings"), deployment.read("exchanges")) == (
        "findings",
        "exchanges",
    )
    assert replay.written("findings") == "run.week.findings"
    assert [replay.read(t) for t in ("exchanges", "policy", "sightings")] == [
        "exchanges",
        "policy",
        "run.week.sightings",
    ]
