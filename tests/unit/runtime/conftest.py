"""Every core of every service with what reaches it."""

import pytest

from services.runtime.core import Event
from tests.unit.runtime.contract import Case
from tests.unit.runtime.recorded import cores, made, record_all


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Event]]:
    """Every record of every topic when all services run on the traffic."""
    return record_all(tmp_path_factory.mktemp("capture"))


@pytest.fixture(params=list(cores()), ids="/".join)
def case(request: pytest.FixtureRequest, recorded: dict[str, list[Event]]) -> Case:
    """How to make a core, what reaches it, and from where."""
    name, topic = request.param
    return lambda: made(name).inputs[topic](0), recorded[topic], topic
