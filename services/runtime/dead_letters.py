"""Records that nobody could read: kept whole on a topic of their own, with place and reason."""

from schemas.codec import encode
from schemas.types import DeadLetter
from services.runtime.core import Output, Rejected

TOPIC = "dead-letters"


def dead_letter(service: str, rejected: Rejected) -> Output:
    """The record that keeps an unreadable one."""
    event = rejected.event
    letter = DeadLetter(
        service=service,
        topic=event.topic,
        partition=event.partition,
        offset=event.offset,
        reason=rejected.reason,
        key=event.key,
        value=event.value,
    )
    return Output(TOPIC, None, encode(letter))
