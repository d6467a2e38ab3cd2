"""Terminology (https://hl7.org/fhir/R4/terminology-service.html): expand, validate-code, lookup, subsumes,
translate.
"""

from app.terminology.concepts import Concept
from app.terminology.service import Terminology

__all__ = ["Concept", "Terminology"]
