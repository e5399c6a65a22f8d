"""Findings as OCSF Detection Finding."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from schemas import history, registry, types
from services.export.ocsf import EVENT_BYTES_MAX
from services.export.ocsf_finding import finding_event
from tests.properties.avro_values import values
from tests.unit.export.ocsf_standard import faults

SCHEMA = registry.current()["Finding"]
EXAMPLES = {
    name: types.Finding.from_avro(value) for name, value in history.examples(SCHEMA).items()
}
ATTACK = EXAMPLES["attack"]


def event(finding: types.Finding) -> dict[str, Any]:
    made: dict[str, Any] = orjson.loads(finding_event(finding))
    return made


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_standard_accepts_every_example(name: str) -> None:
    assert faults(event(EXAMPLES[name])) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(values(SCHEMA.parsed))
def test_the_standard_accepts_any_finding(value: dict[str, Any]) -> None:
    # Addresses come from packets; everything else may be an attacker's text.
    finding = replace(types.Finding.from_avro(value), client="2001:db8::1")
    assert faults(event(finding)) == []


def test_the_judge_finds_faults() -> None:
    broken = event(ATTACK)
    broken |= {"severity_id": 77, "activity_name": "Created", "blocked": False}
    del broken["finding_info"]["uid"]
    broken["metadata"]["product"] = {"version": "1"}
    said = " ".join(faults(broken))
    for place in ("severity_id", "activity_name", "blocked", "finding_info", "product"):
        assert place in said


@pytest.mark.parametrize(
    ("state", "activity", "type_name"),
    [("open", 1, "Create"), ("updated", 2, "Update"), ("closed", 3, "Close")],
)
def test_the_lifecycle(state: types.FindingState, activity: int, type_name: str) -> None:
    made = event(replace(ATTACK, state=state))
    assert (made["activity_id"], made["type_uid"]) == (activity, 200400 + activity)
    assert made["type_name"] == f"Detection Finding: {type_name}"
    assert made["is_alert"] == (state != "closed")


def test_revisions_of_a_finding_differ_in_uid_and_meet_in_finding_info() -> None:
    first, second = event(ATTACK), event(replace(ATTACK, revision=1, state="updated"))
    assert first["metadata"]["uid"] == f"{ATTACK.id}.0"
    assert second["metadata"]["uid"] == f"{ATTACK.id}.1"
    assert first["finding_info"]["uid"] == second["finding_info"]["uid"] == ATTACK.id


@pytest.mark.parametrize(
    ("kind", "would_block", "disposition"),
    [
        ("attack", True, "Alert"), ("attack", False, "Detected"), ("behaviour", False, "Detected"),
        ("vulnerability", False, "Detected"), ("api_change", True, "Logged"),
        ("system", False, "Logged"),
    ],
)  # fmt: skip
def test_nothing_is_ever_called_blocked(
    kind: types.FindingKind, would_block: bool, disposition: str
) -> None:
    made = event(replace(ATTACK, kind=kind, would_block=would_block))
    assert made["disposition"] == disposition
    assert (made["action_id"], made["action"]) == (3, "Observed")


def test_what_would_be_denied_alerts_and_what_a_gate_would_do_is_said() -> None:
    made = event(replace(ATTACK, would_block=False, would_limit=True, would_deny=True))
    assert (made["disposition"], made["action"]) == ("Alert", "Observed")
    assert {"would_limit": True, "would_deny": True}.items() <= made["unmapped"].items()


def test_what_was_found_stands_where_the_standard_wants_it() -> None:
    made = event(ATTACK)
    (evidence,) = made["evidences"]
    assert evidence["src_endpoint"] == {"ip": ATTACK.client}
    assert evidence["data"]["value"] == ATTACK.evidence[0].value
    assert made["time"] == ATTACK.at_us // 1000
    assert made["finding_info"]["attacks"] == [{"technique": {"uid": "T1190"}}]
    assert {"name": "cwe", "values": ["CWE-89"]} in made["finding_info"]["tags"]
    assert made["resources"][0]["name"] == "GET /products"
    assert made["remediation"] == {"desc": ATTACK.advice}


def test_a_sub_technique_names_its_technique() -> None:
    made = event(EXAMPLES["behaviour"])
    assert made["finding_info"]["attacks"] == [
        {"technique": {"uid": "T1595"}, "sub_technique": {"uid": "T1595.003"}}
    ]


def test_a_weakness_names_its_cwe() -> None:
    made = event(EXAMPLES["vulnerability"])
    assert made["vulnerabilities"][0]["cwe"] == {"uid": "CWE-209"}


def test_confidence_that_is_no_share_stays_in_bounds() -> None:
    scores = [
        event(replace(ATTACK, confidence=share))["confidence_score"]
        for share in (float("nan"), -1.0, 7.0)
    ]
    assert scores == [100, 0, 100]


def test_an_event_beyond_its_limit_says_what_it_lost() -> None:
    wide = replace(ATTACK.evidence[0], value="\0" * 4_000)
    made = finding_event(replace(ATTACK, evidence=(wide,) * 60))
    assert len(made) <= EVENT_BYTES_MAX
    metadata = orjson.loads(made)["metadata"]
    assert metadata["is_truncated"] is True
    assert metadata["untruncated_size"] * 1024 > EVENT_BYTES_MAX
    assert faults(orjson.loads(made)) == []
