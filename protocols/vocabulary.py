"""The words that protocols are written in: extensions and code systems that several parts of publishing read."""

from __future__ import annotations

from app.config import CANONICAL_BASE

VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
"""On a PlanDefinition: a named expression."""
TO_BE_CONFIRMED = f"{CANONICAL_BASE}/StructureDefinition/to-be-confirmed"
"""On what the Ministry has yet to confirm."""
ACTION_KIND = f"{CANONICAL_BASE}/CodeSystem/action-kind"
"""What an action is for: a stage, a treatment, a test …"""
FACILITY_LEVEL = f"{CANONICAL_BASE}/CodeSystem/facility-level"
"""On an Organization, and on who may act: region, hospital, health centre …"""
