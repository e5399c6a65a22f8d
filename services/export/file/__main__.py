"""`python -m services.export.file`: the JSON lines file that `[export] file` names."""

import argparse
import logging
import signal
import sys
from pathlib import Path

from confluent_kafka import KafkaException

from services.export.file.worker import GROUP, BusyError, Follower, LineFile, alone
from services.export.rotation import Rotation
from services.export.settings import Settings
from services.runtime import settings as deployments
from services.runtime.health import Health, serve
from services.runtime.metrics import Metrics
from services.runtime.run import DEFAULT_KAFKA, UNEXPECTED, USAGE, kafka_settings, wrong_setting
from services.runtime.worker import Settings as WorkerSettings

log = logging.getLogger("sidetap")


def main() -> int:
    """Follow the topic until SIGTERM or SIGINT; the exit code."""
    given = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {GROUP} %(levelname)s %(message)s")
    try:
        deployment = deployments.load(given.settings)
        file = _line_file(deployment.of(Settings))
        health = Health(Metrics(GROUP, 0))
        settings = deployment.of(WorkerSettings)
        server = serve(health, settings.http_host, settings.http_port)
    except BusyError as error:
        return _said(error, UNEXPECTED)
    except (ValueError, OSError) as error:
        return _said(error, USAGE)
    log.info("http://%s:%d/ready", *server.server_address[:2])
    try:
        follower = Follower(file, kafka_settings(deployment, given.kafka), health)
    except KafkaException as error:
        return _said(wrong_setting(error, deployment.kafka), USAGE)

    def stop(*_: object) -> None:
        follower.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        follower.work()
    except KafkaException as error:
        return _said(error.args[0].str(), UNEXPECTED)
    except OSError as error:
        return _said(error, UNEXPECTED)
    return 0


def _line_file(settings: Settings) -> LineFile:
    if settings.file is None:
        raise ValueError("[export] file names no file to write")
    alone(settings.file)
    return LineFile(Rotation(settings.file, settings.file_bytes_max, settings.files_max))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.export.file", description="siem.ocsf as a rotated file."
    )
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file of the deployment")
    parser.add_argument(
        "--kafka", metavar="HOST:PORT", help=f"the cluster; default {DEFAULT_KAFKA}"
    )
    return parser


def _said(error: object, code: int) -> int:
    log.error("%s", error)
    return code


if __name__ == "__main__":
    sys.exit(main())
