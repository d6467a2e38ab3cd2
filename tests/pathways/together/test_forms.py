"""Two forms filled in as one: what both ask is asked once, and stands in both answers."""

from __future__ import annotations

from pathways.together.forms import merged, split

LOINC = "http://loinc.org"


def question(link: str, code: str | None = None, **more: object) -> dict:
    item = {"linkId": link, "type": "decimal", "text": link} | more
    return item | ({"code": [{"system": LOINC, "code": code}]} if code else {})


def group(link: str, *items: dict, code: str | None = None) -> dict:
    return question(link, code, type="group", item=list(items))


def form(name: str, *items: dict) -> dict:
    return {
        "resourceType": "Questionnaire",
        "url": f"https://example.org/Questionnaire/{name}",
        "version": "1.0.0",
        "status": "active",
        "item": list(items),
    }


PRESSURE = form(
    "pressure",
    group("bp", question("sys", "8480-6"), question("dia", "8462-4"), code="85354-9"),
    question("weight", "29463-7"),
    question("note", type="text"),
)
SUGAR = form(
    "sugar",
    group("body", question("kg", "29463-7"), question("height", "8302-2")),
    group("pressure", question("upper", "8480-6"), question("lower", "8462-4"), code="85354-9"),
    question("hba1c", "4548-4"),
    question("sys", "9999-9", enableWhen=[{"question": "hba1c", "operator": "exists", "answerBoolean": True}]),
)


def links(items: list[dict]) -> list[str]:
    return [link for item in items for link in (item["linkId"], *links(item.get("item", [])))]


def test_one_form_is_itself() -> None:
    assert merged([PRESSURE]).form is PRESSURE


def test_a_shared_measurement_is_asked_once() -> None:
    asked = links(merged([PRESSURE, SUGAR]).form["item"])
    assert asked == ["bp", "sys", "dia", "weight", "body", "height", "hba1c", "p2-sys", "note"]


def test_a_group_of_both_forms_is_one_group() -> None:
    first = form("a", group("results", question("k", "2823-3")), question("note", type="text"))
    second = form("b", group("results", question("sugar", "2345-7")), question("signs", "s", required=True))
    together = merged([first, second])
    assert links(together.form["item"]) == ["signs", "results", "k", "sugar", "note"]


def test_a_name_taken_by_another_question_gets_its_own() -> None:
    form = merged([PRESSURE, SUGAR]).form
    renamed = next(item for item in form["item"] if item["linkId"] == "p2-sys")
    assert renamed["code"][0]["code"] == "9999-9"
    assert renamed["enableWhen"][0]["question"] == "hba1c"


def test_an_answer_goes_back_to_every_form_that_asks_for_it() -> None:
    together = merged([PRESSURE, SUGAR])
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [
            {"linkId": "bp", "item": [{"linkId": "sys", "answer": [{"valueDecimal": 150}]}]},
            {"linkId": "weight", "answer": [{"valueDecimal": 80}]},
            {"linkId": "hba1c", "answer": [{"valueDecimal": 8}]},
            {"linkId": "p2-sys", "answer": [{"valueDecimal": 1}]},
        ],
    }
    pressure, sugar = split(together, response, CODES.get)
    assert pressure["questionnaire"] == "https://example.org/Questionnaire/pressure|1.0.0"
    assert links(pressure["item"]) == ["bp", "sys", "weight"]
    assert sugar["questionnaire"] == "https://example.org/Questionnaire/sugar|1.0.0"
    assert links(sugar["item"]) == ["body", "kg", "pressure", "upper", "hba1c", "sys"]
    assert sugar["item"][0]["item"][0]["answer"] == [{"valueDecimal": 80}]
    assert sugar["item"][-1]["answer"] == [{"valueDecimal": 1}]


def test_the_same_name_without_codes_is_the_same_question_only_with_the_same_words() -> None:
    other = form("other", question("note", type="text"), question("weight", None, text="birth weight"))
    assert links(merged([PRESSURE, other]).form["item"])[-2] == "p2-weight"


def ticked(link: str, values: str, **more: object) -> dict:
    return question(link, "danger", type="choice", repeats=True, answerValueSet=f"https://example.org/{values}") | more


CODES = {
    "https://example.org/heart": [("urn:c", "none", "None"), ("urn:c", "chest-pain", "Chest pain")],
    "https://example.org/foot": [("urn:c", "none", "None"), ("urn:c", "gangrene", "Gangrene")],
}
NONE = {
    "url": "https://maslak.ma/fhir/StructureDefinition/exclusive-answer",
    "valueCoding": {"system": "urn:c", "code": "none"},
}


def test_two_lists_of_one_thing_are_one_list_and_each_form_gets_its_own_codes() -> None:
    heart = form("heart", ticked("signs", "heart", extension=[NONE]))
    foot = form("foot", ticked("dangers", "foot", required=True, extension=[NONE]))
    together = merged([heart, foot])
    (item,) = together.form["item"]
    assert item["linkId"] == "signs" and item["required"]
    assert [code for _, code, _ in together.value_sets(CODES.get)(item["answerValueSet"])] == [
        "none",
        "chest-pain",
        "gangrene",
    ]
    given = [{"valueCoding": {"system": "urn:c", "code": "gangrene"}}]
    response = {"resourceType": "QuestionnaireResponse", "item": [{"linkId": "signs", "answer": given}]}
    first, second = split(together, response, CODES.get)
    assert [a["valueCoding"]["code"] for a in first["item"][0]["answer"]] == ["none"]
    assert [a["valueCoding"]["code"] for a in second["item"][0]["answer"]] == ["gangrene"]
    assert together.asking("signs") == [0, 1]


def test_a_question_below_a_question_keeps_its_place() -> None:
    known = question("known", type="boolean", item=[question("since", type="date")])
    together = merged([form("a", known, question("x", "1")), form("b", known, question("y", "2"))])
    below = [{"linkId": "since", "answer": [{"valueDate": "2020-01-01"}]}]
    response = {
        "resourceType": "QuestionnaireResponse",
        "item": [{"linkId": "known", "answer": [{"valueBoolean": True, "item": below}]}],
    }
    for one in split(together, response, CODES.get):
        assert one["item"][0]["answer"] == [{"valueBoolean": True, "item": below}]
