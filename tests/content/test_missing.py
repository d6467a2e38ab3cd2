"""What a file names and what is not there is told, with the file, and does not end the check."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from app import content
from pathways.feature import FEATURE


def test_a_definition_that_is_not_there_is_told_with_its_file(tmp_path: Path) -> None:
    plan = {
        "resourceType": "PlanDefinition",
        "id": "lonely",
        "url": "https://maslak.ma/fhir/PlanDefinition/lonely",
        "version": "1.0.0",
        "status": "draft",
        "action": [
            {"id": "a", "definitionCanonical": "https://maslak.ma/fhir/ActivityDefinition/gone"},
            {"id": "b", "definitionCanonical": "https://maslak.ma/fhir/PlanDefinition/lonely"},
        ],
    }
    (tmp_path / "lonely").mkdir()
    (tmp_path / "lonely" / "plandefinition-lonely.json").write_text(json.dumps(plan))
    found = [
        (path.name, str(issue), issue.expression) for path, issue in content.check([replace(FEATURE, content=tmp_path)])
    ]
    place = "PlanDefinition.action[{}].definitionCanonical"
    name = "plandefinition-lonely.json"
    assert (name, "there is no definition https://maslak.ma/fhir/ActivityDefinition/gone", place.format(0)) in found
    assert any(path == name and "circle" in text and at == place.format(1) for path, text, at in found)
