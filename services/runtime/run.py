"""Starting a service's worker: `run(NAME)` is the whole of services/NAME/__main__.py.

It takes the service's own section of the settings, has services/NAME/worker.py make the Service
(`def service(settings: Settings) -> Service`), and works until it is told to stop.
"""

import argparse
import importlib
import json
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException

from services.runtime import settings as deployments
from services.runtime import worker as workers
from services.runtime.clients import Run
from services.runtime.core import Service
from services.runtime.health import Health, serve
from services.runtime.metrics import Metrics
from services.runtime.table import RowError
from services.runtime.transaction import MisfitError, WorkerError
from services.runtime.whole import NotWholeError

log = logging.getLogger("sidetap")
USAGE, UNEXPECTED = 2, 3
"""Exit codes: what the caller must mend; what a new start mends."""
DEFAULT_KAFKA = "127.0.0.1:9092"


def run(name: str, arguments: Sequence[str] | None = None) -> None:
    """Work as one worker of a service. Does not return."""
    given = _parser(name).parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s {name}-{given.slot} %(levelname)s %(message)s"
    )
    try:
        deployment = deployments.load(given.settings)
        service = make_service(name, deployment)
        kafka = kafka_settings(deployment, given.kafka)
        replay = _run(given)
    except (deployments.SettingsError, ValueError, OSError) as error:
        sys.exit(_said(error, USAGE))
    sys.exit(work(service, deployment.of(workers.Settings), kafka, given.slot, replay))


def work(
    service: Service, settings: workers.Settings, kafka: dict[str, str], slot: int, replay: Run
) -> int:
    """Until SIGTERM or SIGINT; the exit code."""
    health = Health(Metrics(service.name, slot))
    try:
        server = serve(health, settings.http_host, settings.http_port)
    except OSError as error:
        return _said(f"port {settings.http_port} for /ready: {error.strerror}", USAGE)
    log.info("http://%s:%d/ready", *server.server_address[:2])
    try:
        worker = workers.Worker(service, settings, kafka, health, slot=slot, run=replay)
    except (KafkaException, TypeError, ValueError) as error:
        return _said(wrong_setting(error, kafka), USAGE)

    def stop(*_: object) -> None:
        worker.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        worker.work()
    except (MisfitError, RowError) as error:
        return _said(error, USAGE)
    except (WorkerError, NotWholeError) as error:
        return _said(error, UNEXPECTED)
    except KafkaException as error:
        return _said(error.args[0].str(), UNEXPECTED)
    return 0


def make_service(name: str, deployment: deployments.Deployment) -> Service:
    """The Service of a folder under services/, with its own settings."""
    shape: Any = importlib.import_module(f"services.{name}.settings").Settings
    made = importlib.import_module(f"services.{name}.worker").service(deployment.of(shape))
    assert isinstance(made, Service), f"services.{name}.worker.service gave no Service"
    return made


def kafka_settings(deployment: deployments.Deployment, given: str | None) -> dict[str, str]:
    """Client settings; an address on the command line wins."""
    kafka = {"bootstrap.servers": DEFAULT_KAFKA, **deployment.kafka}
    return {**kafka, "bootstrap.servers": given} if given else kafka


def wrong_setting(error: Exception, kafka: Mapping[str, str]) -> str:
    """Which setting a client refused, never its value: it may be a password.

    librdkafka names some by another name, or none where two do not fit: then any may be meant.
    """
    said = str(error)
    named = [name for name in kafka if name in said] or list(kafka)
    return f"[kafka] has a value or a name that no client takes: {' or '.join(sorted(named))}"


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{name}", description=f"One worker of sidetap's {name}."
    )
    add = parser.add_argument
    add("--settings", type=Path, metavar="FILE", help="TOML file of the deployment")
    add("--kafka", metavar="HOST:PORT", help=f"the cluster; default {DEFAULT_KAFKA}")
    add("--slot", type=int, default=0, metavar="N", help="number among its siblings, from 0")
    add("--run", default="", metavar="NAME", help="a replay's name: own outputs, own state")
    add("--reads", default="", metavar="TOPIC,…", help="in a replay: deployment topics to read")
    add("--until", type=Path, metavar="FILE", help='in a replay: {"TOPIC/PARTITION": offset}')
    return parser


def _run(given: argparse.Namespace) -> Run:
    """Raises ValueError on a name that cannot be one, OSError where a file is missing."""
    if given.run and not given.run.replace("-", "").replace("_", "").isalnum():
        raise ValueError("a run's name has letters, digits, - and _ only")
    if (given.reads or given.until) and not given.run:
        raise ValueError("--reads and --until belong to a --run")
    ends: dict[tuple[str, int], int] = {}
    if given.until:
        for place, offset in json.loads(given.until.read_text()).items():
            topic, _, partition = place.rpartition("/")
            ends[topic, int(partition)] = int(offset)
    return Run(given.run, frozenset(filter(None, given.reads.split(","))), ends)


def _said(error: object, code: int) -> int:
    log.error("%s", error)
    return code
