"""A computed dose: said in both languages, or nothing is prescribed."""

from __future__ import annotations

from typing import Any

import pytest

from app.config import CANONICAL_BASE as BASE
from app.errors import Invalid
from app.fhir import translation, validation
from pathways.apply import apply_activity
from pathways.apply.dynamic import refuse_path, set_value
from tests.pathways.apply.domain import (
    a_lab,
    a_plan,
    a_variable,
    an_action,
    an_activity,
    asked,
    in_both,
    resources_of,
    run,
    uses,
    when,
)

TEXT = "dosageInstruction[0].text"
ARABIC = f"{TEXT}.extension('{translation.URL}')"
DOSE = "dosageInstruction[0].doseAndRate[0].doseQuantity.value"
TREATMENT = {"code": [{"coding": [{"system": f"{BASE}/CodeSystem/action-kind", "code": "treatment"}]}]}
ASK = an_activity("ask-dose", code={"text": "Demander la dose"})
LAST = "Observation?patient={{%patient.id}}&code=http://loinc.org|1558-6&_sort=-date&_count=1"


def dynamic(path: str, text: str) -> dict[str, Any]:
    return {"path": path, "expression": {"language": "text/fhirpath", "expression": text}}


def insulin(*values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An insulin of which ten units are printed."""
    units = {"value": 10, "unit": "UI", "system": "http://unitsofmeasure.org", "code": "[IU]"}
    dosage = in_both("text", "10 UI au coucher", "10 وحدات عند النوم") | {"doseAndRate": [{"doseQuantity": units}]}
    about = {"productCodeableConcept": {"text": "NPH"}, "dosage": [dosage], "dynamicValue": list(values)}
    return an_activity("nph", "MedicationRequest", **about) | more


def computed(**more: Any) -> list[dict[str, Any]]:
    """The variables of a dose that follows the last glucose."""
    return [
        a_variable("found", LAST),
        a_variable(
            "glucose", "%found.entry.resource.value.ofType(Quantity).value.first()", needed=True, ask=ASK["url"],
            **in_both("description", "Glycémie à jeun", "سكر الصيام"),
        ),
        a_variable("dose", "%glucose * 2"),
    ]  # fmt: skip


SAID = (
    dynamic(DOSE, "%dose"),
    dynamic(TEXT, "%dose.toString() & ' UI au coucher'"),
    dynamic(f"{ARABIC}.extension('lang').valueCode", "'ar'"),
    dynamic(f"{ARABIC}.extension('content').value", "%dose.toString() & ' وحدة عند النوم'"),
)


def test_a_computed_dose_is_said_in_both_languages() -> None:
    nph = insulin()
    plan = a_plan(an_action("NPH", **uses(nph), dynamicValue=list(SAID)), variables=computed())
    (order,) = resources_of(run(plan, a_lab("1558-6", "7", "mmol/L"), definitions=[nph, ASK]), "MedicationRequest")
    (dosage,) = order["dosageInstruction"]
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == 14
    assert translation.text(dosage, "text", "fr", primary="fr") == "14 UI au coucher"
    assert translation.text(dosage, "text", "ar") == "14 وحدة عند النوم"
    assert not validation.validate(order)


def test_a_text_that_is_set_anew_keeps_no_translation_that_says_something_else() -> None:
    nph = insulin(dynamic(TEXT, "'14 UI au coucher'"))
    order = apply_activity(nph, asked())
    assert translation.text(order["dosageInstruction"][0], "text", "ar") == "14 UI au coucher"
    assert "_text" not in order["dosageInstruction"][0]


def test_a_dose_that_cannot_be_computed_is_not_the_printed_one() -> None:
    nph, other = insulin(), an_activity("metformin", "MedicationRequest", productCodeableConcept={"text": "Metformine"})
    plan = a_plan(
        an_action(
            "Insuline",
            **TREATMENT,
            id="step",
            prefix="1",
            action=[an_action("Metformine", **uses(other)), an_action("NPH", **uses(nph), dynamicValue=list(SAID))],
        ),
        variables=computed(),
    )
    applied = run(plan, definitions=[nph, other, ASK])
    assert resources_of(applied, "MedicationRequest") == [], "half a regimen is none"
    step = applied.actions[0]
    assert [(one.title, one.taken) for one in step.walk()] == [
        ("Insuline", "failed"), ("Metformine", "not-taken"), ("NPH", "failed"), ("ask-dose", "taken"),
    ]  # fmt: skip
    assert "Glycémie à jeun" in step.reason and "سكر الصيام" in step.reason_in("ar")
    (issue,) = applied.issues
    assert "NPH" in issue.text and "%glucose" in issue.text and "%dose" in (issue.diagnostics or "")
    (ask,) = resources_of(applied, "Task")
    assert ask["code"]["text"] == "Demander la dose"
    (group,) = resources_of(applied, "RequestGroup")
    assert [one["resource"]["reference"] for one in group["action"]] == [f"Task/{ask['id']}"]


def test_a_part_of_which_nothing_is_known_leaves_the_whole_open() -> None:
    nph, other = insulin(), an_activity("metformin", "MedicationRequest", productCodeableConcept={"text": "Metformine"})
    parts = [an_action("Metformine", **uses(other)), an_action("NPH", **when("%glucose > 7"), **uses(nph))]
    plan = a_plan(an_action("Insuline", **TREATMENT, prefix="1", action=parts), variables=computed())
    for record, taken, orders in (
        ([], "missing", 0),
        ([a_lab("1558-6", "7", "mmol/L")], "taken", 1),
        ([a_lab("1558-6", "8", "mmol/L")], "taken", 2),
    ):
        applied = run(plan, *record, definitions=[nph, other, ASK])
        assert applied.actions[0].taken == taken
        assert len(resources_of(applied, "MedicationRequest")) == orders
    assert "Glycémie à jeun" in run(plan, definitions=[nph, other, ASK]).actions[0].reason


def test_the_engine_alone_refuses_too() -> None:
    with pytest.raises(Invalid, match="is not known"):
        apply_activity(insulin(dynamic(DOSE, "{}")), asked())


@pytest.mark.parametrize("path", ["note.text", "priority", "dosageInstruction.text"])
def test_only_what_is_prescribed_has_to_be_known(path: str) -> None:
    order = an_activity("order", "ServiceRequest" if path == "priority" else "MedicationRequest",
                        dynamicValue=[dynamic(path, "{}")], productCodeableConcept={"text": "NPH"})  # fmt: skip
    if path.startswith("dosage"):
        with pytest.raises(Invalid):
            apply_activity(order, asked())
    else:
        assert apply_activity(order, asked())["status"] == "draft"


def test_all_or_none_makes_none_where_one_cannot_be_made() -> None:
    fine, broken = an_activity("fine", "ServiceRequest"), an_activity("broken", "Reminder")
    group = an_action("Both", selectionBehavior="all-or-none",
                      action=[an_action("Fine", **uses(fine)), an_action("Broken", **uses(broken))])  # fmt: skip
    applied = run(a_plan(group), definitions=[fine, broken])
    assert [one.taken for one in applied.actions[0].walk()] == ["taken", "not-taken", "failed"]
    assert resources_of(applied, "ServiceRequest") == []


def test_an_extension_of_a_primitive_is_reached_by_its_place() -> None:
    start = {"resourceType": "Patient", "name": [{"given": ["Amina", "Zineb"]}]}
    path = "name[0].given[1].extension('http://example.org/x')[1].value"
    found = set_value(set_value(start, path.replace("[1].value", ".value"), ["a"]), path, ["b"])
    url = "http://example.org/x"
    assert found["name"][0]["_given"] == [
        None,
        {"extension": [{"url": url, "valueString": "a"}, {"url": url, "valueString": "b"}]},
    ]
    refuse_path("MedicationRequest", f"{ARABIC}.extension('content').value")
