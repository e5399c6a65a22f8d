"""`python -m services.discovery.store`: the inventory in the database of `[discovery] store`."""

import argparse
import logging
import signal
import sys
from pathlib import Path

from alembic.util import CommandError
from confluent_kafka import KafkaException
from sqlalchemy.exc import SQLAlchemyError

from services.discovery.settings import Settings
from services.discovery.store.database import migrated, opened
from services.discovery.store.projection import BusyError, Projection
from services.discovery.store.worker import GROUP, Projector, following
from services.runtime import settings as deployments
from services.runtime.health import Health, serve
from services.runtime.metrics import Metrics
from services.runtime.run import DEFAULT_KAFKA, UNEXPECTED, USAGE, kafka_settings, wrong_setting
from services.runtime.worker import Settings as WorkerSettings

SAID_CHARACTERS_MAX = 300

log = logging.getLogger("sidetap")


def main() -> int:
    """Follow the topic until SIGTERM or SIGINT; the exit code."""
    given = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {GROUP} %(levelname)s %(message)s")
    try:
        deployment = deployments.load(given.settings)
        settings = deployment.of(Settings)
        if settings.store is None:
            raise ValueError("[discovery] store names no database to fill")
        engine = opened(settings.store)
        health = Health(Metrics(GROUP, 0))
        http = deployment.of(WorkerSettings)
        server = serve(health, http.http_host, http.http_port)
    except (ValueError, OSError) as error:
        return _said(error, USAGE)
    log.info("http://%s:%d/ready", *server.server_address[:2])
    try:
        consumer = following(kafka_settings(deployment, given.kafka))
    except KafkaException as error:
        return _said(wrong_setting(error, deployment.kafka), USAGE)
    try:
        migrated(engine)
        projector = Projector(Projection(engine, settings), consumer, health)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(projector, "stopping", True))
        projector.work()
    except KafkaException as error:
        return _said(error.args[0].str(), UNEXPECTED)
    except SQLAlchemyError as error:
        return _said(_why(error), UNEXPECTED)
    except (BusyError, CommandError) as error:
        return _said(error, UNEXPECTED)
    return 0


def _why(error: SQLAlchemyError) -> str:
    """What the database said, without the rows: SQLAlchemy's own text repeats them."""
    cause = getattr(error, "orig", None) or error
    first = cause.args[0] if cause.args else ""
    # PostgreSQL's answer is a table of letters: M is its message, D its detail with the row.
    said = first.get("M", "") if isinstance(first, dict) else str(first)
    return f"the inventory's database: {type(cause).__name__}: {said[:SAID_CHARACTERS_MAX]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.discovery.store", description="The inventory in a database."
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
