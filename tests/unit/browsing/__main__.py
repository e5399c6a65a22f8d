"""Precision and recall of each behaviour over its scenes: `python -m tests.unit.browsing`.

One line a behaviour; a line for each scene that came out wrong; exit 1 if there is one.
"""

import sys

from tests.unit.browsing.scenes import Behaviour
from tests.unit.browsing.table import TABLE


def _wrong(behaviour: Behaviour) -> list[str]:
    missed = [one.__name__ for one in behaviour.expected if not behaviour.found(one)]
    flagged = [one.__name__ for one in behaviour.look_alikes if behaviour.flagged(one)]
    return [f"  missed: {name}" for name in missed] + [f"  flagged: {name}" for name in flagged]


def main() -> int:
    """Print the table."""
    print(f"{'behaviour':24}{'attacks':>8}{'look-alikes':>13}{'precision':>11}{'recall':>8}")
    wrong = []
    for behaviour in TABLE:
        score = behaviour.score()
        print(
            f"{behaviour.name:24}{score.attacks:8}{score.look_alikes:13}"
            f"{score.precision:11.2f}{score.recall:8.2f}", flush=True,
        )  # fmt: skip
        wrong += _wrong(behaviour)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
