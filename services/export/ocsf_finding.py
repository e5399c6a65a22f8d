"""A finding as OCSF Detection Finding (class 2004) with its lifecycle.

In:   one revision of a finding, which its detector has masked already.
Out:  one event: Create, Update or Close. `metadata.uid` is the finding's id and revision, so a
      sink drops repeats; `finding_info.uid` is the id, so it finds what belongs together.
"""

from typing import Any

from schemas.types import Evidence, Finding
from services.export.ocsf import Disposition, Json, event, hostname, present, serialised, short

CLASS_UID, CLASS_NAME = 2004, "Detection Finding"
ACTIVITIES = {"open": (1, "Create"), "updated": (2, "Update"), "closed": (3, "Close")}
# "New" means that nobody has reviewed it. The standard's "Resolved" means that somebody has, so a
# finding that ended by itself has a word of its own.
STATUSES = {"open": (1, "New"), "updated": (1, "New"), "closed": (99, "Closed")}
RULE, BEHAVIOURAL, LEARNING = (1, "Rule"), (2, "Behavioral"), (4, "Learning (ML/DL)")
ALERTING = {"attack", "behaviour", "vulnerability"}
IP_ADDRESS, HOST_NAME = (2, "IP Address"), (1, "Hostname")
TARGET = (1, "Target")


def finding_event(finding: Finding) -> bytes:
    """One revision as one line of JSON."""
    status_id, status = STATUSES[finding.state]
    share = max(0.0, min(1.0, finding.confidence))
    confidence_id, confidence = _confidence(share)
    body = event(
        CLASS_UID,
        CLASS_NAME,
        ACTIVITIES[finding.state],
        severity=finding.severity,
        disposition=_disposition(finding),
        metadata={
            "uid": f"{finding.id}.{finding.revision}",
            "correlation_uid": finding.id,
            "sequence": finding.revision,
            "log_name": "findings",
        },
        at_us=finding.at_us,
    )
    body |= {
        "start_time": finding.opened_us // 1000,
        "end_time": finding.at_us // 1000,
        "status_id": status_id,
        "status": status,
        "confidence_id": confidence_id,
        "confidence": confidence,
        "confidence_score": round(100 * share),
        "is_alert": finding.state != "closed" and finding.kind in ALERTING,
        "finding_info": _info(finding),
    }
    body |= present(
        {
            "message": short(finding.summary),
            "evidences": _evidences(finding),
            "resources": _resources(finding),
            "vulnerabilities": _vulnerabilities(finding),
            "remediation": {"desc": short(finding.advice)} if finding.advice else None,
            "observables": _observables(finding),
            "unmapped": _unmapped(finding),
        }
    )
    return serialised(body, [("evidences",), ("finding_info", "related_events"), ("unmapped",)])


def _disposition(finding: Finding) -> Disposition:
    """What would block alerts; other findings of attackers and weaknesses are detections."""
    if finding.kind not in ALERTING:
        return "Logged"
    return "Alert" if finding.would_block or finding.would_deny else "Detected"


def _confidence(share: float) -> tuple[int, str]:
    if share >= 0.8:
        return 3, "High"
    return (2, "Medium") if share >= 0.5 else (1, "Low")


def _info(finding: Finding) -> Json:
    weaknesses = {"cwe": finding.cwe, "capec": finding.capec, "owasp": finding.owasp}
    known = present(
        {
            "title": short(finding.title),
            "desc": short(finding.summary),
            "types": [finding.kind, finding.class_],
            "analytic": _analytic(finding),
            "attacks": [_attack(technique) for technique in finding.attack],
            "created_time": finding.opened_us // 1000,
            "modified_time": finding.at_us // 1000,
            "first_seen_time": finding.opened_us // 1000,
            "last_seen_time": finding.at_us // 1000,
            "related_events": _related(finding),
            "related_events_count": finding.count,
            "tags": [
                {"name": name, "values": list(ids)} for name, ids in weaknesses.items() if ids
            ],
        }
    )
    return {"uid": finding.id, **known}


def _analytic(finding: Finding) -> Json:
    type_id, type_name = BEHAVIOURAL if finding.kind == "behaviour" else RULE
    if finding.model:
        type_id, type_name = LEARNING
    analytic = {"name": finding.rule, "uid": finding.rule, "type_id": type_id, "type": type_name}
    return {**analytic, **present({"version": finding.model})}


def _attack(technique: str) -> Json:
    """T1595.003 is a sub-technique of T1595."""
    parent, dot, _ = technique.partition(".")
    return {
        "technique": {"uid": parent},
        **({"sub_technique": {"uid": technique}} if dot else {}),
    }


def _related(finding: Finding) -> list[Json]:
    """The exchanges shown, by the uid of their HTTP Activity; revision 0 always exists."""
    first = {item.exchange: item.at_us for item in reversed(finding.evidence)}
    return [
        {"uid": f"{exchange}.0", "type": "exchange", "first_seen_time": at_us // 1000}
        for exchange, at_us in sorted(first.items(), key=lambda pair: (pair[1], pair[0]))
    ]


def _evidences(finding: Finding) -> list[Json]:
    source = {"src_endpoint": {"ip": finding.client}} if finding.client else {}
    if not finding.evidence:
        return [source] if source else []
    return [{**_evidence(item), **source} for item in finding.evidence]


def _evidence(item: Evidence) -> Json:
    data: dict[str, Any] = {
        "exchange": item.exchange,
        "where": short(item.where),
        "value": short(item.value),
        "raw": short(item.raw),
        "rule": item.rule,
        "weight": item.weight,
    }
    return {"data": data, **present({"name": short(item.where), "uid": item.exchange})}


def _resources(finding: Finding) -> list[Json]:
    name = finding.endpoint or finding.host
    if not name:
        return []
    role_id, role = TARGET
    kind = "API operation" if finding.endpoint else "host"
    known = {"hostname": hostname(finding.host), "namespace": finding.application}
    return [{"name": short(name), "type": kind, "role_id": role_id, "role": role, **present(known)}]


def _vulnerabilities(finding: Finding) -> list[Json]:
    if finding.kind != "vulnerability":
        return []
    return [{"title": short(finding.title), "cwe": {"uid": cwe}} for cwe in finding.cwe]


def _observables(finding: Finding) -> list[Json]:
    host = hostname(finding.host)
    seen = [
        ("evidences.src_endpoint.ip", IP_ADDRESS, finding.client),
        ("resources.hostname", HOST_NAME, host),
    ]
    return [
        {"name": name, "type_id": type_id, "type": type_name, "value": value}
        for name, (type_id, type_name), value in seen
        if value
    ]


def _unmapped(finding: Finding) -> Json:
    return present(
        {
            "would_block": finding.would_block,
            "would_limit": finding.would_limit,
            "would_deny": finding.would_deny,
            "site": finding.site,
            "application": finding.application,
            "host": short(finding.host),
            "peer": finding.peer if finding.peer != finding.client else "",
            "subject": short(finding.subject),
            "policy_offset": finding.policy_offset,
        }
    )
