"""Every behaviour with its scenes: the table of docs/behaviours.md."""

from tests.unit.browsing import (
    door_scenes,
    test_crowd,
    test_floods,
    test_objects,
    test_payloads,
    test_soft_missing,
)
from tests.unit.browsing.scenes import Behaviour, Scene, told


def _all(attacks: list[Scene], class_: str) -> dict[Scene, str]:
    return dict.fromkeys(attacks, class_)


def _door(name: str, class_: str) -> Behaviour:
    expected = {scene: named for scene, named in door_scenes.RULES.items() if named == class_}
    return Behaviour(name, expected, door_scenes.LOOK_ALIKES, told)


TABLE = (
    Behaviour(
        "forced browsing", _all(test_soft_missing.ATTACKS, "forced_browsing"),
        test_soft_missing.LOOK_ALIKES, told,
    ),
    _door("brute force", "brute_force"),
    _door("credential stuffing", "credential_stuffing"),
    _door("password spraying", "password_spraying"),
    _door("user-name enumeration", "user_enumeration"),
    Behaviour(
        "object enumeration", _all(test_objects.ATTACKS, "object_enumeration"),
        test_objects.LOOK_ALIKES, told,
    ),
    Behaviour(
        "floods by cost", _all(test_floods.ATTACKS, "request_flood"), test_floods.LOOK_ALIKES, told
    ),
    Behaviour(
        "payload diversity", _all(test_payloads.ATTACKS, "payload_diversity"),
        test_payloads.LOOK_ALIKES, test_payloads.told,
    ),
    Behaviour(
        "many clients as one", test_crowd.ATTACKS, test_crowd.LOOK_ALIKES, test_crowd.told,
        crowd=True,
    ),
)  # fmt: skip
