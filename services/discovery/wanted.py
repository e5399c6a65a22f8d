"""Which operations of the inventory somebody asks for."""

from dataclasses import dataclass

from schemas.types import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which operations; what is not said does not matter."""

    host: str | None = None
    method: str | None = None
    sensitive: str | None = None
    """A kind of sensitive data."""
    unauthenticated: bool = False
    """Only those that some requests used without saying who asks."""
    risk_min: int | None = None

    def fits(self, endpoint: Endpoint) -> bool:
        """Whether it is one of them."""
        risk = endpoint.risk.score if endpoint.risk else None
        return (
            (self.host is None or endpoint.host == self.host)
            and (self.method is None or endpoint.method == self.method)
            and (self.sensitive is None or self.sensitive in endpoint.sensitive)
            and (not self.unauthenticated or unauthenticated(endpoint) > 0)
            and (self.risk_min is None or (risk is not None and risk >= self.risk_min))
        )


def unauthenticated(endpoint: Endpoint) -> float:
    """The share of its requests that did not say who asks."""
    return next((use.coverage for use in endpoint.auth if use.kind == "none"), 0.0)
