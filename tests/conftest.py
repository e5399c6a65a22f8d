"""What every kind of test may use: one real Kafka for the session, started when first asked for."""

from collections.abc import Iterator

import pytest

from services.runtime.kafka_local import LocalKafka


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """One node, shared: topics, groups and runs have names of their own in each test."""
    local = LocalKafka()
    local.start()
    yield local
    local.stop()
