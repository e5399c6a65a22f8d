"""The demo's shop, its story and the packets made of it."""

import gzip
import itertools
import json
import random
from pathlib import Path

from scapy.layers.inet import TCP
from scapy.utils import rdpcap

from services.cli.demo import packets, story
from services.cli.demo.http_words import Call
from services.cli.demo.shop import Shop
from services.cli.demo.visitors import curl_command


def test_a_customer_gets_through_to_an_order() -> None:
    shop = Shop()
    calls = list(story.customer(0, random.Random(1)))
    answers = {call.target: shop.answer(call) for call in calls}
    assert answers["/api/login"].status == 200
    assert answers["/api/orders"].status == 201
    user = next(answer for target, answer in answers.items() if target.startswith("/api/users/"))
    assert json.loads(user.body)["email"] == "ada@customers.example"


def test_lists_come_packed_where_the_client_takes_it() -> None:
    call = Call("10.0.0.1", "GET", "/api/products", (("Accept-Encoding", "gzip"),))
    answer = Shop().answer(call)
    assert ("Content-Encoding", "gzip") in answer.headers
    assert len(json.loads(gzip.decompress(answer.body))["products"]) == 6


def test_orders_are_forgotten_at_their_limit() -> None:
    shop = Shop()
    order = next(c for c in story.customer(0, random.Random(1)) if c.target == "/api/orders")
    numbers = [json.loads(shop.answer(order).body)["id"] for _ in range(502)]
    first = Call(order.client, "GET", f"/api/orders/{numbers[0]}", order.headers)
    last = Call(order.client, "GET", f"/api/orders/{numbers[-1]}", order.headers)
    assert [shop.answer(first).status, shop.answer(last).status] == [404, 200]


def test_forced_browsing_finds_nothing_and_stays_bounded() -> None:
    act = story.acts()[-1]
    assert {Shop().answer(call).status for call in act.calls} == {404}
    assert 100 < len({call.target for call in act.calls}) < 300


def test_curl_sends_the_bytes_of_the_story() -> None:
    call = story.acts()[0].calls[-1]
    command = curl_command(call, 8080)
    assert command[-1] == f"http://{story.SHOP}:8080/api/login"
    assert command[command.index("--data-binary") + 1].encode() == call.body
    assert "--path-as-is" in command


def test_packets_carry_both_directions_whole(tmp_path: Path) -> None:
    call = Call("10.0.0.9", "POST", "/x", (("Host", "h"), ("Content-Length", "4000")), b"z" * 4000)
    path = tmp_path / "one.pcap"
    end_s = packets.write(path, [call], 1000.0, pause_s=0.5)
    seen = rdpcap(str(path))
    assert end_s > float(seen[-1].time) >= 1000
    sent = b"".join(bytes(p[TCP].payload) for p in seen if p[TCP].dport == packets.SHOP_PORT)
    assert sent == packets.request_bytes(call)
    numbers = [p[TCP].seq for p in seen if p[TCP].dport == packets.SHOP_PORT and p[TCP].payload]
    assert [b - a for a, b in itertools.pairwise(numbers)] == [1448, 1448]
