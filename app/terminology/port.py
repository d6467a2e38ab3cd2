"""What FHIRPath's ``memberOf()``, ``subsumes()`` and ``subsumedBy()`` ask (https://hl7.org/fhir/R4/fhirpath.html#functions)."""

from __future__ import annotations

from typing import Any

from app.errors import Invalid, Malformed, NotFound
from app.terminology.service import Terminology


class FhirPathTerminology:
    """The port that ``app.fhir.fhirpath.environment(terminology=…)`` takes; None means that it cannot be known here."""

    def __init__(self, terminology: Terminology) -> None:
        self._terminology = terminology

    def member_of(self, coded: dict[str, Any] | str, valueset_url: str) -> bool | None:
        """Whether a code, or one coding of a concept, is in a value set; None where the set cannot be listed."""
        try:
            return any(
                self._terminology.member(valueset_url, system, code) is not None
                for system, code in self._terminology.codings_of(coded)
            )
        except (NotFound, Invalid, Malformed):
            return None

    def subsumes(self, a: dict[str, Any], b: dict[str, Any]) -> bool | None:
        """Whether the Coding ``a`` is ``b`` or stands above it; None where the system or a code is not here."""
        if a.get("system") != b.get("system"):
            return False
        if a.get("code") == b.get("code"):
            return True
        try:
            found = self._terminology.subsumes(str(a.get("system")), str(a.get("code")), str(b.get("code")))
        except NotFound:
            return None
        return found in ("equivalent", "subsumes")
