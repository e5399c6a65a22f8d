"""ModSecurity with the OWASP Core Rule Set over the same requests, in this process.

In:     exchanges; the rules' folder, as released or as Debian's `modsecurity-crs` installs it.
Out:    CPU seconds of judging every request.
Keeps:  the engine and its rules.

The engine is the wheel `libmodsecurity`. Requests alone are judged, at the paranoia level of the
rules' own setup; nothing is logged, and reading the request is not counted: the peer does what it
cannot do without, no more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sidetap_native import Exchange

from services.cli.measure.stages import timed
from services.cli.output import say

if TYPE_CHECKING:
    from libmodsecurity import ModSecurity, RulesSet

DEBIAN = Path("/usr/share/modsecurity-crs")
SETUPS = ("crs-setup.conf", "crs-setup.conf.example")
# Detection only, as beside a mirror; bodies are read, parsers and limits as the engine recommends.
CONFIGURATION = """
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecAuditEngine Off
SecPcreMatchLimit 1000
SecPcreMatchLimitRecursion 1000
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRule REQUEST_HEADERS:Content-Type "^(?:application(?:/soap\\+|/)|text/)xml" \
  "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "^application/json" \
  "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
"""
# "Inbound Anomaly Score Exceeded".
OVER_THRESHOLD = 949_110
# A rule about countries needs a database that nobody here has.
WITHOUT = {"REQUEST-910-IP-REPUTATION.conf"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the engine takes it."""

    client: str
    server: str
    method: str
    target: str
    version: str
    headers: Sequence[tuple[str, str]]
    body: bytes


def asked(exchanges: Iterable[Exchange]) -> list[Asked]:
    """The request of each exchange that has one."""
    return [_asked(one) for one in exchanges if one.request is not None]


def _asked(exchange: Exchange) -> Asked:
    request = exchange.request
    assert request is not None
    return Asked(
        client=exchange.client_ip,
        server=exchange.server_ip,
        method=request.method.decode("latin-1"),
        target=request.target.decode("latin-1"),
        version=request.version,
        headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers],
        body=request.body.kept,
    )


def rules(folder: Path | None) -> list[Path]:
    """The setup and every file of rules, in their order; none: a sentence says what is missing."""
    try:
        import libmodsecurity  # noqa: F401
    except ImportError:
        say("libmodsecurity is not installed: no peer (pip install libmodsecurity)")
        return []
    home = folder or DEBIAN
    places = (Path("/etc/modsecurity/crs"), home) if folder is None else (home,)
    setup = next((p for place in places for n in SETUPS if (p := place / n).is_file()), None)
    found = sorted((home / "rules").glob("*.conf"))
    if setup is None or not found:
        say(f"no OWASP rules in {home}: no peer (apt install modsecurity-crs, or --crs DIR)")
        return []
    return [setup, *(path for path in found if path.name not in WITHOUT)]


class Engine:
    """ModSecurity with these files read, ready to judge. Raises ValueError where it cannot."""

    def __init__(self, files: Sequence[Path]) -> None:
        import libmodsecurity

        self.name = f"modsecurity {libmodsecurity.__version__}, OWASP CRS {_release(files[0])}"
        self._engine: ModSecurity = libmodsecurity.ModSecurity()
        # Without it every match is a line on stderr.
        self._engine.set_rule_message_callback(_unheard)
        self._rules: RulesSet = libmodsecurity.RulesSet()
        self._must(self._rules.load(CONFIGURATION))
        for path in files:
            self._must(self._rules.load_from_uri(str(path)))

    def _must(self, loaded: int) -> None:
        if loaded < 0:
            raise ValueError(self._rules.get_parser_error())

    def cpu_s(self, requests: Sequence[Asked]) -> float:
        """CPU seconds for all of them."""
        return timed(lambda: [self.flagged(request) for request in requests])

    def flagged(self, request: Asked) -> bool:
        """Whether the request's anomaly score reached the rules' threshold."""
        from libmodsecurity import Transaction

        under = Transaction(self._engine, self._rules)
        under.process_connection(request.client, 1, request.server, 80)
        under.process_uri(request.target, request.method, request.version)
        for name, value in request.headers:
            under.add_request_header(name, value)
        under.process_request_headers()
        if request.body:
            under.append_request_body(request.body)
        under.process_request_body()
        return any(rule.rule_id == OVER_THRESHOLD for rule in under.get_rule_messages())


def _release(setup: Path) -> str:
    """As the rules' setup states it: "OWASP ModSecurity Core Rule Set ver.3.3.4"."""
    _, found, rest = setup.read_text(errors="replace").partition("ver.")
    return rest.split()[0] if found else "of unknown release"


def _unheard(_: Any) -> None:
    """Matches are read from the transaction."""
