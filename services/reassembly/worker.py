"""The reassembly service as the worker runs it."""

from sidetap_native import Reassembler

from services.reassembly.core import ReassemblyCore
from services.reassembly.exchanges import Exchanges
from services.reassembly.settings import Settings
from services.runtime.core import Core, Service


def service(settings: Settings) -> Service:
    """`packets` and `keys` in, `exchanges`, `encrypted` and `ledger` out.

    Raises ValueError on an unknown limit.
    """
    Reassembler("", limits=settings.limits)  # Before the first partition is assigned, not then.
    rules = Exchanges(settings)

    def core(partition: int) -> Core:
        source = f"packets/{partition}"
        return ReassemblyCore(source, rules, settings.limits, tls_keys=settings.tls_keys)

    return Service(
        name="reassembly",
        inputs={"packets": core},
        state="state.reassembly",
        broadcasts=("keys",),
    )
