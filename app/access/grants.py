"""Roles and what the platform grants to each; features add their own words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ROLES = (
    "ministry-editor",
    "ministry-approver",
    "physician",
    "nurse",
    "hospital-physician",
    "facility-manager",
    "regional-delegate",
    "administrator",
)

OWN_ESTABLISHMENT = frozenset({"physician", "nurse", "hospital-physician", "facility-manager"})
SUBTREE = frozenset({"regional-delegate"})

_CLINICIAN = frozenset({"patient:read", "patient:write", "worklist:read", "emergency:open", "fhir:read"})

PLATFORM: Mapping[str, frozenset[str]] = {
    "ministry-editor": frozenset({"fhir:read"}),
    "ministry-approver": frozenset({"fhir:read"}),
    "physician": _CLINICIAN,
    "nurse": _CLINICIAN,
    "hospital-physician": _CLINICIAN,
    "facility-manager": frozenset({"patient:read", "worklist:read", "audit:read", "fhir:read"}),
    "regional-delegate": frozenset({"patient:read", "worklist:read", "audit:read", "fhir:read"}),
    "administrator": frozenset({"account:manage", "facility:manage", "audit:read", "fhir:read"}),
}
EVERYBODY = frozenset({"protocol:read", "signed-in"})

# What a system token may do by its scopes. Moves that need a person (review, approve, release) are never among them.
_BY_READING = frozenset({"fhir:read", "protocol:read", "patient:read", "worklist:read"})
_BY_WRITING = frozenset({"fhir:write", "patient:write", "pathway:enrol", "visit:record", "referral:send"})


def merged(features: Iterable[Any]) -> dict[str, frozenset[str]]:
    """Role -> all grants: the platform's and those of each feature."""
    grants = {role: PLATFORM[role] | EVERYBODY for role in ROLES}
    for feature in features:
        for role, words in feature.grants.items():
            grants[role] = grants.get(role, EVERYBODY) | words
    return grants


def of_roles(roles: Iterable[str], table: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """All grants of somebody who holds these roles."""
    return frozenset().union(*(table.get(role, frozenset()) for role in roles))


def of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """Grants that SMART v2 scopes such as ``system/*.cruds`` or ``system/Observation.rs?code=…`` carry.

    Which resource types they reach is judged at the FHIR door, per request
    (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html).
    """
    found: frozenset[str] = frozenset()
    for scope in scopes:
        letters = scope.partition("?")[0].rpartition(".")[2]
        if set(letters) & {"r", "s"}:
            found |= _BY_READING
        if set(letters) & {"c", "u", "d"}:
            found |= _BY_WRITING
    return found
