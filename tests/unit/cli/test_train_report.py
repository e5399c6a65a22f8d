"""The report of a training: every rate with its counts, and the trade-off of sources never seen."""

from services.cli.train_report import as_markdown, share
from services.detect.training.rates import Rates


def rates(attacks: int, found: int, benign: int, flagged: int) -> Rates:
    curve = ((0.2, 1.0, 0.5), (0.5, 0.75, 0.25))
    return Rates(
        attacks=attacks, found=found, named=found, benign=benign, flagged=flagged, curve=curve
    )


def test_a_share_has_its_counts() -> None:
    assert share(3, 4) == "75.00% (3/4)"
    assert share(0, 0) == "–"


def test_attacks_and_benign_requests_have_each_their_trade_off() -> None:
    text = as_markdown(
        [
            ("held back, new model", rates(4, 3, 4, 1)),
            ("lists, never seen", rates(4, 3, 0, 0)),
            ("shop, never seen", rates(0, 0, 4, 1)),
        ]
    )
    assert "| lists, never seen | 75.00% (3/4) | 100.00% (3/3) | – |" in text
    found, flagged = text.split("\n\n")[1:]
    assert found.splitlines()[0] == "| attacks found from score | lists |"
    assert found.splitlines()[3] == "| 0.50 | 75.00% |"
    assert flagged.splitlines()[0] == "| benign flagged from score | shop |"
    assert flagged.splitlines()[3] == "| 0.50 | 25.00% |"
