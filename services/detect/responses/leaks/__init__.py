"""What the body of an answer gives away, one kind a file."""

from services.detect.responses.leaks import (
    debug_pages,
    errors,
    exposed_files,
    files,
    listings,
    output,
    secrets,
    traces,
    web_shells,
)
from services.detect.responses.rules import BodyRule
from services.detect.rules import Detector

LEAKS: tuple[Detector, ...] = tuple(
    module.LEAK
    for module in (
        secrets, errors, traces, debug_pages, exposed_files, listings, web_shells, files, output,
    )
)  # fmt: skip
BODY_RULES: tuple[BodyRule, ...] = tuple(
    rule for leak in LEAKS for rule in leak.rules if isinstance(rule, BodyRule)
)
BY_LEAK = {leak.class_: leak for leak in LEAKS}
