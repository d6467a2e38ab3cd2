"""People of the Ministry, and a small set to publish: one plan, one order, both in French and Arabic."""

from __future__ import annotations

from typing import Any

from app.access.actor import Actor
from app.config import CANONICAL_BASE as BASE
from app.fhir.translation import translated
from protocols.feature import FEATURE

SET = "Library/migraine-protocol-1.0.0"
NEXT = "Library/migraine-protocol-1.1.0"
V1, V2 = SET.split("/")[1], NEXT.split("/")[1]
PLAN_PAGE = f"/releases/{V2}/artefacts/PlanDefinition/migraine-treatment-1.1.0"
URL = f"{BASE}/Library/migraine-protocol"
PLAN = f"{BASE}/PlanDefinition/migraine-treatment"


def person(name: str, *roles: str) -> Actor:
    """Somebody with the grants that publishing gives to these roles."""
    grants = frozenset({"protocol:read", "fhir:read", "fhir:write", "signed-in"}).union(
        *(FEATURE.grants[role] for role in roles)
    )
    return Actor(f"account:{name}", name, frozenset(roles), grants)


EDITOR = person("editor", "ministry-editor")
OTHER_EDITOR = person("second-editor", "ministry-editor")
APPROVER = person("approver", "ministry-approver")
BOTH = person("both", "ministry-editor", "ministry-approver")
NURSE = Actor("account:nurse", "nurse", frozenset({"nurse"}), frozenset({"protocol:read", "fhir:read", "fhir:write"}))


def spoken(owner: dict[str, Any], **arabic: str) -> dict[str, Any]:
    """The owner with the Arabic of its texts."""
    for field, word in arabic.items():
        owner = translated(owner, field, {"ar": word})
    return owner


def a_set(version: str = "1.0.0", status: str = "active") -> list[dict[str, Any]]:
    """The Library and its two artefacts, as content files bring them."""
    common = {"version": version, "status": status, "language": "fr", "date": "2026-01-01"}
    library = {
        "resourceType": "Library",
        "id": f"migraine-protocol-{version}",
        "url": URL,
        "title": "Migraine",
        "type": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "asset-collection"}]
        },
        "relatedArtifact": [
            {"type": "composed-of", "resource": f"{PLAN}|{version}"},
            {"type": "composed-of", "resource": f"{BASE}/ActivityDefinition/give-rest|{version}"},
        ],
    }
    step = spoken(
        {
            "id": "step-1",
            "prefix": "1",
            "title": "Repos",
            "description": "Se reposer dans le noir.",
            "code": [{"coding": [{"system": f"{BASE}/CodeSystem/action-kind", "code": "treatment"}]}],
            "timingDuration": {"value": 4, "unit": "wk", "system": "http://unitsofmeasure.org", "code": "wk"},
        },
        title="الراحة",
        description="الراحة في الظلام.",
    )
    plan = {
        "resourceType": "PlanDefinition",
        "id": f"migraine-treatment-{version}",
        "url": PLAN,
        "title": "Traiter la migraine",
        "type": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "clinical-protocol"}
            ]
        },
        "action": [step],
    }
    order = {
        "resourceType": "ActivityDefinition",
        "id": f"give-rest-{version}",
        "url": f"{BASE}/ActivityDefinition/give-rest",
        "title": "Repos",
    }
    return [
        spoken(order | common, title="الراحة"),
        spoken(plan | common, title="علاج الشقيقة"),
        spoken(library | common, title="الشقيقة"),
    ]
