"""The search parameters that a record in memory knows: those of R4, and our own few, which the store reads too."""

from __future__ import annotations

from app.fhir.definitions import load
from app.fhir.search_parameters import parameter as official


def parameter(type: str, code: str) -> tuple[str, str] | None:
    """(kind, FHIRPath expression) of a search parameter; None where there is none or no expression can answer."""
    own = load("own_search_parameters").get(type, {}).get(code)
    if own is not None:
        return own["type"], own["expression"]
    found = official(type, code)
    return (found.type, found.expression) if found is not None and found.expression else None
