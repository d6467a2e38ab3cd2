"""FHIR R4 without any I/O: resources as dicts, validation, search parameters, FHIRPath, translation."""
