"""Template-based extraction: contained resources are filled with answers."""

from typing import Any

from pathways.questionnaire import sdc
from pathways.questionnaire.extract import extract_bundle
from pathways.questionnaire.response import respond
from tests.pathways.questionnaire.extraction import codes, made
from tests.pathways.questionnaire.forms import (
    a_form,
    ask,
    ext,
    option,
    today,
)


def put(expression: str) -> dict[str, Any]:
    return {"extension": [ext(sdc.TEMPLATE_VALUE, valueString=expression)]}


def test_a_template_is_filled_and_loses_what_has_no_answer() -> None:
    at = ext(sdc.TEMPLATE_CONTEXT, valueString="item.where(linkId = 'drug')")
    template = {
        "resourceType": "MedicationStatement",
        "id": "t",
        "status": "active",
        "medicationCodeableConcept": {"extension": [at], "_text": put("answer.value")},
        "subject": {"_reference": put("%resource.subject.reference")},
        "note": [
            {
                "extension": [ext(sdc.TEMPLATE_CONTEXT, valueString="item.where(linkId = 'note')")],
                "_text": put("answer.value"),
            }
        ],
    }
    extract_it = {
        "url": sdc.TEMPLATE_EXTRACT,
        "extension": [{"url": "template", "valueReference": {"reference": "#t"}}],
    }
    form = a_form(ask("string", "drug"), ask("string", "note"), contained=[template], extension=[extract_it])
    (statement,) = made(form, {"drug": [{"valueString": "amlodipine"}]})
    assert statement["medicationCodeableConcept"] == {"text": "amlodipine"}
    assert statement["subject"] == {"reference": "Patient/amina"}
    assert "note" not in statement and "id" not in statement
    (statement,) = made(form, {"drug": [{"valueString": "x"}], "note": [{"valueString": "le soir"}]})
    assert statement["note"] == [{"text": "le soir"}]


def test_a_template_on_a_repeating_question_gives_one_resource_an_answer() -> None:
    template = {
        "resourceType": "Condition",
        "id": "t",
        "code": {"coding": [put("answer.value")]},
        "_recordedDate": put("%resource.authored"),
        "subject": {"reference": "Patient/amina"},
    }
    extract_it = {
        "url": sdc.TEMPLATE_EXTRACT,
        "extension": [{"url": "template", "valueReference": {"reference": "#t"}}],
    }
    listed = [option("E11", "Diabète"), option("N18", "IRC")]
    form = a_form(ask("choice", "c", "", extract_it, repeats=True, answerOption=listed), contained=[template])
    found = made(form, {"c": listed})
    assert [codes(one) for one in found] == [["E11"], ["N18"]]
    assert found[0]["recordedDate"] == "2026-11-21T10:30:00+01:00"


def test_a_template_bundle_shares_an_allocated_address() -> None:
    entry = {
        "_fullUrl": put("%obs"),
        "resource": {
            "resourceType": "Observation",
            "status": "final",
            "_valueInteger": put("%resource.item.answer.value"),
        },
    }
    listing = {
        "resource": {
            "resourceType": "List",
            "status": "current",
            "mode": "working",
            "entry": [{"item": {"_reference": put("%obs")}}],
        }
    }
    bundle = {"resourceType": "Bundle", "id": "b", "type": "transaction", "entry": [entry, listing]}
    form = a_form(
        ask("integer", "a"),
        contained=[bundle],
        extension=[
            ext(sdc.ALLOCATE_ID, valueString="obs"),
            ext(sdc.TEMPLATE_EXTRACT_BUNDLE, valueReference={"reference": "#b"}),
        ],
    )
    context = today()
    made = extract_bundle(form, respond(form, {"a": [{"valueInteger": 7}]}, context, form_key="k"), context)["entry"]
    assert made[0]["resource"]["valueInteger"] == 7
    assert made[1]["resource"]["entry"] == [{"item": {"reference": made[0]["fullUrl"]}}]
