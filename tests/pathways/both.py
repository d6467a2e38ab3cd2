"""A patient who follows two pathways, in the words of the clinic: one form, one next step, one next visit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.config import CANONICAL_BASE
from app.fhir.resource import Resource, reference
from pathways import enrolment
from pathways.decision import Decision, decide
from pathways.enrolment import Enrolment
from pathways.facts import Facts
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.response import respond
from pathways.questionnaire.validate import validate
from pathways.together.extraction import extract_once
from pathways.together.forms import Together, merged, split
from pathways.together.standings import Standings, evaluate_all
from pathways.visit import Visit, of_encounter, record_visit
from tests.pathways.clinic import Clinic, enrolled, measured, sign

DIABETES = f"{CANONICAL_BASE}/PlanDefinition/diabetes-pathway"
E11 = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}


def diabetic_answers(systolic: int, diastolic: int, **more: list[Any]) -> dict[str, list[Any]]:
    """The answers of a consultation in which both forms are filled in at once."""
    return measured(systolic, diastolic) | {"diabetes-symptoms": [sign("no-diabetes-symptom")]} | more


def follows_both(clinic: Clinic, *, known: bool = True) -> tuple[Enrolment, Enrolment]:
    """Enrolled in hypertension, then in diabetes; ``known``: type 2 diabetes stands on record."""
    held = enrolled(clinic)
    with clinic.open(clinic.nurse) as repo:
        if known:
            repo.create(a_condition(held.patient, E11))
        return held, enrolment.enrol(repo, DIABETES, held.patient, form_key="enrol-diabetes")


def a_condition(patient: str, code: Resource) -> Resource:
    status = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    verified = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": status, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": verified, "code": "confirmed"}]},
        "code": {"coding": [code]},
        "subject": {"reference": patient},
    }


def an_order(patient: str, code: str, name: str, amount: str, since: str) -> Resource:
    """A prescription of one tablet a day, written elsewhere."""
    milligrams = {"value": Decimal(amount), "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    daily = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": code}], "text": name},
        "subject": {"reference": patient},
        "authoredOn": since,
        "dosageInstruction": [{"timing": daily, "doseAndRate": [{"doseQuantity": milligrams}]}],
    }


def value_sets(repo: Any) -> Any:
    from app.terminology import Terminology

    terminology = Terminology(repo, "fr")

    def listed(url: str) -> list[tuple[str, str, str]]:
        found = terminology.expand(url, display_language="fr").concepts
        return [(concept.system, concept.code, display or concept.code) for concept, display in found]

    return listed


def form_of(repo: Any, held: Sequence[Enrolment]) -> Together:
    standings = evaluate_all(repo, held, language="fr")
    return merged([repo.canonical(one) for one in standings.questionnaires])


def seen_for_all(clinic: Clinic, held: Sequence[Enrolment], key: str, answers: dict[str, Any]) -> Visit:
    """A visit recorded with the one form of all stages; every stored response is valid by itself."""
    with clinic.open(clinic.physician) as repo:
        record = repo.record_of(held[0].patient.split("/")[1])
        together = form_of(repo, held)
        lookup = value_sets(repo)
        patient = next(one for one in record if one["resourceType"] == "Patient")
        context = FormContext(
            repo.now, "fr", patient, value_sets=together.value_sets(lookup), query=Facts(record, repo.now).query
        )
        response = respond(together.form, answers, context, form_key=key)
        parts = split(together, response, lookup)
        for form, part in zip(together.sources, parts, strict=True):
            assert not validate(form, part, context), (form["url"], validate(form, part, context))
        return record_visit(
            repo, held, parts, lambda stored, _: extract_once(together, response, stored, context), form_key=key
        )


def standings_of(clinic: Clinic, held: Sequence[Enrolment], visit: Visit | None = None) -> Standings:
    with clinic.open(clinic.physician) as repo:
        here = reference(visit.encounter) if visit else None
        return evaluate_all(repo, held, language="fr", encounter=here)


def decided_for_all(clinic: Clinic, visit: Visit, standings: Standings, key: str, **more: Any) -> Decision:
    with clinic.open(clinic.physician) as repo:
        held = of_encounter(repo, repo.read(reference(visit.encounter)))
        return decide(repo, held, standings, form_key=key, seen=standings.fingerprint, **more)
