"""The packet path: packets → blocks → exchanges. Bytes in, lists of finished records out.

Calls release the GIL unless they say otherwise. Nothing here panics on input; what cannot be read
is a ValueError with one sentence, or a value with a name.
"""

from collections.abc import Mapping, Sequence

def sql_fingerprint(value: bytes) -> str | None:
    """libinjection's fingerprint, one letter a token, of what it reads as an SQL injection.

    None for everything else. It and `reads_as_xss` hold the GIL: ask about short values only.
    """

def reads_as_xss(value: bytes) -> bool:
    """Whether libinjection reads the value as HTML that runs a script, in one of five places."""

class Points:
    """The points of one request, see services/detect/points.py."""

    def __len__(self) -> int: ...
    @property
    def overlimit(self) -> list[str]:
        """Budgets that were hit, sorted."""
    @property
    def spent(self) -> tuple[int, int]:
        """Points and bytes of their values, those of headers known to be clean too."""
    def joined(self) -> bytes:
        """All values, each with a line feed behind it."""
    def found(self) -> list[tuple[str, bytes, bytes, bytes, tuple[str, ...]]]:
        """(place, name, raw, value, names of the decoders applied) of each."""
    def break_outs(self) -> list[tuple[int, str]]:
        """(number of the point, fingerprint) of those outside headers and documents that
        libinjection reads as SQL that goes on after a literal or a number."""

class PointCutter:
    """Cuts requests into points; remembers headers that said nothing. Holds the GIL."""

    def __init__(self) -> None: ...
    def request(self, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Points:
        """`body` is without its content coding."""
    def messages(self, payloads: Sequence[bytes]) -> Points:
        """Of a WebSocket's client, not compressed."""
    def learn(self, points: Points) -> None:
        """Headers of this request said nothing: the next time they cost the same, unseen."""

class GrpcMessage:
    """A message of a gRPC body, without its prefix and coding."""

    @property
    def payload(self) -> bytes: ...
    @property
    def is_trailers(self) -> bool:
        """gRPC-Web's last frame: header lines, with grpc-status, instead of a message."""
    @property
    def compressed(self) -> bool:
        """The payload is as sent: its coding is not known, damaged or too large."""
    @property
    def complete(self) -> bool: ...

def grpc_messages(
    body: bytes, content_type: bytes, encoding: bytes | None = None
) -> list[GrpcMessage]:
    """The messages of a body without its content coding, up to the limits of native/src/grpc.rs.

    `encoding` is the value of grpc-encoding. Nothing for another content type than gRPC, gRPC-Web
    and gRPC-Web in base64. Of a body with holes give the bytes in front of the first.
    """

def protobuf_fields(message: bytes) -> list[tuple[list[int], int | bytes]] | None:
    """(field numbers from the outermost message on, value) of a protobuf message.

    None: it is no protobuf. Values are what stands on the wire: numbers not zig-zagged, texts as
    bytes. A text that also reads as a message is there as both.
    """

def json_outline(data: bytes, *, texts: bool = False) -> str | None:
    """The structure of a JSON document as JSON (services/discovery/shape.py): names, kinds and
    formats, never a value. The same structure gives the same text. None: it is no JSON, or nests
    deeper than 128 levels. With `texts`, strings may mean numbers or booleans, as in XML. It and
    `text_outline` hold the GIL.
    """

def text_outline(text: str) -> str:
    """The same of one text that may mean a number or a boolean: a parameter or a form field."""

class CaptureFile:
    """A pcap or pcapng file, plain, gzip or zstd; "-" is standard input.

    Raises OSError when it cannot be opened and ValueError when it is no capture. A file that is
    cut in the middle is read to the cut: then `damage` says where and why.
    """

    def __init__(self, path: str, *, bpf: Sequence[tuple[int, int, int, int]] = ()) -> None: ...
    @property
    def done(self) -> bool: ...
    @property
    def damage(self) -> str | None: ...
    @property
    def link_type(self) -> int:
        """Number of the first interface's link type (LINKTYPE_…), for compiling a filter."""
    def take_secrets(self) -> bytes:
        """Lines of TLS key logs in pcapng's Decryption Secrets Blocks so far, since the last call.
        They are secret."""

class Interface:
    """An AF_PACKET TPACKET_V3 ring on a network interface, all protocols, promiscuous.

    Raises OSError (PermissionError without CAP_NET_RAW). `bpf` is a classic BPF program that the
    kernel runs; it sees frames without their outer VLAN tag, which is put back afterwards.
    Packets wait at most `timeout_ms` in `Packer.read`. There are at least two `blocks`; the
    sockets of a `fanout_group` share the traffic by flow.
    """

    def __init__(
        self,
        name: str,
        *,
        bpf: Sequence[tuple[int, int, int, int]] = (),
        block_bytes: int = 1_048_576,
        blocks: int = 64,
        fanout_group: int | None = None,
        timeout_ms: int = 20,
    ) -> None: ...
    def kernel_counts(self) -> tuple[int, int]:
        """Packets received and dropped by the kernel since the last call."""

class Listener:
    """A UDP port to which mirrors send packets in "vxlan" or "geneve".

    Takes over the descriptor of a bound UDP socket (`socket.detach()`). Other networks than
    `vnis`, where any are given, are counted as `filter`. Raises OSError.
    """

    def __init__(
        self, descriptor: int, tunnel: str, *, vnis: Sequence[int] = (), timeout_ms: int = 20
    ) -> None: ...
    def kernel_counts(self) -> tuple[int, int]:
        """Datagrams received and dropped by the kernel since the last call.

        What was dropped is known with the next datagram that is not.
        """

class Block:
    """One PacketBlock record, ready for the topic."""

    @property
    def partition(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def clock_us(self) -> int:
        """The agent's packet clock when the block was closed, as in the record."""
    @property
    def record(self) -> bytes: ...

class Packer:
    """Packets to blocks: tunnels stripped, fragments joined, partition by symmetric flow hash.

    Blocks of a file depend on its content and on these settings only. A block is closed at
    `block_bytes`, or when the packet clock passes its first packet by `linger_us`; a partition
    without a block for one second of the clock gets a heartbeat.
    `subnets` are (name, "include" or "exclude", CIDR); the first match decides, each is counted;
    what none matches meets the opposite of what the last rule does.
    A time more than an hour ahead of the packet clock moves it only if most of the next packets
    are there too; else the ledger counts the packet in `parts` as `time_not_believed`. The first
    packets of a capture wait for each other for that, at most until `tick` or `end`.
    """

    def __init__(
        self,
        *,
        site: str,
        agent: str,
        epoch: str,
        partitions: int,
        block_bytes: int = 262_144,
        linger_us: int = 20_000,
        subnets: Sequence[tuple[str, str, str]] = (),
        vlan_in_flow: bool = False,
    ) -> None: ...
    def read(self, source: CaptureFile | Interface | Listener, packets: int) -> list[Block]:
        """Read up to so many packets; what closed. An empty list does not mean the end."""
    def tick(self, now_us: int) -> list[Block]:
        """Advance the packet clock of a live capture: closes lingering blocks, heartbeats."""
    def end(self) -> list[Block]:
        """Close everything, then an end block for each partition."""
    def ledger(self) -> list[bytes]:
        """LedgerEntry records (capture, packing) since the last call."""

def key_log_line(line: str) -> tuple[bytes, str, bytes] | None:
    """(client random, label, secret) of a line of an NSS key log; None: a comment, or none."""

class Batch:
    """What a Reassembler has done since the last `take`."""

    @property
    def outputs(self) -> list[tuple[bytes | None, bytes]]:
        """(key, record) in order: Exchange by "site/client"; a Watermark has no key and belongs
        on every partition of the exchanges topic."""
    @property
    def encrypted(self) -> list[tuple[bytes, bytes]]:
        """(key, record) of EncryptedFlow by "site/server": flows whose content stays closed."""
    @property
    def rows(self) -> list[tuple[bytes, bytes | None]]:
        """State rows that changed; None: a tombstone."""
    @property
    def ledger(self) -> list[bytes]:
        """LedgerEntry records (reassembly, exchanges)."""
    @property
    def counts(self) -> dict[str, int]:
        """Events by name: limits hit, repeats dropped, flows opened …"""

class Reassembler:
    """Blocks of one `packets` partition to exchanges, with the state of all its flows.

    Results depend on the blocks and their order only, never on where `take` falls. `source` is
    its name in watermarks ("packets/3"). `limits` overrides the named limits of limits.rs;
    an unknown name is a ValueError with the nearest right one.
    """

    def __init__(self, source: str, *, limits: Mapping[str, int] = ...) -> None: ...
    def restore(self, rows: Sequence[tuple[bytes, bytes]]) -> None: ...
    def feed(self, records: Sequence[bytes]) -> list[tuple[int, str]]:
        """Work through PacketBlock records; (index, reason) of those that cannot be read."""
    def learn(self, client_random: bytes, label: str, secret: bytes) -> bool:
        """A secret of a TLS session, as a line of an NSS key log; False: none that opens records.
        Secrets are not part of the state: who takes over is told them again."""
    def expect_keys(self) -> None:
        """From now on encrypted bytes wait for a key (limits `key_wait_us`,
        `out_of_order_bytes_max`)."""
    def take(self) -> Batch: ...

class Body:
    """A message body; decoding happens on demand, with the limits of native/src/limits.rs."""

    @property
    def wire_bytes(self) -> int: ...
    @property
    def missing_bytes(self) -> int: ...
    @property
    def encoding(self) -> str | None: ...
    @property
    def complete(self) -> bool: ...
    @property
    def truncated(self) -> bool: ...
    @property
    def gaps(self) -> list[tuple[int, int]]: ...
    @property
    def kept(self) -> bytes: ...
    def decoded(self, bytes_max: int = ...) -> bytes:
        """The kept bytes without their content coding; as sent where that fails.

        At most `bytes_max`: of what is longer the rest is not undone.
        """
    @property
    def decoding(self) -> str:
        """ "none" (nothing to do), "whole", "partial" (damaged, cut or a limit) or "failed"."""
    def sha256(self) -> str | None:
        """Hex digest of the decoded body; None when it is empty, cut or has holes."""

class Request:
    @property
    def method(self) -> bytes: ...
    @property
    def target(self) -> bytes: ...
    @property
    def version(self) -> str: ...
    @property
    def headers(self) -> list[tuple[bytes, bytes]]: ...
    @property
    def trailers(self) -> list[tuple[bytes, bytes]]: ...
    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, any case."""
    @property
    def body(self) -> Body: ...
    @property
    def head_bytes(self) -> int: ...
    @property
    def complete(self) -> bool: ...

class Response:
    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> bytes: ...
    @property
    def version(self) -> str: ...
    @property
    def headers(self) -> list[tuple[bytes, bytes]]: ...
    @property
    def trailers(self) -> list[tuple[bytes, bytes]]: ...
    def header(self, name: bytes) -> bytes | None: ...
    @property
    def body(self) -> Body: ...
    @property
    def head_bytes(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def at_us(self) -> int: ...

class SocketMessage:
    """A WebSocket message or control frame, see schemas/exchange.avsc."""

    @property
    def at_us(self) -> int: ...
    @property
    def from_client(self) -> bool: ...
    @property
    def opcode(self) -> int: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def wire_bytes(self) -> int: ...
    @property
    def missing_bytes(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def truncated(self) -> bool: ...
    @property
    def compressed(self) -> bool: ...

class Exchange:
    """A lazy view of one Exchange record: fields are read when asked for.

    Raises ValueError when the bytes are no Exchange of a known schema.
    """

    def __init__(self, record: bytes) -> None: ...
    @property
    def id(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def site(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def at_us(self) -> int: ...
    @property
    def client_ip(self) -> str: ...
    @property
    def client_port(self) -> int: ...
    @property
    def peer_ip(self) -> str: ...
    @property
    def server_ip(self) -> str: ...
    @property
    def server_port(self) -> int: ...
    @property
    def vlan(self) -> int | None: ...
    @property
    def vni(self) -> int | None: ...
    @property
    def community_id(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def application(self) -> str: ...
    @property
    def pairing(self) -> str: ...
    @property
    def response_final(self) -> bool: ...
    @property
    def part(self) -> int | None: ...
    @property
    def stream(self) -> int | None: ...
    @property
    def request_seq(self) -> int | None: ...
    @property
    def response_seq(self) -> int | None: ...
    @property
    def missing_bytes(self) -> int: ...
    @property
    def latency_us(self) -> int | None: ...
    @property
    def anomalies(self) -> list[str]: ...
    @property
    def tls(self) -> tuple[str | None, str | None, str | None, str | None] | None:
        """(sni, alpn, version, ja4)"""
    @property
    def request(self) -> Request | None: ...
    @property
    def response(self) -> Response | None: ...
    @property
    def messages(self) -> list[SocketMessage]:
        """What a WebSocket carried in this part; of anything else nothing."""
    def relabel(self, *, client_ip: str | None = None, application: str | None = None) -> bytes:
        """The record with another client or application label; None leaves as is."""
