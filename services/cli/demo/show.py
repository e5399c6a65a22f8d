"""The demo from the first line to the last: what happens, what was found, what to type next."""

import time
from collections.abc import Callable

from services.cli.board import print_to_stderr
from services.cli.demo.stage import Stage, stage
from services.cli.deployed import Deployed

# The last packets of the story become findings within two seconds; a slow machine takes longer.
SETTLE_S = 8.0
# Without attacks being found after so long, the table is shown all the same.
STORY_S_MAX = 150.0
NEXT = """
What to type next, in another terminal:
  sidetap findings --follow                 what is found, as it is found
  sidetap show {id}                 one finding whole, with its requests
  sidetap endpoints --export openapi        the inventory as OpenAPI 3.1
  sidetap status                            lag, rates and the ledger
  sidetap up --interface eth0               the same for real (as root)
Light traffic goes on. Ctrl-C stops all of it and keeps nothing.
"""


def play(deployed: Deployed, stopping: Callable[[], bool], seconds: float | None) -> None:
    """The whole demo, until told to stop or for so many seconds."""
    began_s = time.monotonic()
    end_s = began_s + seconds if seconds else float("inf")
    scene, sentence = stage()
    deployed.tell(f"the demo: {sentence}")
    try:
        scene.begin()
        deployed.capture(scene.interfaces(), [])
        if scene.interfaces():
            deployed.tell(f"capturing from {', '.join(scene.interfaces())}")
        scene.play()
        with deployed.live():
            _watch(deployed, scene, lambda: stopping() or time.monotonic() >= end_s)
        if stopping():
            return
        _conclude(deployed, time.monotonic() - began_s)
        with deployed.live():
            while not stopping() and time.monotonic() < end_s:
                _step(deployed, scene)
    finally:
        scene.end()


def _watch(deployed: Deployed, scene: Stage, over: Callable[[], bool]) -> None:
    """Until the story is told and its findings are there."""
    told_s: float | None = None
    limit_s = time.monotonic() + STORY_S_MAX
    while not over() and time.monotonic() < limit_s:
        _step(deployed, scene)
        if scene.over and told_s is None:
            told_s = time.monotonic()
        if told_s is not None and time.monotonic() - told_s > SETTLE_S:
            return


def _step(deployed: Deployed, scene: Stage) -> None:
    for line in scene.look():
        deployed.tell(f"demo: {line}")
    for path in scene.files():
        deployed.capture([], [str(path)])
    deployed.look()


def _conclude(deployed: Deployed, after_s: float) -> None:
    board = deployed.board
    print_to_stderr(board.classes(), board.latest(), board.operations(), board.ledger())
    findings = board.findings.all()
    operations = sum(endpoint.admitted for endpoint in board.endpoints)
    deployed.tell(
        f"{len(findings)} findings and {operations} API operations, {after_s:.0f} s after the "
        "first packet"
    )
    deployed.tell(NEXT.format(id=findings[-1].id[:12] if findings else "ID"))
