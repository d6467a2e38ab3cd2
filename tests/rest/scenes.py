"""Resources of the rules: a minimal valid one of each type, laid under what a rule says of it."""

from __future__ import annotations

import json
from typing import Any

MINIMAL: dict[str, dict[str, Any]] = {
    "Patient": {"active": True},
    "Observation": {"status": "final", "code": {"text": "measure"}},
    "Basic": {"code": {"text": "anything"}},
    "Practitioner": {},
    "Organization": {"name": "Centre de santé"},
    "Condition": {"subject": {"display": "somebody"}, "code": {"text": "I10"}},
    "Encounter": {"status": "finished", "class": {"code": "AMB"}},
    "EpisodeOfCare": {"status": "active"},
    "Composition": {
        "status": "final",
        "type": {"text": "letter"},
        "date": "2026-01-05",
        "author": [{"display": "Dr"}],
        "title": "Lettre",
    },
    "CodeSystem": {"status": "active", "content": "complete"},
    "ValueSet": {"status": "active"},
    "ConceptMap": {"status": "active"},
    "Bundle": {"type": "transaction"},
    "Parameters": {},
}


def resource(given: Any) -> Any:
    """``{"Patient": {...}}`` as a whole resource; anything else as it stands, its inside likewise."""
    if isinstance(given, list):
        return [resource(item) for item in given]
    if not isinstance(given, dict):
        return given
    if len(given) == 1 and (name := next(iter(given))) in MINIMAL:
        return {"resourceType": name, **MINIMAL[name], **resource(given[name])}
    return {key: resource(item) for key, item in given.items()}


def told(text: str, word: str) -> str:
    """A rule's own names: every ``~`` is its word, so that the rules can share a database."""
    return text.replace("~", word)


def as_json(value: Any) -> str:
    """JSON in which ``"@0.40"`` stands as the number 0.40, digit by digit."""
    import re

    return re.sub(r'"@(-?\d[\d.]*)"', r"\1", json.dumps(value, ensure_ascii=False))
