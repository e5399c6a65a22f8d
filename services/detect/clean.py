"""Header values that said nothing: clients repeat them with every request.

In:     the headers of requests in which no rule spoke.
Out:    what a known header costs of the budgets, instead of its points.
Keeps:  at most `CLEAN_MAX` headers; the oldest gives way.

Skipping is lossless: a rule looks at one value at a time, so a value in which none spoke says
nothing in the next request either. The budgets are charged as if it had been looked at.
"""

# Agents, languages and cookies of some thousand clients; 16 MB if all are as long as they may be.
CLEAN_MAX = 8_192
CLEAN_BYTES_MAX = 2_048

Header = tuple[bytes, bytes]
Cost = tuple[int, int]
"""Points, and bytes of their values."""


class Clean:
    """The headers known to be clean."""

    def __init__(self) -> None:
        self._costs: dict[Header, Cost] = {}

    def cost(self, header: Header) -> Cost | None:
        """What looking at the header would cost; None: it must be looked at."""
        return self._costs.get(header)

    def learn(self, headers: list[tuple[Header, Cost]]) -> None:
        """Take in headers of a request in which nothing was found."""
        for header, cost in headers:
            if len(header[0]) + len(header[1]) <= CLEAN_BYTES_MAX:
                if len(self._costs) >= CLEAN_MAX:
                    del self._costs[next(iter(self._costs))]
                self._costs[header] = cost
