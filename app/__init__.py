"""The platform: FHIR, storage, people and pages. It names no disease and no feature."""
