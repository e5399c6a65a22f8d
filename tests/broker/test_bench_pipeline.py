"""`sidetap bench pipeline` through Kafka: every attack is found, and nothing is left running."""

import os
from pathlib import Path

from services.cli.deployed import SERVICES
from services.cli.measure.live_agent import ATTACK_EVERY, Rate
from services.cli.measure.through_kafka import CASE, measure


def commands_with(text: str) -> list[bytes]:
    """Command lines of processes that name this."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(text) in command:
            found.append(command)
    return found


def test_every_attack_is_found_and_every_service_is_measured(tmp_path: Path) -> None:
    rate = Rate(per_s=50, warm_s=1, steady_s=3)
    latency, cases = measure(rate, tmp_path)
    assert latency.found == latency.expected == rate.exchanges // ATTACK_EVERY
    assert 0 < latency.p50_ms <= latency.p99_ms <= latency.max_ms
    spent = {case.name.removeprefix(CASE): case.cpu_s[0] for case in cases}
    assert spent.keys() == {"capture", *SERVICES, "discovery.store", "all"}
    assert spent["all"] == sum(each for name, each in spent.items() if name != "all")
    assert min(spent["reassembly"], spent["detect"]) > 0
    assert commands_with(str(tmp_path)) == []
