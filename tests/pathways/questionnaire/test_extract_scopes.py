"""Extraction in hard places (SDC 4): addresses allocated at each level, repeats in repeats, resources that refer to
each other, entries with requests of their own, templates inside extensions."""

from __future__ import annotations

from typing import Any

import pytest

from pathways.questionnaire import sdc
from pathways.questionnaire.extract import extract_bundle
from tests.pathways.questionnaire.forms import RESOURCE, a_form, ask, ext, today


def put(expression: str) -> dict[str, Any]:
    return {"extension": [ext(sdc.TEMPLATE_VALUE, valueString=expression)]}


def each(expression: str) -> list[dict[str, Any]]:
    return [ext(sdc.TEMPLATE_CONTEXT, valueString=expression)]


def template(name: str, **parts: str) -> dict[str, Any]:
    given = [{"url": key, "valueString": text} for key, text in parts.items()]
    return {
        "url": sdc.TEMPLATE_EXTRACT,
        "extension": [{"url": "template", "valueReference": {"reference": f"#{name}"}}, *given],
    }


def definition(type_: str, **parts: str) -> dict[str, Any]:
    given = [{"url": key, "valueString": text} for key, text in parts.items()]
    return {
        "url": sdc.DEFINITION_EXTRACT,
        "extension": [{"url": "definition", "valueCanonical": RESOURCE + type_}, *given],
    }


def value(path: str, expression: str) -> dict[str, Any]:
    computed = {"language": "text/fhirpath", "expression": expression}
    parts = [{"url": "definition", "valueUri": f"{RESOURCE}{path.split('.')[0]}#{path}"}]
    return {
        "url": sdc.DEFINITION_EXTRACT_VALUE,
        "extension": [*parts, {"url": "expression", "valueExpression": computed}],
    }


def allocate(name: str) -> dict[str, Any]:
    return ext(sdc.ALLOCATE_ID, valueString=name)


def said(link_id: str, *texts: str) -> dict[str, Any]:
    return {"linkId": link_id, "answer": [{"valueString": text} for text in texts]}


def group(link_id: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"linkId": link_id, "item": list(items)}


def entries(form: dict[str, Any], *items: dict[str, Any]) -> list[dict[str, Any]]:
    response = {
        "resourceType": "QuestionnaireResponse", "id": "r1", "status": "completed", "authored": "2026-11-21T09:00:00Z",
        "identifier": {"system": sdc.FORM_SYSTEM, "value": "k"}, "subject": {"reference": "Patient/amina"},
        "author": {"reference": "Practitioner/d1"}, "item": list(items),
    }  # fmt: skip
    return extract_bundle(form, response, today())["entry"]


PARENT = {"resourceType": "RelatedPerson", "id": "parent", "patient": {"reference": "Patient/amina"},
          "name": [{"_text": put("item.where(linkId = 'name').answer.value")}]}  # fmt: skip
CHILD = {"resourceType": "Observation", "id": "seen", "status": "final", "code": {"text": "illness"},
         "focus": [{"_reference": put("%parentId")}], "_valueString": put("answer.value")}  # fmt: skip
FAMILY = a_form(
    ask(
        "group", "parent", "", allocate("parentId"), template("parent", fullUrl="%parentId"), repeats=True,
        item=[ask("string", "name"), ask("string", "illness", "", template("seen"), repeats=True)],
    ),
    contained=[PARENT, CHILD],
)  # fmt: skip
TWO = (
    group("parent", said("name", "Driss"), said("illness", "asthme", "goutte")),
    group("parent", said("name", "Fatna"), said("illness", "diabète")),
)


def test_each_row_of_a_group_has_an_address_of_its_own_that_its_children_see() -> None:
    made = entries(FAMILY, *TWO)
    people = {one["resource"]["name"][0]["text"]: one["fullUrl"] for one in made if "name" in one["resource"]}
    assert len(set(people.values())) == 2 and all(url.startswith("urn:uuid:") for url in people.values())
    seen = {
        one["resource"]["valueString"]: one["resource"]["focus"][0]["reference"]
        for one in made
        if "valueString" in one["resource"]
    }
    assert seen == {"asthme": people["Driss"], "goutte": people["Driss"], "diabète": people["Fatna"]}


def test_the_same_form_gives_the_same_addresses() -> None:
    assert entries(FAMILY, *TWO) == entries(FAMILY, *TWO)


def test_every_entry_has_an_address_of_its_own() -> None:
    addresses = [one["fullUrl"] for one in entries(FAMILY, *TWO)]
    assert len(addresses) == len(set(addresses)) == 5


def test_each_answer_of_a_repeating_question_allocates_anew() -> None:
    seen = CHILD | {"focus": [{"_reference": put("%own")}]}
    question = ask("string", "illness", "", allocate("own"), template("seen", fullUrl="%own"), repeats=True)
    made = entries(a_form(question, contained=[seen]), said("illness", "a", "b"))
    assert [one["resource"]["focus"][0]["reference"] for one in made] == [one["fullUrl"] for one in made]
    assert made[0]["fullUrl"] != made[1]["fullUrl"]


def test_definitions_see_allocated_addresses_too() -> None:
    form = a_form(
        ask(
            "group", "parent", "", allocate("parentId"), definition("RelatedPerson", fullUrl="%parentId"), repeats=True,
            item=[
                ask("string", "name", definition=f"{RESOURCE}RelatedPerson#RelatedPerson.name.text"),
                ask(
                    "string", "illness", "", definition("Observation"),
                    value("Observation.focus.reference", "%parentId"),
                    value("Observation.status", "'final'"), value("Observation.code.text", "'illness'"), repeats=True,
                    definition=f"{RESOURCE}Observation#Observation.valueString",
                ),
            ],
        )
    )  # fmt: skip
    made = entries(form, *TWO)
    people = [one["fullUrl"] for one in made if one["resource"]["resourceType"] == "RelatedPerson"]
    of = [one["resource"]["focus"][0]["reference"] for one in made if one["resource"]["resourceType"] == "Observation"]
    assert of == [people[0], people[0], people[1]]


def test_the_root_allocates_once_for_definitions_and_templates() -> None:
    seen = CHILD | {"focus": [{"_reference": put("%one")}]}
    form = a_form(
        ask("string", "name", definition=f"{RESOURCE}RelatedPerson#RelatedPerson.name.text"),
        ask("string", "illness", "", template("seen"), repeats=True),
        contained=[seen],
        extension=[allocate("one"), definition("RelatedPerson", fullUrl="%one")],
    )
    person, first, second = entries(form, said("name", "Driss"), said("illness", "a", "b"))
    assert {one["resource"]["focus"][0]["reference"] for one in (first, second)} == {person["fullUrl"]}


def test_the_root_makes_its_resource_even_without_answers_an_item_does_not() -> None:
    both = a_form(
        ask("string", "illness", "", template("seen")),
        contained=[CHILD, PARENT],
        extension=[template("parent"), definition("RelatedPerson")],
    )
    assert [one["resource"]["resourceType"] for one in entries(both)] == ["RelatedPerson", "RelatedPerson"]


@pytest.mark.parametrize("by", [template("parent"), None], ids=["template", "definition"])
def test_request_parts_are_computed(by: dict[str, Any] | None) -> None:
    parts = {
        "ifNoneExist": "'name=' + item.where(linkId = 'name').answer.value",
        "ifMatch": "'W/\"' + '3\"'",
        "ifModifiedSince": "%resource.authored",
        "ifNoneMatch": "{}",
        "fullUrl": "{}",
    }
    at = template("parent", **parts) if by else definition("RelatedPerson", **parts)
    name = ask("string", "name", definition=f"{RESOURCE}RelatedPerson#RelatedPerson.name.text")
    (made,) = entries(
        a_form(ask("group", "g", "", at, item=[name]), contained=[PARENT]), group("g", said("name", "Ali"))
    )
    assert made["request"] == {
        "method": "POST", "url": "RelatedPerson", "ifNoneExist": "name=Ali", "ifMatch": 'W/"3"',
        "ifModifiedSince": "2026-11-21T09:00:00Z",
    }  # fmt: skip
    assert made["fullUrl"].startswith("urn:uuid:"), "an empty result gives a new address"


def test_an_id_makes_an_update() -> None:
    known = PARENT | {"_id": put("item.where(linkId = 'id').answer.value")}
    form = a_form(ask("group", "g", "", template("parent"), item=[ask("string", "id")]), contained=[known])
    assert entries(form, group("g", said("id", "p7")))[0]["request"] == {"method": "PUT", "url": "RelatedPerson/p7"}


def test_repeats_in_repeats_stay_where_they_belong() -> None:
    plan = {
        "resourceType": "CarePlan", "id": "plan", "status": "active", "intent": "plan",
        "subject": {"reference": "Patient/amina"},
        "activity": [{
            "extension": each("item.where(linkId = 'act')"),
            "detail": {"status": "not-started", "_description": put("item.where(linkId = 'what').answer.value"),
                       "_instantiatesUri": [put("item.where(linkId = 'uri').answer.value")]},
        }],
    }  # fmt: skip
    act = ask("group", "act", repeats=True, item=[ask("string", "what"), ask("string", "uri", repeats=True)])
    form = a_form(ask("group", "plan", "", template("plan"), repeats=True, item=[act]), contained=[plan])
    first = group(
        "plan", group("act", said("what", "a"), said("uri", "urn:1", "urn:2")), group("act", said("what", "b"))
    )
    one, two = (made["resource"] for made in entries(form, first, group("plan", group("act", said("what", "c")))))
    assert [act["detail"] for act in one["activity"]] == [
        {"status": "not-started", "description": "a", "instantiatesUri": ["urn:1", "urn:2"]},
        {"status": "not-started", "description": "b"},
    ]
    assert [act["detail"]["description"] for act in two["activity"]] == ["c"]


def test_templates_stand_inside_extensions_and_beside_primitives() -> None:
    place = {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"}
    time = {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime"}
    patient = {
        "resourceType": "Patient", "id": "new",
        "extension": [place | {"valueAddress": {"_city": put("item.where(linkId = 'city').answer.value")}}],
        "birthDate": "1980-01-02",
        "_birthDate": {"extension": [time | {"_valueDateTime": put("item.where(linkId = 'born').answer.value")}]},
    }  # fmt: skip
    form = a_form(ask("string", "city"), ask("dateTime", "born"), contained=[patient], extension=[template("new")])
    born = {"linkId": "born", "answer": [{"valueDateTime": "1980-01-02T03:04:00Z"}]}
    (made,) = entries(form, said("city", "Fès"), born)
    assert made["resource"]["extension"] == [place | {"valueAddress": {"city": "Fès"}}]
    assert made["resource"]["_birthDate"] == {"extension": [time | {"valueDateTime": "1980-01-02T03:04:00Z"}]}
    (bare,) = entries(form)
    assert "extension" not in bare["resource"] and "_birthDate" not in bare["resource"]
    assert "templateExtract" not in str(bare)


def test_a_bundle_repeats_and_drops_entries_and_keeps_their_requests() -> None:
    about = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "_valueString": put("answer.value"),
    }
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/amina"},
                 "code": {"extension": each("item.where(linkId = 'never')"), "_text": put("answer.value")}}  # fmt: skip
    bundle = {
        "resourceType": "Bundle", "id": "b", "type": "transaction",
        "entry": [
            {"extension": each("item.where(linkId = 'illness')"), "resource": about,
             "request": {"method": "PUT", "_url": put("'Observation?code=' + answer.value")}},
            {"extension": each("item.where(linkId = 'never')"), "resource": condition},
        ],
    }  # fmt: skip
    questions = (ask("string", "illness", repeats=True), ask("string", "never"))
    reference = ext(sdc.TEMPLATE_EXTRACT_BUNDLE, valueReference={"reference": "#b"})
    made = entries(a_form(*questions, contained=[bundle], extension=[reference]), said("illness", "a"))
    assert [(one["resource"]["valueString"], one["request"]["method"], one["request"]["url"]) for one in made] == [
        ("a", "PUT", "Observation?code=a")
    ]


def test_who_answered_performs_no_order() -> None:
    """ServiceRequest.performer is who is asked to act, Procedure.performer a part with elements of its own."""
    order = {"resourceType": "ServiceRequest", "id": "o", "status": "active", "intent": "order",
             "subject": {"reference": "Patient/amina"}}  # fmt: skip
    done = {"resourceType": "Procedure", "id": "p", "status": "completed", "subject": {"reference": "Patient/amina"}}
    form = a_form(ask("string", "x"), contained=[order, done], extension=[template("o"), template("p")])
    assert all("performer" not in one["resource"] for one in entries(form))
