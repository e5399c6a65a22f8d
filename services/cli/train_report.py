"""What `sidetap train` found out, as Markdown: rates by source, and the whole trade-off."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.detect.training.rates import Rates

# Behind a source's name: scored by a model that saw neither it nor its kin.
UNSEEN = ", never seen"


def as_markdown(lines: "Sequence[tuple[str, Rates]]") -> str:
    """Tables of all rates; then, for sources never seen, what each score would find and flag."""
    rows = [
        (what, share(one.found, one.attacks), share(one.named, one.found),
         share(one.flagged, one.benign))
        for what, one in lines
    ]  # fmt: skip
    unseen = [(what.removesuffix(UNSEEN), one) for what, one in lines if what.endswith(UNSEEN)]
    parts = [_table(("what", "attacks found", "right class", "benign flagged"), rows)]
    attacked = [(what, one) for what, one in unseen if one.attacks]
    visited = [(what, one) for what, one in unseen if one.benign]
    if attacked:
        head = ("attacks found from score", *(what for what, _ in attacked))
        parts.append(_table(head, _curve([one for _, one in attacked], 1)))
    if visited:
        head = ("benign flagged from score", *(what for what, _ in visited))
        parts.append(_table(head, _curve([one for _, one in visited], 2)))
    return "\n".join(parts)


def share(part: int, whole: int) -> str:
    """A share with its counts."""
    return f"{part / whole:.2%} ({part}/{whole})" if whole else "–"


def _curve(rates: "Sequence[Rates]", column: int) -> Iterator[tuple[str, ...]]:
    for points in zip(*(one.curve for one in rates), strict=True):
        yield (f"{points[0][0]:.2f}", *(f"{point[column]:.2%}" for point in points))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
