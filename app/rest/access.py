"""The rows of the access table for this door: endpoint → grant. Scopes and types are looked at in ``permission``."""

from __future__ import annotations

from app.access.table import PUBLIC, SIGNED_IN
from app.rest.routes import ROWS

ACCESS: dict[str, str] = {f"fhir.{row.name}": "fhir:write" if row.writes else "fhir:read" for row in ROWS} | {
    "fhir.metadata": PUBLIC,
    "fhir.bundle": SIGNED_IN,  # it may only read, or only write: each entry is looked at by itself
    "fhir.operation": SIGNED_IN,  # each operation names its own grant
    "fhir.nothing": PUBLIC,
    "fhir.smart_configuration": PUBLIC,
    "smart.configuration": PUBLIC,
    "smart.token": PUBLIC,  # who asks is proven by what is sent
}
