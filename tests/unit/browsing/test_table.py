"""The table of docs/behaviours.md is what comes out."""

import pytest

from tests.unit.browsing.scenes import Behaviour, documented
from tests.unit.browsing.table import TABLE

ATTACKS_MIN, LOOK_ALIKES_MIN = 5, 10


@pytest.mark.parametrize("behaviour", TABLE, ids=lambda one: one.name)
def test_the_table_is_true(behaviour: Behaviour) -> None:
    assert behaviour.score() == documented(behaviour.name)
    assert len(behaviour.expected) >= ATTACKS_MIN
    assert len(behaviour.look_alikes) >= LOOK_ALIKES_MIN
