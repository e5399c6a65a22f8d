"""Where an entry of policy holds: site, host, path prefix and point; empty: everywhere."""

from dataclasses import dataclass

from services.detect.view import ExchangeView


@dataclass(frozen=True, slots=True)
class Scope:
    """The place that an entry names."""

    site: str
    host: str
    path: str
    where: str

    def covers(self, exchange: ExchangeView, path: str) -> bool:
        """Whether it holds the exchange."""
        return (
            self.site in ("", exchange.site)
            and self.host in ("", exchange.host)
            and path.startswith(self.path)
        )
