"""`sidetap endpoints` with a database: it needs no Kafka then."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.codec import encode
from schemas.types import AuthUse, Endpoint, Risk, UsageGap
from services.cli import stored
from services.cli.__main__ import run
from services.cli.api_changes import since
from services.cli.running import Running
from services.discovery.changes import Change
from services.discovery.settings import Settings
from services.discovery.store.batch import Told
from services.discovery.store.database import migrated, opened
from services.discovery.store.projection import Projection
from tests.inventory import inventory, merged, sightings
from tests.traffic import exchange, watermark

DAY_US = 86_400_000_000
CALLS = [exchange("/a", at_s=at_s, serial=at_s) for at_s in (0, 400)]
ENDPOINT = next(
    iter(inventory(merged(sightings([*CALLS, watermark(900, released=True)]))).values())
)


def endpoint(template: str, **changed: object) -> Endpoint:
    plain = replace(
        ENDPOINT, template=template, admitted=True, gaps=(), seen=(), auth=(), risk=None,
        first_us=DAY_US, last_us=90 * DAY_US,
    )  # fmt: skip
    return replace(plain, **changed)  # type: ignore[arg-type]


KNOWN = [
    endpoint("/open", auth=(AuthUse(kind="none", coverage=1.0),), risk=Risk(score=9, factors=())),
    endpoint("/closed", method="POST", auth=(AuthUse(kind="bearer", coverage=1.0),)),
]
GAP = UsageGap(from_us=10 * DAY_US, to_us=20 * DAY_US)


@pytest.fixture
def projection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projection:
    url = f"sqlite:///{tmp_path}/inventory.db"
    monkeypatch.setenv("SIDETAP_DISCOVERY__STORE", url)
    engine = opened(url)
    migrated(engine)
    made = Projection(engine, Settings())
    made.take([Told(0, n, e.template.encode(), encode(e)) for n, e in enumerate(KNOWN)])
    return made


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert run(["endpoints", "--format", "jsonl", *arguments]) == 0
    return [json.loads(line)["template"] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("projection")
@pytest.mark.parametrize(
    ("arguments", "templates"),
    [
        ([], ["/closed", "/open"]),
        (["--method", "post"], ["/closed"]),
        (["--unauthenticated"], ["/open"]),
        (["--risk", "9"], ["/open"]),
        (["--risk", "10"], []),
        (["--host", KNOWN[0].host.upper(), "--sensitive", "card"], []),
    ],
    ids=str,
)
def test_it_lists_and_filters(
    capsys: pytest.CaptureFixture[str], arguments: list[str], templates: list[str]
) -> None:
    assert listed(capsys, *arguments) == templates


@pytest.mark.usefixtures("projection")
def test_it_exports(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["endpoints", "--export", "openapi", "--unauthenticated"]) == 0
    assert list(json.loads(capsys.readouterr().out)["paths"]) == ["/open"]


def test_since_has_what_the_record_forgot(
    projection: Projection, capsys: pytest.CaptureFixture[str]
) -> None:
    with_gap = replace(KNOWN[0], gaps=(GAP,))
    projection.take([Told(0, 2, b"/open", encode(with_gap))])
    projection.take([Told(0, 3, b"/open", encode(KNOWN[0]))])
    assert run(["endpoints", "--format", "jsonl", "--since", "1970-01-03T00:00:00Z"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["change"], one["template"]) for one in found] == [
        ("unused", "/open"), ("returned", "/open"),
    ]  # fmt: skip


def test_a_beginning_that_moved_is_told_once() -> None:
    kept = [(Change(5 * DAY_US, "new"), KNOWN[0]), (Change(DAY_US, "new"), KNOWN[0])]
    found = since([KNOWN[0]], 0, Settings(), kept)
    assert [(change.kind, change.at_us) for change, _ in found] == [("new", DAY_US)]


def test_which_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIDETAP_DISCOVERY__STORE", raising=False)
    monkeypatch.setattr(stored, "found", lambda: Running(1, "k:1", str(tmp_path), {}))
    assert stored.asked(None) is None
    (tmp_path / "inventory.db").touch()
    assert stored.asked(None) == stored.store_url(tmp_path)
    monkeypatch.setenv("SIDETAP_DISCOVERY__STORE", "postgresql://h/x")
    assert stored.asked(None) == stored.store_url(tmp_path) == "postgresql://h/x"
    assert stored.asked("k:1") is None


@pytest.mark.parametrize("url", ["sqlite:////nowhere/x.db", "mysql://u:hidden@h/x"])
def test_a_database_that_does_not_answer_is_one_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIDETAP_DISCOVERY__STORE", url)
    assert run(["endpoints"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("sidetap: ")
    assert said.count("\n") == 1
    assert "hidden" not in said
