"""GraphQL servers that tell their whole schema."""

import re
from collections.abc import Iterator

from services.detect.detectors import BY_CLASS
from services.detect.responses.answer import Answer
from services.detect.responses.rules import Proof
from services.detect.scoring import Verdict

SCHEMA = re.compile(rb'\A\s*\{\s*"data"\s*:\s*\{\s*"__schema"\s*:\s*\{\s*"')


def check(answer: Answer, verdict: Verdict) -> Iterator[Proof]:
    """The schema, after it was asked for."""
    if "graphql" in verdict.scores and answer.kind == "json" and SCHEMA.match(answer.body[:200]):
        yield Proof(
            weakness=BY_CLASS["graphql"],
            rule="graphql.told",
            says="its whole schema",
            weight=0.9,
            where="response.body",
            value=answer.body[:120],
            attack="graphql",
        )
