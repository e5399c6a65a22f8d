"""From labels on Kafka to a model that decides: what a data scientist types, in order."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer

from schemas.codec import encode
from services.cli.__main__ import run
from services.detect.core import DetectCore
from services.detect.settings import Settings
from services.detect.training import learn
from services.detect.training.fit import Kinds, ordinary_terms
from services.detect.training.ordinary import KINDS, ordinary_values
from services.detect.verdict import Inspector
from services.runtime.exchanges import read_exchange
from services.runtime.kafka_local import LocalKafka
from services.runtime.masking import Masker
from tests import traffic

# No rule knows this: words between angles and tildes. A person does.
ODD = "/notes?text=%3C%3C~{}%20%3C~~%3C{}~~%3C%3C"
# A finding of the rules that a person calls right.
INJECTION = "/items?id={}%27%20UNION%20SELECT%20name,pass%20FROM%20users--%20"
PLAIN = "/notes?text={}%20%3C%20{}%3B"
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "gorse", "hazel", "iris", "jasper")
PAIRS = [(one, two) for one in WORDS for two in WORDS]
SINCE = "2020-01-01"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A hundred ordinary requests, a scan that was found, two attacks that nobody found."""
    local = LocalKafka()
    local.start()
    try:
        assert run(["topics", "--apply", "--kafka", local.bootstrap]) == 0
        producer = Producer({"bootstrap.servers": local.bootstrap})
        for number, pair in enumerate(PAIRS):
            plain = traffic.exchange(PLAIN.format(*pair), at_s=number, client="198.51.100.1")
            producer.produce("exchanges", encode(plain), partition=0)
        for attack in SCAN:
            producer.produce("exchanges", encode(attack), partition=1)
        core = DetectCore(Settings(), Masker(b"key"), read_exchange, Inspector())
        for told in traffic.run(core, SCAN).outputs:
            if told.topic == "findings":
                producer.produce("findings", told.value, told.key)
        for missed in MISSED:
            producer.produce("exchanges", encode(missed), partition=2)
        ended = traffic.watermark(3_600, released=True)
        for partition in range(12):
            for source in range(12):
                mark = replace(ended, source=f"packets/{source}")
                producer.produce("exchanges", encode(mark), partition=partition)
        assert producer.flush(10) == 0
        yield local.bootstrap
    finally:
        local.stop()


SCAN = [
    traffic.exchange(INJECTION.format(n), at_s=n, client="198.51.100.2", serial=n)
    for n in range(60)
]
MISSED = [
    traffic.exchange(ODD.format(*pair), at_s=n, client="198.51.100.3", serial=n)
    for n, pair in enumerate(PAIRS[:2])
]
Said = pytest.CaptureFixture[bytes]


def few_ordinary() -> Kinds:
    """Making all of them takes half a minute."""
    return {kind: ordinary_terms(ordinary_values(kind, 1_000)) for kind in KINDS}


def sidetap(broker: str, *command: str) -> int:
    return run([*command, "--kafka", broker])


def test_labels_become_a_model_that_decides(
    broker: str, tmp_path: Path, capfdbinary: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn, "ordinary", few_ordinary)
    assert sidetap(broker, "findings", "--format", "jsonl") == 0
    (found,) = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert sidetap(broker, "label", found["id"][:10], "true", "--note", "our own scan") == 0
    for missed in MISSED:
        assert sidetap(broker, "label", missed.id, "true", "--class", "xss") == 0
    assert sidetap(broker, "label", "f" * 32, "true") == 2

    model, dataset = tmp_path / "model.json", tmp_path / "set.parquet"
    more = tmp_path / "more.jsonl"
    more.write_text("".join(map(line, PAIRS)))
    capfdbinary.readouterr()
    assert sidetap(
        broker, "train", str(more), "--labels", "--ordinary-from", SINCE,
        "--out", str(model), "--dataset", str(dataset), "--format", "jsonl",
    ) == 0  # fmt: skip
    said = capfdbinary.readouterr().err.decode()
    assert "labels: 62 attacks, 0 benign exchanges." in said
    # The attacks that no rule knows are still taken for ordinary: their labels are the attacks.
    assert "ordinary: 100 exchanges." in said

    rows = pq.read_table(dataset).to_pylist()
    assert len(rows) == 100 + 62 + 100
    of_topic = {(row["topic"], row["partition"]) for row in rows if row["label"] == "label"}
    assert of_topic == {("exchanges", 1), ("exchanges", 2)}
    assert {row["split"] for row in rows} == {"train", "held"}

    assert sidetap(broker, "replay", "--run", "new", "--model", str(model), "--compare") == 0
    changed = [json.loads(each) for each in capfdbinary.readouterr().out.splitlines()]
    gained = {(each["class"], each["rule"]): each["gained"] for each in changed}
    assert gained["xss", "xss.learned"] == 1, gained
    assert sidetap(broker, "replay", "--run", "x", "--model", str(dataset)) == 2


def line(pair: tuple[str, str]) -> str:
    """An attack as a file has it."""
    raw = f"GET {ODD.format(*pair)} HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode()
    form = {"source": "ours", "label": "attack", "class": "xss"}
    return json.dumps({**form, "request_b64": base64.b64encode(raw).decode()}) + "\n"
