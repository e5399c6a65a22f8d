"""What a run with lost packets may say, held to the whole run of the same capture."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from sidetap_native import Exchange

from tests.golden.lines import Made, ledger_sums, reassemble
from tests.loss.stream import End, Segment, packed

# (client, server, request start, response start, HTTP/2 stream)
Pair = tuple[End, End, int, int, int | None]
CUT_EVERY = 50


@dataclass(slots=True)
class Score:
    """Sums over runs; `wrong` names what must not be."""

    runs: int = 0
    paired: int = 0
    provable: int = 0
    kept: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Another run's sums."""
        self.runs += other.runs
        self.paired += other.paired
        self.provable += other.provable
        self.kept += other.kept
        self.wrong += other.wrong


@dataclass(frozen=True, slots=True)
class Whole:
    """The run that lost nothing."""

    segments: Sequence[Segment]
    pairs: Mapping[Pair, Exchange]
    heads: Mapping[Pair, tuple[frozenset[int], ...]]
    complete: Mapping[tuple[object, ...], str]


def end_of(address: str, port: int) -> End:
    """One side, as packets name it."""
    return ip_address(address).packed, port


def pair_of(exchange: Exchange) -> Pair | None:
    """Where request and response begin; None: only one of them is known."""
    if exchange.request_seq is None or exchange.response_seq is None:
        return None
    client = end_of(exchange.client_ip, exchange.client_port)
    server = end_of(exchange.server_ip, exchange.server_port)
    return client, server, exchange.request_seq, exchange.response_seq, exchange.stream


def whole(segments: Sequence[Segment]) -> Whole:
    """Read everything, and find the packets that every pair needs."""
    exchanges = [Exchange(record) for record in reassemble(packed(segments)).exchanges]
    pairs = {pair: each for each in exchanges if (pair := pair_of(each)) is not None}
    sides: dict[tuple[End, End], list[int]] = {}
    for number, segment in enumerate(segments):
        if segment.length:
            sides.setdefault((segment.source, segment.target), []).append(number)
    heads = {pair: _needed(pair, each, segments, sides) for pair, each in pairs.items()}
    return Whole(segments, pairs, heads, _complete(exchanges))


def _needed(
    pair: Pair,
    exchange: Exchange,
    segments: Sequence[Segment],
    sides: Mapping[tuple[End, End], Sequence[int]],
) -> tuple[frozenset[int], ...]:
    """For each byte that must be seen, the packets that have it: the ends of both heads."""
    client, server, asked, answered, _ = pair
    request, response = exchange.request, exchange.response
    if request is None or response is None:
        return ()
    out: list[frozenset[int]] = []
    for way, start, length in (
        ((client, server), asked, request.head_bytes),
        ((server, client), answered, response.head_bytes),
    ):
        numbers = sides.get(way, ())
        touching = [(number, (segments[number].seq - start) % (1 << 32)) for number in numbers]
        marks = {0, *(at for _, at in touching if at < length)}
        for mark in marks:
            out.append(
                frozenset(
                    number
                    for number, at in touching
                    if (mark - at) % (1 << 32) < segments[number].length
                )
            )
    return tuple(out)


def _complete(exchanges: Iterable[Exchange]) -> dict[tuple[object, ...], str]:
    """Ids of exchanges both of whose messages are whole."""
    return {
        (pair, each.at_us): each.id
        for each in exchanges
        if (pair := pair_of(each)) is not None and _is_complete(each)
    }


def _is_complete(exchange: Exchange) -> bool:
    request, response = exchange.request, exchange.response
    return bool(request and request.complete and response and response.complete)


def lose(calm: Whole, loss: float, seed: int) -> Score:
    """Drop packets at random: no pair that was not there, and few that could have been proved."""
    dice = random.Random(seed)
    seen = [dice.random() >= loss for _ in calm.segments]
    made = reassemble(
        packed([one for one, is_seen in zip(calm.segments, seen, strict=True) if is_seen])
    )
    found = {pair_of(Exchange(record)) for record in made.exchanges} - {None}
    score = Score(runs=1, paired=len(calm.pairs))
    score.wrong += [f"pair that is not there: {pair}" for pair in found - calm.pairs.keys()]
    score.wrong += _unbalanced(made)
    for pair, needed in calm.heads.items():
        if all(any(seen[number] for number in byte) for byte in needed):
            score.provable += 1
            score.kept += pair in found
    return score


def _unbalanced(made: Made) -> list[str]:
    layers = ledger_sums(made.ledger).values()
    return [f"residual: {layer}" for layer in layers if layer["residual"] or layer["held"]]


def cut(calm: Whole, every: int = CUT_EVERY) -> Score:
    """Cut the capture in two at every so many packets: what is whole in both runs has one id."""
    score = Score()
    for at in range(every, len(calm.segments), every):
        for half in (calm.segments[:at], calm.segments[at:]):
            made = reassemble(packed(half))
            complete = _complete(Exchange(record) for record in made.exchanges)
            score.runs += 1
            for key, name in complete.items():
                expected = calm.complete.get(key)
                score.paired += expected is not None
                if expected not in (None, name):
                    score.wrong.append(f"cut at {at}: {key} is {name}, was {expected}")
            score.wrong += _unbalanced(made)
    return score
