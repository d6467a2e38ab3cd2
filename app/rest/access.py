"""The rows of the access table for this door: endpoint → grant. Scopes and types are looked at in ``permission``."""

from __future__ import annotations

from app.access.table import PUBLIC
from app.rest.routes import ROWS

ACCESS: dict[str, str] = {f"fhir.{row.name}": "fhir:write" if row.writes else "fhir:read" for row in ROWS} | {
    "fhir.metadata": PUBLIC,
    "fhir.bundle": "fhir:read",  # a batch may only read; each entry is looked at by itself
    "fhir.operation": "signed-in",  # each operation names its own grant
    "fhir.nothing": PUBLIC,
    "fhir.smart_configuration": PUBLIC,
    "smart.configuration": PUBLIC,
    "smart.token": PUBLIC,  # who asks is proven by what is sent
}
