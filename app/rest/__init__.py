"""The FHIR R4 door (https://hl7.org/fhir/R4/http.html): one file an interaction, one table of all of them."""

from app.rest.blueprint import blueprint

__all__ = ["blueprint"]
