"""What every clinical artefact must be: valid R4, complete in French and Arabic, sourced and whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import CANONICAL_BASE
from app.fhir import json, translation
from app.fhir.resource import extension
from app.fhir.validation import validate
from pathways.apply.check import check
from protocols import quiz
from protocols.completeness import untranslated
from tests.golden.golden import actions, contents, definition

ROOT = Path(__file__).parents[2]
ARTEFACTS = contents()
IDS = [url.removeprefix(CANONICAL_BASE) for url in ARTEFACTS]
PLANS = [one for one in ARTEFACTS.values() if one["resourceType"] == "PlanDefinition"]
CLINICAL = ("diagnosis", "treatment", "follow-up", "test", "advice", "alert", "referral", "referral-urgent", "stage")
TO_BE_CONFIRMED = f"{CANONICAL_BASE}/StructureDefinition/to-be-confirmed"
EXPLANATION = f"{CANONICAL_BASE}/StructureDefinition/explanation"
PARAMETER = f"{CANONICAL_BASE}/StructureDefinition/parameter"
ARABIC = re.compile(r"[\u0600-\u06ff]")
EASTERN_DIGITS = re.compile(r"[\u0660-\u0669\u06f0-\u06f9]")
DATED = re.compile(r"\b(19|20)\d\d\b")
ISOLATED = re.compile(r"\u2066[^\u2069]*\u2069|\{\{.*?\}\}|\([^)]*[\u0600-\u06ff][^)]*\)")
"""What stands apart for direction: isolates, places, and brackets with Arabic in them."""
HUMAN = frozenset(
    ["title", "description", "textEquivalent", "text", "purpose", "usage", "copyright", "publisher", "display", "label"]
)
MACHINE_STRINGS = (
    "key",
    "severity",
    "expression",
    "requirements",
    "value",
    "location",
    "name",
    "type",
    "target",
    "unit",
)
"""Sub-extensions whose valueString or valueCode is for programs."""

every_artefact = pytest.mark.parametrize("artefact", ARTEFACTS.values(), ids=IDS)


def walk(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, object) of every object in a resource."""
    if isinstance(value, dict):
        yield place, value
        for key, inner in value.items():
            yield from walk(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from walk(inner, f"{place}[{at}]")


def human_texts(artefact: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(place, French text, translations) of everything that people read."""
    for place, one in walk(artefact):
        if "._" in place:
            continue
        fields = [key for key in HUMAN if isinstance(one.get(key), str)]
        if "code" in one and isinstance(one.get("definition"), str):
            fields.append("definition")
        if isinstance(one.get("valueString"), str) and one.get("url") not in MACHINE_STRINGS and not _unit(one):
            fields.append("valueString")
        for field in fields:
            yield f"{place}.{field}", one[field], translation.translations(one, field)


def _unit(one: dict[str, Any]) -> bool:
    return str(one.get("url", "")).endswith("/StructureDefinition/unit")


@every_artefact
def test_valid_r4(artefact: dict[str, Any]) -> None:
    assert validate(artefact) == []


@every_artefact
def test_french_and_arabic_are_complete(artefact: dict[str, Any]) -> None:
    assert artefact["language"] == "fr"
    paths = [f"*.{field}" for field in HUMAN] + sorted(HUMAN & artefact.keys())
    assert translation.missing(artefact, ("fr", "ar"), paths) == []
    for place, french, others in human_texts(artefact):
        arabic = others.get("ar", "")
        assert arabic, f"{place} has no Arabic: {french}"
        unit = place.endswith("valueCoding.display")
        assert unit or ARABIC.search(arabic) or not re.search(r"[a-z]{4}", french), f"{place} is not Arabic: {arabic}"
        assert not ARABIC.search(french), f"{place} is not French: {french}"
        assert not EASTERN_DIGITS.search(arabic), f"{place} has eastern digits: {arabic}"


@every_artefact
def test_numbers_are_the_same_in_both_languages(artefact: dict[str, Any]) -> None:
    for place, french, others in human_texts(artefact):
        spoken = sorted(set(re.findall(r"\d{2,}", french)))
        heard = sorted(set(re.findall(r"\d{2,}", others.get("ar", ""))))
        assert spoken == heard, f"{place}: {french} / {others.get('ar')}"


@every_artefact
def test_placeholders_are_the_same_in_both_languages(artefact: dict[str, Any]) -> None:
    for place, french, others in human_texts(artefact):
        assert sorted(re.findall(r"{{.*?}}", french)) == sorted(re.findall(r"{{.*?}}", others.get("ar", ""))), place


@every_artefact
def test_a_release_would_not_refuse_it_for_its_texts(artefact: dict[str, Any]) -> None:
    assert untranslated(artefact) == []


@every_artefact
def test_metadata(artefact: dict[str, Any]) -> None:
    name, version = artefact["url"].rsplit("/", 1)[1], artefact["version"]
    assert artefact["id"] == f"{name}-{version}"
    assert artefact["url"].startswith(f"{CANONICAL_BASE}/{artefact['resourceType']}/")
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert artefact["status"] == "active"


@pytest.mark.parametrize("plan", PLANS, ids=lambda one: one["url"].rsplit("/", 1)[1])
def test_the_engine_finds_nothing_wrong(plan: dict[str, Any]) -> None:
    """Expressions can be read, variables are defined, conditions answer a Boolean, definitions exist."""
    assert [str(issue) for issue in check(plan, definition)] == []


def test_every_clinical_action_cites_a_source() -> None:
    for plan in PLANS:
        for action in actions(plan):
            kind = next((c["code"] for one in action.get("code", ()) for c in one["coding"]), None)
            if kind in CLINICAL and "condition" in action:
                cited = [one for one in action.get("documentation", ()) if one["type"] == "citation"]
                assert cited, f"{plan['url']} {action['id']}"
                assert all(DATED.search(one["citation"]) for one in cited), f"{plan['url']} {action['id']}"
                explained = any(one["url"] == EXPLANATION for one in action.get("extension", ()))
                assert explained, f"{plan['url']} {action['id']} does not explain itself"


def test_every_canonical_resolves() -> None:
    keys = {"definitionCanonical", "answerValueSet", "resource", "valueCanonical"}
    for url, artefact in ARTEFACTS.items():
        for place, one in walk(artefact):
            for key in keys & one.keys():
                target = one[key]
                if isinstance(target, str) and target.startswith(CANONICAL_BASE):
                    address, _, version = target.partition("|")
                    assert address in ARTEFACTS, f"{url}{place}: {target}"
                    assert version in ("", ARTEFACTS[address]["version"]), f"{url}{place}: {target}"


def test_every_artefact_belongs_to_a_set() -> None:
    libraries = [one for one in ARTEFACTS.values() if one["resourceType"] == "Library"]
    listed = {part["resource"].split("|")[0] for one in libraries for part in one["relatedArtifact"]}
    assert set(ARTEFACTS) - listed <= {one["url"] for one in libraries}
    for one in libraries:
        pinned = [part["resource"] for part in one["relatedArtifact"] if part["type"] == "composed-of"]
        assert pinned and all("|" in canonical for canonical in pinned)


def test_named_parameters_show_what_the_sources_say() -> None:
    found = {}
    for artefact in ARTEFACTS.values():
        for entry in artefact.get("extension", ()):
            about = entry.get("valueExpression")
            given = next((x for x in (about or {}).get("extension", ()) if x["url"] == PARAMETER), None)
            if given is not None:
                options = [part for part in given["extension"] if part["url"] == "option"]
                values = [next(x["valueString"] for x in part["extension"] if x["url"] == "value") for part in options]
                found[about["name"]] = values
                assert values[0] == about["expression"], f"{about['name']}: the value in force comes first"
    assert {"120", "110"} == set(found["urgentDbp"])
    assert {"4 weeks", "6 weeks"} < set(found["reviewInterval"])
    assert {"90", "80"} == set(found["diabetesDbp"])
    assert found["firstReview"] == ["3 months", "1 month"]
    assert found["severeRegimen"] == ["'both'", "'gliclazide'"]
    assert found["ketonesReferFrom"] == ["2", "3"]
    assert found["afterSteps"] == ["'refer'", "'insulin'"]
    assert found["urgentPressureDbp"] == ["110", "120"]
    assert found["pressureDbp"] == ["80", "90"]


def test_what_is_not_confirmed_is_marked() -> None:
    marked = {one["id"] for plan in PLANS for one in actions(plan) if extension(one, TO_BE_CONFIRMED) is True}
    assert marked >= {"remeasure", "confirmed-high-risk", "step-1-full", "urgent-very-high"}
    assert marked >= {"refer-steps-exhausted", "refer-kidney", "adherence-first", "return-visit"}
    assert marked >= {"severe-start", "first-review", "urgent-ketones", "step-4-alone", "repeat-test", "retest"}
    assert {one["id"] for plan in PLANS for one in actions(plan) if "ramadan-" in one["id"] and "code" in one} <= marked


@pytest.mark.parametrize("disease", ["hypertension", "diabetes"])
def test_simulation_data_are_labelled(disease: str) -> None:
    simulation = json.loads((ROOT / f"pathways/content/{disease}/simulation.json").read_bytes())
    assert simulation["status"] == "plausible, not evidence"
    assert simulation["pathway"] in ARTEFACTS
    assert {source["id"] for source in simulation["sources"]} >= {one["source"] for one in simulation["drug_effects"]}


@every_artefact
def test_a_pressure_keeps_its_order_in_arabic(artefact: dict[str, Any]) -> None:
    """Each place is isolated for direction: two places around a slash would be read the other way round in Arabic."""
    for place, french, others in human_texts(artefact):
        assert "}}/{{" not in french + others.get("ar", ""), place


@every_artefact
def test_a_number_after_a_latin_word_keeps_its_place_in_arabic(artefact: dict[str, Any]) -> None:
    """After Latin letters a number is read with them, from left to right (https://www.unicode.org/reports/tr9/#W7).

    What belongs to the Arabic that follows is held apart by a mark (U+200F); the year of a publication is of its name.
    """
    for place, _french, others in human_texts(artefact):
        text = ISOLATED.sub("ع", others.get("ar", ""))
        for latin in re.findall(r"[A-Za-zµ][^\u0600-\u06ff\u200f]*", text):
            numbers = re.findall(r"(?<![\w.,/;:²-])\d[\d,./]*", latin)
            assert all(DATED.fullmatch(number.strip(",.")) or number.startswith("4.0") for number in numbers), place
        assert ">" not in text and "<" not in text.replace("(<)", ""), f"{place}: the sign is mirrored, say it in words"


def test_texts_name_the_parameters_in_force() -> None:
    """A number written in a text and kept in a parameter says the same in both places."""
    values = {
        entry["valueExpression"]["name"]: entry["valueExpression"]["expression"]
        for plan in PLANS
        for entry in plan.get("extension", ())
        if "valueExpression" in entry
    }
    texts = {one["id"]: one["title"] + one.get("description", "") for plan in PLANS for one in actions(plan)}
    assert f"{values['urgentSbp']}/{values['urgentDbp']}" in texts["urgent-very-high"]
    weeks, word = values["reviewInterval"].split()
    assert word == "weeks" and all(f"{weeks} semaines" in texts[f"step-{step}"] for step in range(1, 7))
    assert "12 mois" in texts["not-urgent"]


def test_the_right_answers_of_a_quiz_are_what_the_protocol_says() -> None:
    """Each version's quiz asks what its own rules decide; exactly one answer is right."""
    values = {
        entry["valueExpression"]["name"]: entry["valueExpression"]["expression"]
        for plan in PLANS
        for entry in plan.get("extension", ())
        if "valueExpression" in entry
    }
    asked = {one["id"]: quiz.questions(one, "fr") for one in ARTEFACTS.values() if quiz.is_quiz(one)}
    assert set(asked) == {"hypertension-quiz-1.0.0", "diabetes-quiz-1.0.0"}
    for questions in asked.values():
        assert len(questions) == 4
        assert all(sum(option.right for option in one.options) == 1 for one in questions)
    right = {(name.split("-")[0], one.link): one.right for name, held in asked.items() for one in held}
    titles = {(plan["id"].split("-")[0], one["id"]): one["title"] for plan in PLANS for one in actions(plan)}
    texts = {
        (plan["id"].split("-")[0], one["id"]): one.get("description", "") for plan in PLANS for one in actions(plan)
    }
    assert right["hypertension", "urgent"] == f"{values['urgentSbp']}/{values['urgentDbp']} mmHg"
    assert right["hypertension", "review"].split()[0] == values["reviewInterval"].split()[0]
    assert titles["hypertension", "step-1"].split(" : ")[1] in right["hypertension", "first-step"].lower()
    assert "aider à le prendre" in titles["hypertension", "adherence-first"]
    assert "garder la même étape" in right["hypertension", "badly-taken"]
    assert right["diabetes", "target"].split(" ou")[0] in texts["diabetes", "at-target"]
    assert titles["diabetes", "step-1"].split(" : ")[1] in right["diabetes", "first-step"].lower()
    assert f"au-dessous de {right['diabetes', 'kidney'].split()[0]}" in texts["diabetes", "stop-metformin"]
    assert values["yearly"] == "12 months" and right["diabetes", "feet"] == texts["diabetes", "foot-due"].rstrip(".")
