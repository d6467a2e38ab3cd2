"""The search parameters that a record in memory knows: those of R4, and our own few."""

from __future__ import annotations

from app.config import CANONICAL_BASE
from app.fhir.search_parameters import parameter as official

OWN: dict[tuple[str, str], tuple[str, str]] = {
    ("Task", "due"): ("date", "Task.restriction.period"),
    ("EpisodeOfCare", "pathway"): (
        "uri",
        f"EpisodeOfCare.extension('{CANONICAL_BASE}/StructureDefinition/pathway').value",
    ),
}
"""(type, code) → (kind, expression); the store indexes the same."""


def parameter(type: str, code: str) -> tuple[str, str] | None:
    """(kind, FHIRPath expression) of a search parameter; None where there is none or no expression can answer."""
    if (type, code) in OWN:
        return OWN[type, code]
    found = official(type, code)
    return (found.type, found.expression) if found is not None and found.expression else None
