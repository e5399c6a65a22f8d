"""docker-compose.yml against schemas/topics.toml, the services' folders and their settings.

No Docker is needed: the file is read as data.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.topics import topics
from services.runtime import settings as deployments
from services.runtime.kafka_local import SETTINGS as LOCAL_KAFKA

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "services"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: block for name, block in COMPOSE["services"].items() if "build" in block}
KAFKA = COMPOSE["services"]["kafka"]
# What lies between one service and the next; other topics lead back (endpoints, signals).
FLOW = ("packets", "exchanges", "findings")
ONE_SHOT = {"topics"}
# An agent is no worker: it has no partitions to be ready for.
WITHOUT_READY = {"topics", "capture"}

every_block = pytest.mark.parametrize("name", OURS)


def module(name: str) -> str:
    """services.… as the image starts it."""
    return str(OURS[name]["build"]["args"]["SERVICE"])


def workers() -> set[str]:
    """Every worker in the tree: what a folder with a worker.py runs as."""
    found = [path.parent.relative_to(SERVICES) for path in SERVICES.rglob("worker.py")]
    return {".".join(folder.parts) for folder in found} - {"runtime"}


def test_every_worker_has_a_block() -> None:
    assert workers()
    assert workers() <= {module(name) for name in OURS}


@every_block
def test_a_block_starts_what_is_there(name: str) -> None:
    folder = SERVICES.joinpath(*module(name).split("."))
    assert folder.is_dir()
    assert name == {"cli": "topics"}.get(module(name), module(name).replace(".", "-"))


def test_services_that_write_or_read_topics_have_a_block() -> None:
    named = {who for topic in topics().values() for who in (*topic.writers, *topic.readers)}
    assert named - {"people"} <= {module(name) for name in OURS}


def test_blocks_stand_in_the_order_of_the_data() -> None:
    order = {module(name): place for place, name in enumerate(OURS)}
    for topic in map(topics().__getitem__, FLOW):
        last_writer = max(order[who] for who in topic.writers)
        # Browsing writes findings and reads those of detection: it stands among the writers.
        only_read = set(topic.readers) - set(topic.writers) - {"people"}
        readers = [order[who] for who in only_read]
        assert last_writer < min(readers), topic.name
    assert next(iter(COMPOSE["services"])) == "kafka"
    assert next(iter(OURS)) == "topics"


@every_block
def test_least_privilege(name: str) -> None:
    block = OURS[name]
    assert block["read_only"] is True
    assert block["cap_drop"] == ["ALL"]
    assert block["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in block
    assert "user" not in block
    allowed = ["NET_RAW", "CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID"]
    assert block.get("cap_add", []) == (allowed if name == "capture" else [])
    assert block["build"]["target"] == ("capture" if name == "capture" else "service")
    assert ("network_mode" in block) == (name == "capture")


@every_block
def test_variables_are_settings(name: str) -> None:
    """An unknown or wrong one would stop the start."""
    given = {key: str(value) for key, value in OURS[name]["environment"].items()}
    assert deployments.load(None, given).kafka["bootstrap.servers"]


@every_block
def test_kafka_is_reached_where_it_listens(name: str) -> None:
    address = OURS[name]["environment"]["SIDETAP_KAFKA__BOOTSTRAP_SERVERS"]
    advertised = KAFKA["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    listener = "HOST" if "network_mode" in OURS[name] else "INSIDE"
    assert f"{listener}://{address}" in advertised.split(",")


@every_block
def test_nothing_starts_before_its_topics(name: str) -> None:
    waits = OURS[name]["depends_on"]
    if name in ONE_SHOT:
        assert waits == {"kafka": {"condition": "service_healthy"}}
        assert OURS[name]["restart"] == "no"
    else:
        assert waits == {"topics": {"condition": "service_completed_successfully"}}
        assert OURS[name]["restart"] == "unless-stopped"


def test_the_topics_step_applies_the_table() -> None:
    assert OURS["topics"]["command"] == ["topics", "--apply"]


@pytest.mark.parametrize("name", OURS.keys() - WITHOUT_READY)
def test_workers_are_asked_whether_they_are_ready(name: str) -> None:
    block = OURS[name]
    port = block["environment"]["SIDETAP_WORKER__HTTP_PORT"]
    assert f"http://127.0.0.1:{port}/ready" in block["healthcheck"]["test"][-1]


def test_kafka_takes_the_largest_record() -> None:
    limits = [int(t.settings()["max.message.bytes"]) for t in topics().values()]
    assert int(KAFKA["environment"]["KAFKA_MESSAGE_MAX_BYTES"]) >= max(limits)


def test_kafka_is_what_the_local_one_is() -> None:
    assert KAFKA["image"].startswith("apache/kafka:4.1.")
    local = dict(line.split("=", 1) for line in LOCAL_KAFKA.strip().splitlines())
    same = (
        "auto.create.topics.enable",
        "message.max.bytes",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms",
    )
    for name in same:
        variable = "KAFKA_" + name.replace(".", "_").upper()
        assert str(KAFKA["environment"][variable]) == local[name], name


def test_kafka_is_not_open_to_the_network() -> None:
    assert all(port.startswith("127.0.0.1:") for port in KAFKA["ports"])


def test_every_volume_is_declared_and_used() -> None:
    mounts = [v for block in COMPOSE["services"].values() for v in block.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounts} == COMPOSE["volumes"].keys()


def test_the_events_file_stands_on_its_volume() -> None:
    file = OURS["export-file"]
    target = Path(file["environment"]["SIDETAP_EXPORT__FILE"])
    assert file["volumes"] == [f"events:{target.parent}"]
