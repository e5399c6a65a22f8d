"""Exchanges in, the inventory out."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sidetap_native import Exchange as NativeExchange

from schemas.codec import encode
from schemas.topics import topics
from schemas.types import Endpoint, Exchange, Sighting, Watermark
from services.discovery import merge
from services.discovery.hosts import CHILDREN_MAX, FAILING_MAX, OPERATIONS_MAX
from services.discovery.merge import MergeCore
from services.discovery.observe import OBSERVERS, ObserveCore
from services.discovery.operation import PARAMETERS_MAX
from services.discovery.settings import Settings
from services.runtime.core import EVERY, Event
from tests.inventory import discovered, inventory, merged, sightings
from tests.traffic import exchange, halves, run, watermark

JSON = (b"Content-Type", b"application/json")
SENT = {"method": "POST", "headers": [JSON]}
ANN = b'{"id":17,"name":"Ann"}'


def letters(number: int) -> str:
    """A name without digits."""
    return f"name{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}{chr(97 + number // 676)}"


def used(target: str, status: int = 200, times: int = 3, **more: Any) -> list[Exchange]:
    """Often and long enough to be admitted."""
    more = {"got": ANN, "got_headers": [JSON]} | more
    return [exchange(target, status, at_s=i * 200, serial=i, **more) for i in range(times)]


def only(records: Sequence[Exchange | Watermark]) -> Endpoint:
    (endpoint,) = discovered(records).values()
    return endpoint


def parameters(endpoint: Endpoint) -> dict[tuple[str, str], tuple[Any, bool, int]]:
    return {
        (p.place, p.name): (json.loads(p.schema), p.required, p.count) for p in endpoint.parameters
    }


def test_an_operation_with_all_that_is_known_of_it() -> None:
    endpoint = only(used("/users/17?expand=roles&expand=team", headers=[(b"X-Tenant", b"7")]))
    assert (endpoint.method, endpoint.template) == ("GET", "/users/{id}")
    assert endpoint.admitted
    assert endpoint.count == 3
    assert endpoint.last_us - endpoint.first_us == 400_000_000
    assert parameters(endpoint) == {
        ("path", "id"): ({"type": "integer"}, True, 3),
        ("query", "expand"): ({"type": "array", "items": {"type": "string"}}, True, 3),
        ("header", "x-tenant"): ({"type": "integer"}, True, 3),
    }
    (response,) = endpoint.responses
    assert (response.status, response.content_type, response.count) == (200, "application/json", 3)
    assert json.loads(response.schema)["required"] == ["id", "name"]
    assert endpoint.limits == ()


def test_no_value_leaves() -> None:
    records = used(
        "/users/ann@shop.example?key=s3cr3tvalue",
        method="POST",
        headers=[
            JSON, (b"Cookie", b"sid=c00kievalue"), (b"Authorization", b"Basic YW5uOnB3"),
        ],
        sent=b'{"password":"hunter2","by":{"bob@shop.example":1}}',
        got=b'{"token":"t0kenvalue"}',
    )  # fmt: skip
    text = str(discovered(records)) + str([out.value for out in sightings(records)])
    for value in ("ann@", "s3cr3t", "c00kie", "YW5u", "hunter2", "bob@", "t0ken"):
        assert value not in text


@pytest.mark.parametrize(
    ("records", "admitted"),
    [
        (used("/a"), True),
        (used("/a", times=1), False),
        (used("/a", times=2), False),  # within the window
        (used("/a", 404), False),
        (used("/a", 401), False),
        (used("/a", 500), False),
        (used("/a", 302), False),
        (used("/a", 302, method="POST"), True),
        (used("/a", 304), True),
        (used("/a", method="OPTIONS"), False),
        (used("/a.js"), False),
    ],
)
def test_admission_is_repeated_success_and_the_rest_stays_visible(
    records: list[Exchange], admitted: bool
) -> None:
    assert only(records).admitted is admitted


def test_statuses_of_all_answers_are_kept() -> None:
    records = used("/a") + used("/a", 404, got=b'{"error":"x"}') + used("/a", 500, got_headers=[])
    assert [(r.status, r.content_type, r.count) for r in only(records).responses] == [
        (200, "application/json", 3), (404, "application/json", 3), (500, "", 3),
    ]  # fmt: skip


def test_what_failed_requests_carried_is_no_parameter() -> None:
    records = used("/a?page=1") + used("/a?union=select", 400)
    assert list(parameters(only(records))) == [("query", "page")]


def test_optional_is_what_is_missing_sometimes_and_rare_is_noise() -> None:
    records = (
        used("/a?x=1", times=200) + used("/a?x=1&y=2", times=100) + used("/a?x=1&z=1", times=2)
    )
    assert parameters(only(records)) == {
        ("query", "x"): ({"type": "integer"}, True, 302),
        ("query", "y"): ({"type": "integer"}, False, 100),
    }


@pytest.mark.parametrize(
    ("headers", "target", "kinds"),
    [
        ([], "/a", {"none": 1.0}),
        ([(b"Authorization", b"Basic YW5uOnB3")], "/a", {"basic": 1.0}),
        ([(b"Authorization", b"Bearer abc")], "/a", {"bearer": 1.0}),
        ([(b"authorization", b"Bearer eyJh.eyJi.c")], "/a", {"jwt": 1.0}),
        ([(b"Authorization", b"AWS4-HMAC-SHA256 Credential=x")], "/a", {"aws_sigv4": 1.0}),
        ([(b"X-Api-Key", b"k"), (b"Cookie", b"sessionid=1; _ga=2")], "/a",
         {"api_key": 1.0, "cookie": 1.0}),
        ([(b"Cookie", b"theme=dark")], "/a", {"none": 1.0}),
        ([], "/a?api_key=1", {"api_key": 1.0}),
    ],
)  # fmt: skip
def test_authentication(headers: Any, target: str, kinds: dict[str, float]) -> None:
    endpoint = only(used(target, headers=headers))
    assert {use.kind: use.coverage for use in endpoint.auth} == kinds


def test_coverage_is_of_successful_requests() -> None:
    bearer = [(b"Authorization", b"Bearer abc")]
    records = used("/a", headers=bearer) + used("/a", times=1) + used("/a", 401, times=9)
    assert {use.kind: use.coverage for use in only(records).auth} == {"bearer": 0.75, "none": 0.25}


@pytest.mark.parametrize(
    ("more", "protocol"),
    [
        (SENT | {"sent": b'{"jsonrpc":"2.0","method":"add"}'}, "jsonrpc"),
        (SENT | {"sent": b'{"jsonrpc":"2.0","method":"tools/list"}'}, "mcp"),
        (SENT | {"sent": b'{"query":"{ me { id } }"}'}, "graphql"),
        (SENT | {"sent": b'{"query":"tea"}'}, "rest"),
        ({"method": "POST", "headers": [(b"Content-Type", b"text/xml")],
          "sent": b"<s:Envelope xmlns:s='u'><s:Body/></s:Envelope>"}, "soap"),
        ({"method": "POST", "headers": [(b"Content-Type", b"application/grpc+proto")]}, "grpc"),
        ({"got_headers": [(b"Content-Type", b"text/event-stream")]}, "sse"),
    ],
)  # fmt: skip
def test_protocols(more: dict[str, Any], protocol: str) -> None:
    assert only(used("/x", **more)).protocol == protocol


def test_a_websocket_is_one() -> None:
    assert only(used("/live", 101, got=b"", got_headers=[])).protocol == "websocket"


def test_static_names_stay_beside_variables() -> None:
    records = used("/users/17") + used("/users/me") + used("/public-specs/v2")
    templates = [template for _, _, template in discovered(records)]
    assert templates == ["/public-specs/v2", "/users/me", "/users/{id}"]


def test_variables_of_one_kind_are_numbered() -> None:
    endpoint = only(used("/a/1/b/2"))
    assert endpoint.template == "/a/{id}/b/{id2}"
    assert list(parameters(endpoint)) == [("path", "id"), ("path", "id2")]


def test_files_are_one_operation_for_a_folder_and_type() -> None:
    records = [r for i in range(50) for r in used(f"/static/{letters(i)}.js")]
    endpoint = only(records)
    assert (endpoint.template, endpoint.tags) == ("/static/{file}.js", ("static",))


def test_names_of_people_become_a_variable_and_split_when_answers_differ() -> None:
    people = [r for i in range(30) for r in used(f"/users/{letters(i)}/posts")]
    assert only(people).template == "/users/{name}/posts"
    core = MergeCore(Settings())
    end = watermark(10**6, released=True)
    told = merged(sightings([*people, end]), core)
    differing = [
        r for i in range(30)
        for r in used(f"/users/{letters(i)}/posts", got=b'{"%s":1}' % letters(i).encode())
    ]  # fmt: skip
    told += merged(sightings([*differing, watermark(2 * 10**6)]), core)
    known = inventory(told)
    assert len(known) == 30
    assert sum(endpoint.count for endpoint in known.values()) == 180


def test_more_names_than_anybody_programmed_are_values() -> None:
    pages = [exchange(f"/wiki/{letters(i)}", at_s=i) for i in range(CHILDREN_MAX + 50)]
    endpoint = only(pages)
    assert (endpoint.template, endpoint.count) == ("/wiki/{name}", CHILDREN_MAX + 50)
    (parameter,) = endpoint.parameters
    assert json.loads(parameter.schema) == {"type": "string"}


def test_a_host_with_too_many_operations_gets_coarser_and_loses_nothing() -> None:
    count = OPERATIONS_MAX + 200
    records = [exchange(f"/{letters(i % 80)}/{letters(i // 80)}", at_s=i) for i in range(count)]
    known = discovered(records)
    assert len(known) <= OPERATIONS_MAX
    assert sum(endpoint.count for endpoint in known.values()) == count
    assert all(endpoint.limits == ("operations",) for endpoint in known.values())


def test_a_scanner_does_not_fill_the_inventory() -> None:
    scan = [exchange(f"/{letters(i)}", 404, at_s=i / 100) for i in range(FAILING_MAX * 3)]
    forbidden = used("/secret", 401)
    known = discovered([*used("/users/1"), *scan[:500], *forbidden, *scan[500:]])
    assert [(template, e.admitted, e.count) for (_, _, template), e in known.items()] == [
        ("/secret", False, 3), ("/users/{id}", True, 3), ("/{missing}", False, FAILING_MAX * 3),
    ]  # fmt: skip
    assert known["shop.example", "GET", "/{missing}"].tags == ("missing",)


def test_what_was_missing_and_works_now_has_its_own_name() -> None:
    core = MergeCore(Settings())
    told = merged(sightings([*used("/soon", 404), watermark(1_000)]), core)
    told += merged(sightings([*used("/soon"), watermark(2_000)]), core)
    (known,) = inventory(told).values()
    assert (known.template, known.count) == ("/soon", 6)


def test_what_never_worked_is_counted_where_it_belongs() -> None:
    people = [r for i in range(30) for r in used(f"/users/{letters(i)}")]
    endpoint = only([*people, *used("/users/nobody", 404)])
    assert endpoint.count == 93
    assert [r.status for r in endpoint.responses] == [200, 404]


def test_too_many_parameters_are_said() -> None:
    records = [
        exchange(f"/a?{letters(i)}=1", at_s=i * 10) for i in range(PARAMETERS_MAX + 20)
        for _ in range(3)
    ]  # fmt: skip
    endpoint = only(records)
    assert endpoint.limits == ("parameters",)


@pytest.mark.parametrize("repeated", [True, False])
def test_answers_in_a_second_record_count_as_well(repeated: bool) -> None:
    whole = used("/orders?x=1", method="POST", headers=[JSON], sent=b'{"a":1}')
    split = [half for one in whole for half in halves(one, repeated=repeated)]
    assert discovered(split) == discovered(whole)
    changes = run(ObserveCore(0, NativeExchange, Settings()), split)
    assert {row.value for row in changes.rows if row.key.startswith(b"unanswered/")} <= {None}


def test_halves_without_their_other_half_do_no_harm() -> None:
    requests, answers = zip(*map(halves, used("/orders")), strict=True)
    changes = run(
        ObserveCore(0, NativeExchange, Settings()), [*answers, *requests, watermark(10_000)]
    )
    assert changes.counts == {"answers_without_request": 3, "requests_never_answered": 3}
    assert changes.rejected == []
    assert only(list(requests)).count == 3


def test_a_pulse_goes_to_every_partition_and_tells_what_changed_once() -> None:
    outputs = sightings([*used("/a"), watermark(3), watermark(4), watermark(11)], batch=100)
    assert [out.partition for out in outputs] == [None, EVERY]
    core = MergeCore(Settings())
    assert len(merged(outputs, core)) == 1
    assert merged(outputs[1:], core) == []


def test_the_largest_operation_fits_its_records() -> None:
    """As many structures and parameters as can be, each as large as can be."""
    longest = "p" * 57
    value = {f"{longest}{chr(97 + i)}xyz": {f"{longest}{chr(97 + j)}xy": 1 for j in range(21)}
             for i in range(22)}  # fmt: skip
    data = json.dumps(value).encode()
    query = "&".join(f"{longest}{letters(i)[4:]}=a@b.example" for i in range(PARAMETERS_MAX))
    records = [
        exchange(f"/a?{query}", 200 + i % 20, method="POST", at_s=i, sent=data, got=data,
                 headers=[(b"Content-Type", f"application/x{i % 16}+json".encode())],
                 got_headers=[(b"Content-Type", f"application/x{i % 50}+json".encode())])
        for i in range(400)
    ]  # fmt: skip
    outputs = sightings([*records, watermark(10_000)])
    core = MergeCore(Settings())
    core.feed([Event("sightings", 0, i, out.key, out.value) for i, out in enumerate(outputs)])
    changes = core.take()
    assert changes.rejected == []
    written = [(out.topic, out.value) for out in (*outputs, *changes.outputs)]
    written += [("state.discovery", row.value) for row in changes.rows]
    sizes = [(len(value or b""), topics()[topic].record_bytes) for topic, value in written]
    assert max(size for size, _ in sizes) > 1_000_000
    assert all(size < limit for size, limit in sizes)


def test_observers_take_turns_and_each_tells_the_end() -> None:
    marks = [watermark(0), *(watermark(second) for second in range(1, 121))]
    beats = []
    for partition in range(OBSERVERS):
        core = ObserveCore(partition, NativeExchange, Settings())
        run(core, marks[:1])
        pulses = run(core, marks[1:], batch=1).outputs
        assert len(pulses) == 2  # one in a minute
        beats += pulses
        assert len(run(core, [watermark(121, released=True)]).outputs) == 1
    assert len(beats) == 120 // 5


def test_sites_and_hosts_are_apart() -> None:
    records = [*used("/a"), *used("/a", host="b.example"), *used("/a", site="lab")]
    end = [watermark(10**6, site=site, released=True) for site in ("default", "lab")]
    told = merged(sightings([*records, *end]))
    assert [(e.site, e.host, e.count) for e in told] == [
        ("default", "b.example", 3), ("default", "shop.example", 3), ("lab", "shop.example", 3),
    ]  # fmt: skip


def test_unreadable_records_are_rejected_with_a_reason() -> None:
    observe, merge = ObserveCore(0, NativeExchange, Settings()), MergeCore(Settings())
    damaged = encode(exchange("/"))[:-3]
    nonsense = encode(Sighting(id="", site="", host="", body=b"{"))
    for i, value in enumerate((None, b"nonsense", damaged, nonsense)):
        observe.feed([Event("exchanges", 0, i, None, value)])
        merge.feed([Event("sightings", 0, i, None, value)])
    for rejected in (observe.take().rejected, merge.take().rejected):
        assert len(rejected) == 4
        assert all(one.reason for one in rejected)


@pytest.mark.parametrize(
    "target",
    ["", "*", "/%", "/%ff", "//", "/?&=&&", "/?%ff=%ff", "/\x00", "http://", "/a?b=" + "c" * 9_999],
)
def test_odd_targets_do_no_harm(target: str) -> None:
    assert only(used(target)).count == 3


def test_odd_methods_make_no_operation() -> None:
    assert discovered(used("/", method="get /x")) == {}


def test_hosts_where_nothing_works_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "HOSTS_MAX", 5)
    odd = [r for i in range(20) for r in used("/", 404, host=f"{letters(i)}.example")]
    good = [r for i in range(5) for r in used("/", host=f"good{i}.example")]
    known = discovered([*odd[:30], *good, *odd[30:]])
    assert [host for host, _, _ in known] == [f"good{i}.example" for i in range(5)]


def test_too_many_hosts_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "HOSTS_MAX", 5)
    records = [r for i in range(9) for r in used("/", host=f"good{i}.example")]
    outputs, core = sightings([*records, watermark(9)]), MergeCore(Settings())
    core.feed([Event("sightings", 0, i, out.key, out.value) for i, out in enumerate(outputs)])
    assert core.take().counts == {"hosts_left_out": 4}


def test_rows_beyond_the_limit_leave_the_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "OPERATIONS_MAX", 7)
    records = [exchange(f"/{letters(i)}", at_s=i) for i in range(20)]
    core = MergeCore(Settings())
    told: list[Endpoint] = []
    for i in range(0, 20, 5):
        told += merged(sightings([*records[i : i + 5], watermark(i + 100)]), core)
    known = inventory(told)
    assert len(known) == 7
    last = {f"/{letters(i)}" for i in range(13, 20)}
    assert {template for _, _, template in known} == last


def test_a_collapse_takes_told_names_back() -> None:
    core = MergeCore(Settings())
    told: list[Endpoint] = []
    for i in range(0, CHILDREN_MAX + 20, 20):
        pages = [exchange(f"/wiki/{letters(j)}/edit", at_s=j) for j in range(i, i + 20)]
        told += merged(sightings([*pages, watermark(i + 1_000)]), core)
    ((_, _, template),) = known = inventory(told)
    assert template == "/wiki/{name}/edit"
    assert known["shop.example", "GET", template].count == CHILDREN_MAX + 20
