"""What the pages of publishing show, made from FHIR artefacts; no disease is named here."""
