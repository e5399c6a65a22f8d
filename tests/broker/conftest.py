"""A toy service on the session's broker."""

from collections.abc import Iterator
from itertools import count

import pytest

from services.runtime.kafka_local import LocalKafka
from tests.broker.toy_world import ToyWorld

NUMBERS = count()


@pytest.fixture
def world(kafka: LocalKafka) -> Iterator[ToyWorld]:
    """A world of its own for each test; its workers end with it."""
    number = next(NUMBERS)
    made = ToyWorld(kafka.bootstrap, f"toy{number}", seed=number)
    yield made
    made.stop()
