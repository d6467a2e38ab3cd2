"""What a form shows of an artefact can be written back, and nothing else changes; on the national content as it is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid
from app.fhir import json
from app.fhir.translation import text
from app.fhir.validation import validate
from protocols.completeness import untranslated
from protocols.differences import artifact_diff
from protocols.parameters import parameters, with_values
from protocols.wording import Amount, Mark, Text, parts, places, rewritten

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for feature in ("protocols", "pathways")
    for path in (ROOT / feature / "content").glob("*/*.json")
    if path.name.startswith(("plandefinition-", "questionnaire-", "valueset-", "activitydefinition-prescribe-a"))
)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_writing_back_what_was_read_changes_nothing(path: Path) -> None:
    resource = read(path)
    for part in parts(resource):
        held: dict[str, Any] = {}
        for place in places(resource, part):
            held[place.key] = {"fr": place.fr, "ar": place.ar} if isinstance(place, Text) else place.value
        assert artifact_diff(resource, rewritten(resource, held)) == [], part.key


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_place_stands_in_one_part_and_has_both_languages(path: Path) -> None:
    resource = read(path)
    keys = [place.key for part in parts(resource) for place in places(resource, part)]
    assert len(keys) == len(set(keys))
    missing = [p.key for part in parts(resource) for p in places(resource, part) if isinstance(p, Text) and not p.ar]
    assert missing == [] and untranslated(resource) == []


@pytest.mark.parametrize("path", FILES[:6], ids=lambda path: path.stem)
def test_a_written_artefact_is_valid_and_differs_where_it_was_written(path: Path) -> None:
    resource = read(path)
    for part in parts(resource)[:4]:
        for place in places(resource, part)[:6]:
            value: Any = {"fr": "Nouveau", "ar": "جديد"}
            if isinstance(place, Amount):
                value = place.value + 1
            elif isinstance(place, Mark):
                value = not place.value
            changed = rewritten(resource, {place.key: value})
            assert artifact_diff(resource, changed), place.key
            assert [str(i) for i in validate(changed) if i.severity == "error"] == []


def test_the_text_in_short_follows_the_description() -> None:
    owner = {"resourceType": "PlanDefinition", "action": [{"description": "Un", "textEquivalent": "Un"}]}
    changed = rewritten(owner, {"action.0.description": {"fr": "Deux", "ar": "اثنان"}})
    assert changed["action"][0]["textEquivalent"] == "Deux"
    assert text(changed["action"][0], "textEquivalent", "ar") == "اثنان"


def test_a_dose_keeps_its_decimals() -> None:
    order = {
        "resourceType": "ActivityDefinition",
        "dosage": [{"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}],
    }
    changed = rewritten(order, {"dosage.0.doseAndRate.0.doseQuantity.value": Decimal("2.50")})
    assert str(changed["dosage"][0]["doseAndRate"][0]["doseQuantity"]["value"]) == "2.50"


def test_a_named_value_is_written_into_every_plan_that_has_it() -> None:
    plans = [read(path) for path in FILES if path.stem.startswith("plandefinition-")]
    held = {one.name: one for one in parameters(plans, "fr")}
    disputed = next(one for one in held.values() if len(one.options) > 1 and not one.chooses)
    other = next(option.value for option in disputed.options if option.value != disputed.value)
    changed = [with_values(plan, {disputed.name: other}) for plan in plans]
    assert {one.value for plan in changed for one in parameters([plan], "fr") if one.name == disputed.name} == {other}
    for value in ("1 + 1", "%sbp", "Patient.name", "'a' or true"):
        with pytest.raises(Invalid, match="is no number"):
            with_values(plans[0], {disputed.name: value})
